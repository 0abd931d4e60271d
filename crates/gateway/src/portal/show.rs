//! `GET /portals/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::portal::Portal;
use domain::id::PortalId;

use super::{access, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::PortalRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// The caller's own portal, or one of its customers.
#[utoipa::path(
    get, path = "/portals/{id}", operation_id = "show_portal", tag = "Portals",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["portal.read"])),
    responses((status = 200, body = Portal), (status = 404, description = "There is no such portal."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<PortalRead>,
    Id(id): Id<PortalId>,
) -> Result<Json<Portal>, Refusal> {
    Ok(Json(wire::portal(access::find_visible(&gateway, &caller, id).await?, None)))
}
