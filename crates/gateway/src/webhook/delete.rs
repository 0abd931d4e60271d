//! `DELETE /webhooks/{id}`

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::{Action, Noted};
use domain::id::WebhookId;

use super::show;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{again, audit};

/// Deletes a webhook: nothing is sent to it any more, and its secrets are gone. Not in the published API (decision 20).
#[utoipa::path(
    delete, path = "/webhooks/{id}", operation_id = "delete_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "12 letters and digits.")),
    security(("oauth2" = ["webhook.write"])),
    responses((status = 204, description = "It is deleted."), (status = 404, description = "There is no such webhook."))
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookWrite>,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, Refusal> {
    again::on_conflict(|| async {
        let webhook = show::find(&gateway, caller.portal_id, &id).await?;
        let now = gateway.now();
        let change = webhook.clone().delete(caller.user_account_id, now);
        let noted = Noted::changed(Action::WebhookDelete, &webhook, &change.after, now);
        let saved = gateway.store.save_webhook(change, gateway.settings.webhooks_per_portal_max);
        audit::by(&caller, noted, saved).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
