//! `GET /destinations/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::destination as api;
use domain::destination::Destination;
use domain::id::{DestinationId, PortalId};

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// A destination of the caller's portal. Not in the published API.
#[utoipa::path(
    get, path = "/destinations/{id}", operation_id = "show_destination", tag = "Destinations",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = api::Destination), (status = 404, description = "There is no such destination."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Id(id): Id<DestinationId>,
) -> Result<Json<api::Destination>, Refusal> {
    Ok(Json(wire::destination(find(&gateway, caller.portal_id, id).await?)))
}

/// A destination of the portal, or 404.
pub(super) async fn find(gateway: &Gateway, portal_id: PortalId, id: DestinationId) -> Result<Destination, Refusal> {
    let found = gateway.store.find_destination(portal_id, id).await?;
    found.ok_or_else(|| Refusal::not_found(format_args!("destination {id}")))
}
