//! `PATCH /enrollments/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::enrollment::{self as api, UpdateEnrollment};
use contract::time::Seconds;
use domain::enrollment::{EnrollmentPatch, ProgressReport};
use domain::id::{EnrollmentId, PortalId};

use super::{audience, parse, show, wire};
use crate::again;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::json::JsonBody;
use crate::extract::scope::EnrollmentWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Changes an enrollment. What is absent stays. Becoming `completed` rings; being completed again does not.
#[utoipa::path(
    patch, path = "/enrollments/{id}", operation_id = "update_enrollment", tag = "Enrollments",
    params(("id" = String, Path, description = "A decimal number.")),
    request_body = UpdateEnrollment,
    security(("oauth2" = ["enrollment.write"])),
    responses((status = 200, body = api::Enrollment), (status = 404, description = "There is no such enrollment."))
)]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentWrite>,
    Id(id): Id<EnrollmentId>,
    JsonBody(asked): JsonBody<UpdateEnrollment>,
) -> Result<Json<api::Enrollment>, Refusal> {
    let patch = patch(&gateway, caller.portal_id, asked).await?;
    let updated = again::on_conflict(|| async {
        let enrollment = show::find(&gateway, caller.portal_id, id).await?;
        let tells = audience::tells_of_children(&gateway, caller.portal_id, enrollment.parent_id).await?;
        let now = gateway.now();
        let change = audience::tell(&gateway, tells, |audience| enrollment.update(patch.clone(), now, audience))?;
        let updated = change.after.clone();
        gateway.store.save_enrollments(vec![change]).await?;
        Ok(updated)
    })
    .await?;
    Ok(Json(wire::enrollment(updated)))
}

async fn patch(gateway: &Gateway, portal_id: PortalId, asked: UpdateEnrollment) -> Result<EnrollmentPatch, Refusal> {
    Ok(EnrollmentPatch {
        enrollment_type: asked.enrollment_type.as_deref().map(parse::enrollment_type).transpose()?,
        assigner_id: match &asked.assigner_account_id {
            Some(id) => Some(parse::account(gateway, portal_id, "assigner_account_id", id).await?),
            None => None,
        },
        assigned_at: asked.assign_date.map(|Seconds(at)| at),
        due_at: asked.due_date.map(|due| due.map(|Seconds(at)| at)),
        report: ProgressReport {
            status: asked.status.as_deref().map(parse::status).transpose()?,
            result: asked.result,
            pass: asked.pass,
            started_at: asked.start_date.map(|Seconds(at)| at),
            completed_at: asked.end_date.map(|Seconds(at)| at),
        },
    })
}
