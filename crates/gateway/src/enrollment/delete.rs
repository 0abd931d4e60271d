//! `DELETE /enrollments/{id}`

use axum::extract::State;
use axum::http::StatusCode;
use domain::id::EnrollmentId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{audience, show};
use crate::again;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::query::Query;
use crate::extract::scope::EnrollmentWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// How much is to be deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteEnrollment {
    /// Takes back the assignment only, if the learner had chosen the content before it was assigned.
    retain_original: Option<bool>,
}

/// Deletes an enrollment. It is not found any more.
#[utoipa::path(
    delete, path = "/enrollments/{id}", operation_id = "delete_enrollment", tag = "Enrollments",
    params(("id" = String, Path, description = "A decimal number."), DeleteEnrollment),
    security(("oauth2" = ["enrollment.write"])),
    responses((status = 204, description = "It is deleted."), (status = 404, description = "There is no such enrollment."))
)]
pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentWrite>,
    Id(id): Id<EnrollmentId>,
    Query(query): Query<DeleteEnrollment>,
) -> Result<StatusCode, Refusal> {
    again::on_conflict(|| async {
        let enrollment = show::find(&gateway, caller.portal_id, id).await?;
        let retain = query.retain_original.unwrap_or(false);
        let tells = audience::tells_of_children(&gateway, caller.portal_id, enrollment.parent_id).await?;
        let now = gateway.now();
        let change = if retain && enrollment.was_chosen_before_it_was_assigned() {
            enrollment.unassign(now)
        } else {
            audience::tell(&gateway, tells, |audience| enrollment.delete(now, audience))
        };
        gateway.store.save_enrollments(vec![change]).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
