//! `GET /events/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::event as api;
use domain::id::EventId;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// One event of the caller's portal or of a customer below it, and for every webhook of the caller's own portal whether it arrived
/// there, or why it was not told, by what was true when the event was stored. Not in the published API.
#[utoipa::path(
    get, path = "/events/{id}", operation_id = "show_event", tag = "Events",
    params(("id" = String, Path, description = "12 letters and digits.")),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = api::Event), (status = 404, description = "There is no such event, or it is not kept any more."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Id(id): Id<EventId>,
) -> Result<Json<api::Event>, Refusal> {
    let found = gateway.store.explain_event(caller.portal_id, &id).await?;
    let found = found.ok_or_else(|| Refusal::not_found(format_args!("event {id}, or it is not kept any more")))?;
    Ok(Json(wire::explained(found)))
}
