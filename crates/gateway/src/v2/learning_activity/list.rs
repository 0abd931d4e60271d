//! `GET /v2/learning-activity`

use axum::Json;
use axum::extract::State;
use contract::api::learning_activity::LearningActivity;
use contract::api::page::Page;
use domain::id::EnrollmentId;
use domain::learning_activity::LearningActivity as Activity;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::EnrollmentRead;
use crate::extract::text::Text;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;
use crate::v2::enrollment::permission;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 50, depth_max: u32::MAX };

/// Which activities are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLearningActivities {
    /// Those of this enrollment. Required.
    #[serde(rename = "enrollment-id", alias = "enrolment-id", alias = "enrollment_id")]
    #[param(rename = "enrollment-id", value_type = String, min_length = 1, required = true)]
    enrollment_id: Option<Text<EnrollmentId>>,
    /// At most so many: 0 to 50, 20 when absent.
    #[param(maximum = 50)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
}

/// The learning activities of an enrollment, one for each launch, the latest first. They come of content that is used through SCORM
/// packages: what is played by a link has none. `payload` holds what the LMS passed, and whoever can open a package can claim to
/// be any learner: believe it as far as you believe your learners.
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
    let page = LIMITS.page(query.limit, query.offset)?;
    permission::find_readable(&gateway, &caller, id).await?;
    let listed = gateway.store.list_learning_activities(caller.portal_id, id, page).await?;
    Ok(Json(page::written(listed, written)))
}

fn written(activity: Activity) -> LearningActivity {
    LearningActivity {
        id: activity.id.to_string(),
        enrollment_id: activity.enrollment_id.to_string(),
        lo_id: activity.lo_id.to_string(),
        portal_id: activity.portal_id.to_string(),
        user_id: activity.user_account_id.to_string(),
        created_time: activity.created_at.into(),
        updated_time: activity.updated_at.into(),
        scorm_version: activity.scorm_version.as_str().to_owned(),
        payload: activity.values,
    }
}
