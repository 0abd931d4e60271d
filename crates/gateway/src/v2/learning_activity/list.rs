//! `GET /v2/learning-activity`

use axum::Json;
use axum::extract::State;
use contract::api::learning_activity::LearningActivity;
use contract::api::page::Page;
use domain::id::EnrollmentId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::EnrollmentRead;
use crate::extract::text::Text;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::v2::enrollment::permission;

/// Which activities are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLearningActivities {
    /// Those of this enrollment. Required.
    #[serde(rename = "enrollment-id", alias = "enrolment-id", alias = "enrollment_id")]
    #[param(rename = "enrollment-id", value_type = String, min_length = 1, required = true)]
    enrollment_id: Option<Text<EnrollmentId>>,
}

/// The learning activities of an enrollment. They come of content that is used through SCORM packages, of which this
/// platform makes none yet, so an enrollment that the caller may read has none.
#[utoipa::path(
    get, path = "/v2/learning-activity", operation_id = "v2_list_learning_activities", tag = "V2",
    params(ListLearningActivities),
    security(("oauth2" = ["enrollment.read"])),
    responses(
        (status = 200, body = Page<LearningActivity>),
        (status = 403, description = "It is a customer's: use the credentials of that customer's portal."),
        (status = 404, description = "There is no such enrollment."),
    )
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentRead>,
    Query(query): Query<ListLearningActivities>,
) -> Result<Json<Page<LearningActivity>>, Refusal> {
    let Text(id) = query.enrollment_id.ok_or_else(|| Refusal::required("enrollment-id"))?;
    permission::find_readable(&gateway, &caller, id).await?;
    Ok(Json(Page { total: 0, hits: Vec::new() }))
}
