//! `GET /webhooks`

use axum::Json;
use axum::extract::State;
use contract::api::page::Page;
use contract::api::webhook::Webhook;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// The webhooks of the caller's portal, oldest first, all on one page.
#[utoipa::path(
    get, path = "/webhooks", operation_id = "list_webhooks", tag = "Webhooks",
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = Page<Webhook>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
) -> Result<Json<Page<Webhook>>, Refusal> {
    let webhooks = gateway.store.list_webhooks(caller.portal_id).await?;
    let hits: Vec<_> = webhooks.into_iter().map(wire::webhook).collect();
    Ok(Json(Page { total: hits.len() as u64, hits }))
}
