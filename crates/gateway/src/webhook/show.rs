//! `GET /webhooks/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::webhook as api;
use domain::id::{PortalId, WebhookId};
use domain::webhook::Webhook;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// One webhook of the caller's portal. Not in the published API (decision 20).
#[utoipa::path(
    get, path = "/webhooks/{id}", operation_id = "show_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "12 letters and digits.")),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = api::Webhook), (status = 404, description = "There is no such webhook."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Id(id): Id<WebhookId>,
) -> Result<Json<api::Webhook>, Refusal> {
    Ok(Json(wire::webhook(find(&gateway, caller.portal_id, &id).await?)))
}

/// A webhook of the portal, or 404.
pub(super) async fn find(gateway: &Gateway, portal_id: PortalId, id: &WebhookId) -> Result<Webhook, Refusal> {
    let found = gateway.store.find_webhook(portal_id, id).await?;
    found.ok_or_else(|| Refusal::not_found(format_args!("webhook {id}")))
}
