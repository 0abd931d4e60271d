//! `GET /v2/enrollments/{id}`, and the same under `/v2/enrolments/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::v2::Enrollment;
use domain::id::EnrollmentId;

use super::{permission, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::EnrollmentRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// One enrollment of the caller's portal: what an integrator fetches after a webhook.
#[utoipa::path(
    get, path = "/v2/enrollments/{id}", operation_id = "v2_show_enrollment", tag = "V2",
    params(("id" = String, Path, description = "A decimal number: data.id of the event.")),
    security(("oauth2" = ["enrollment.read"])),
    responses(
        (status = 200, body = Enrollment),
        (status = 403, description = "It is a customer's: use the credentials of that customer's portal."),
        (status = 404, description = "There is no such enrollment."),
    )
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentRead>,
    Id(id): Id<EnrollmentId>,
) -> Result<Json<Enrollment>, Refusal> {
    let enrollment = permission::find_readable(&gateway, &caller, id).await?;
    let mut written = wire::enrollments(&gateway, caller.portal_id, vec![enrollment]).await?;
    Ok(Json(written.remove(0)))
}
