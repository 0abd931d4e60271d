//! `GET /replays/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::delivery as api;
use domain::id::ReplayId;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// A replay, as far as it has come. Not in the published API.
#[utoipa::path(
    get, path = "/replays/{id}", operation_id = "show_replay", tag = "Deliveries",
    params(("id" = String, Path, description = "12 letters and digits.")),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = api::Replay), (status = 404, description = "There is no such replay."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Id(id): Id<ReplayId>,
) -> Result<Json<api::Replay>, Refusal> {
    let found = gateway.store.find_replay(caller.portal_id, &id).await?;
    let replay = found.ok_or_else(|| Refusal::not_found(format_args!("replay {id}")))?;
    Ok(Json(wire::replay(replay, gateway.store.find_events_from().await?)))
}
