//! `POST /enrollments`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::enrollment::{self as api, CreateEnrollment};
use contract::time::Seconds;
use domain::change::Change;
use domain::enrollment::{Enrollment, EnrollmentType, NewEnrollment, ProgressReport};
use domain::id::{EnrollmentId, LearningObjectId, PortalId};
use serde::Deserialize;
use store::id::Sequence;
use utoipa::IntoParams;

use super::{audience, parse, wire};
use crate::again;
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::query::Query;
use crate::extract::scope::EnrollmentWrite;
use crate::gateway::Gateway;
use crate::idempotency;
use crate::learning_object::find;
use crate::refusal::Refusal;

/// Whether it may be the learner's second time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateEnrollmentAgain {
    /// Archives the enrollment that there is and makes a new one. Also spelled `re_enroll`.
    #[serde(rename = "re-enroll", alias = "re_enroll")]
    #[param(rename = "re-enroll")]
    re_enroll: Option<bool>,
}

/// Enrolls a learner. One who completed the content already is told of as created and as completed.
#[utoipa::path(
    post, path = "/enrollments", operation_id = "create_enrollment", tag = "Enrollments",
    params(CreateEnrollmentAgain),
    request_body = CreateEnrollment,
    security(("oauth2" = ["enrollment.write"])),
    responses(
        (status = 201, body = api::Enrollment),
        (status = 409, description = "`enrollment_exists`: the learner is enrolled in this content already."),
    )
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentWrite>,
    Query(query): Query<CreateEnrollmentAgain>,
    JsonBody(asked): JsonBody<CreateEnrollment>,
) -> Result<(StatusCode, Json<api::Enrollment>), Refusal> {
    let new = new(&gateway, caller.portal_id, asked).await?;
    let tells = audience::tells_of_children(&gateway, caller.portal_id, new.parent_id).await?;
    let created = again::on_conflict(|| async {
        let archived = archived(&gateway, &new, query.re_enroll.unwrap_or(false)).await?;
        let now = gateway.now();
        let created = audience::tell(&gateway, tells, |audience| Enrollment::create(new.clone(), now, audience))?;
        let written = wire::enrollment(created.after.clone());
        idempotency::foretell(StatusCode::CREATED, &written);
        crash::point!("api/enrollment-before-save");
        gateway.store.save_enrollments(archived.into_iter().chain([created]).collect()).await?;
        crash::point!("api/enrollment-saved");
        Ok(written)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// What is asked for, with everything that it names found in the caller's portal.
async fn new(gateway: &Gateway, portal_id: PortalId, asked: CreateEnrollment) -> Result<NewEnrollment, Refusal> {
    let required = |field: Option<String>, name| field.ok_or_else(|| Refusal::required(name));
    let learner = required(asked.user_account_id, "user_account_id")?;
    let content = required(asked.lo_id, "lo_id")?;
    let kind = required(asked.enrollment_type, "enrollment_type")?;
    let status = required(asked.status, "status")?;
    // The enrollment in a part has no type of its own, and is written with an empty one.
    let enrollment_type = match asked.parent_enrollment_id {
        Some(_) if kind.is_empty() => EnrollmentType::SelfDirected,
        _ => parse::enrollment_type(&kind)?,
    };
    let report = ProgressReport {
        status: Some(parse::status(&status)?),
        result: asked.result,
        pass: asked.pass,
        started_at: asked.start_date.map(|Seconds(at)| at),
        completed_at: asked.end_date.map(|Seconds(at)| at),
    };
    let user_account_id = parse::account(gateway, portal_id, "user_account_id", &learner).await?;
    Ok(NewEnrollment {
        portal_id,
        user_account_id,
        lo_id: admitting(gateway, portal_id, &content).await?,
        parent_id: match &asked.parent_enrollment_id {
            Some(id) => Some(parse::parent(gateway, portal_id, user_account_id, id).await?),
            None => None,
        },
        destination_id: None,
        enrollment_type,
        assigner_id: match &asked.assigner_account_id {
            Some(id) => Some(parse::account(gateway, portal_id, "assigner_account_id", id).await?),
            None => None,
        },
        assigned_at: asked.assign_date.map(|Seconds(at)| at),
        due_at: asked.due_date.map(|Seconds(at)| at),
        report,
        id: EnrollmentId(gateway.store.next_id(Sequence::Enrollment).await?),
    })
}

/// Content of the portal in which somebody new can be enrolled.
async fn admitting(gateway: &Gateway, portal_id: PortalId, id: &str) -> Result<LearningObjectId, Refusal> {
    let found = find::found(gateway, portal_id, find::reference(id)).await?;
    let content = found.ok_or_else(|| {
        Refusal::field("lo_id", format_args!("lo_id: there is no learning object {id:?} in the library of this portal"))
    })?;
    let now = gateway.now();
    if content.admits_enrollments(now) {
        return Ok(content.id);
    }
    let state = content.state_at(now).as_str();
    Err(Refusal::field("lo_id", format_args!("lo_id: learning object {id} is {state}: nobody new can be enrolled")))
}

/// The enrollment whose place the new one takes, if there is one and it may.
async fn archived(
    gateway: &Gateway,
    new: &NewEnrollment,
    re_enroll: bool,
) -> Result<Option<Change<Enrollment>>, Refusal> {
    let NewEnrollment { portal_id, user_account_id, lo_id, parent_id, destination_id, .. } = *new;
    let live = gateway.store.find_live_enrollment(portal_id, user_account_id, lo_id, parent_id, destination_id).await?;
    match live {
        None => Ok(None),
        Some(live) if re_enroll => Ok(Some(live.archive(gateway.now()))),
        Some(live) => {
            let message = format!(
                "the learner is enrolled already, see enrollment {}; re_enroll=true archives it and makes a new one",
                live.id
            );
            Err(Refusal::new(StatusCode::CONFLICT, "enrollment_exists", message))
        }
    }
}
