//! `DELETE /webhooks/{id}`

use axum::extract::State;
use axum::http::StatusCode;
use domain::id::WebhookId;

use super::show;
use crate::again;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

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
        let change = webhook.delete(caller.user_account_id, gateway.now());
        gateway.store.save_webhook(change, gateway.settings.webhooks_per_portal_max).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
