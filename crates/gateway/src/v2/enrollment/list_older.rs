//! `GET /v2/enrolments`

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use contract::api::v2::Enrollment;

use super::list::{ListV2Enrollments, page};
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::EnrollmentRead;
use crate::gateway::Gateway;
use crate::page::PageLimits;
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 10, limit_max: 100, depth_max: u32::MAX };
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// The same as `/v2/enrollments` as it was before: a bare array, the total in `X-Total-Count`, 10 on a page unless said
/// otherwise.
#[utoipa::path(
    get, path = "/v2/enrolments", operation_id = "v2_list_enrolments", tag = "V2",
    params(ListV2Enrollments),
    security(("oauth2" = ["enrollment.read"])),
    responses((status = 200, body = Vec<Enrollment>, headers(("X-Total-Count" = u64, description = "How many match."))))
)]
pub(crate) async fn list_older(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentRead>,
    Query(query): Query<ListV2Enrollments>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Vec<Enrollment>>), Refusal> {
    let page = page(&gateway, caller.portal_id, query, LIMITS).await?;
    Ok(([(TOTAL, HeaderValue::from(page.total))], Json(page.hits)))
}
