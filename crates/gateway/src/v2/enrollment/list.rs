//! `GET /v2/enrollments`

use axum::Json;
use axum::extract::State;
use contract::api::page::Page;
use contract::api::v2::Enrollment;
use domain::id::{LearningObjectId, PortalId, UserAccountId};
use serde::Deserialize;
use store::enrollment::EnrollmentFilter;
use utoipa::IntoParams;

use super::wire;
use crate::enrollment::parse;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::EnrollmentRead;
use crate::extract::text::Text;
use crate::gateway::Gateway;
use crate::page::PageLimits;
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 100, depth_max: u32::MAX };

/// Which enrollments are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListV2Enrollments {
    /// In one of these; `lo_ids` will do too.
    #[param(value_type = Option<Vec<String>>)]
    #[serde(alias = "lo_ids")]
    lo_id: Option<Vec<Text<LearningObjectId>>>,
    /// Of this learner.
    #[param(value_type = Option<String>)]
    user_id: Option<Text<UserAccountId>>,
    /// In one of these: `not-started`, `in-progress`, `completed`.
    status: Option<Vec<String>>,
    /// Not those in parts of a course.
    exclude_child_enrollments: Option<bool>,
    /// At most so many: 0 to 100.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
}

/// The enrollments of the caller's portal, newest first, 20 on a page unless said otherwise.
#[utoipa::path(
    get, path = "/v2/enrollments", operation_id = "v2_list_enrollments", tag = "V2",
    params(ListV2Enrollments),
    security(("oauth2" = ["enrollment.read"])),
    responses((status = 200, body = Page<Enrollment>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentRead>,
    Query(query): Query<ListV2Enrollments>,
) -> Result<Json<Page<Enrollment>>, Refusal> {
    Ok(Json(page(&gateway, caller.portal_id, query, LIMITS).await?))
}

/// A page of what is asked for.
pub(super) async fn page(
    gateway: &Gateway,
    portal_id: PortalId,
    query: ListV2Enrollments,
    limits: PageLimits,
) -> Result<Page<Enrollment>, Refusal> {
    let asked = limits.page(query.limit, query.offset)?;
    let (statuses, enrollment_type) = parse::statuses(query.status)?;
    let filter = EnrollmentFilter {
        user_account_id: query.user_id.map(|Text(id)| id),
        lo_ids: query.lo_id.map(|ids| ids.into_iter().map(|Text(id)| id).collect()),
        statuses,
        enrollment_type,
        with_children: !query.exclude_child_enrollments.unwrap_or(false),
        ..Default::default()
    };
    let listed = gateway.store.list_enrollments(portal_id, &filter, asked).await?;
    Ok(Page { total: listed.total, hits: wire::enrollments(gateway, portal_id, listed.items).await? })
}
