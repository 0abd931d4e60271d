//! `GET /enrollments/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::enrollment as api;
use domain::enrollment::Enrollment;
use domain::id::{EnrollmentId, PortalId};

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::EnrollmentRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// One enrollment of the caller's portal.
#[utoipa::path(
    get, path = "/enrollments/{id}", operation_id = "show_enrollment", tag = "Enrollments",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["enrollment.read"])),
    responses((status = 200, body = api::Enrollment), (status = 404, description = "There is no such enrollment."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentRead>,
    Id(id): Id<EnrollmentId>,
) -> Result<Json<api::Enrollment>, Refusal> {
    Ok(Json(wire::enrollment(find(&gateway, caller.portal_id, id).await?)))
}

/// An enrollment of the portal, or 404.
pub(crate) async fn find(gateway: &Gateway, portal_id: PortalId, id: EnrollmentId) -> Result<Enrollment, Refusal> {
    gateway.store.find_enrollment(portal_id, id).await?.ok_or_else(|| not_found(id))
}

pub(crate) fn not_found(id: EnrollmentId) -> Refusal {
    Refusal::not_found(format_args!("enrollment {id}"))
}
