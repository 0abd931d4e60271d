//! `GET /enrollments`

use axum::Json;
use axum::extract::State;
use contract::api::enrollment::Enrollment;
use contract::api::page::Page;
use domain::enrollment::EnrollmentType;
use domain::id::{LearningObjectId, UserAccountId};
use serde::Deserialize;
use store::enrollment::{EnrollmentFilter, EnrollmentSort, TimeRange};
use utoipa::IntoParams;

use super::{parse, wire};
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::EnrollmentRead;
use crate::extract::text::Text;
use crate::extract::time::{From, To};
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 50, depth_max: 10_000 };

/// Which enrollments are wanted. A time is an instant (`2022-03-29T01:29:36Z`) or a date.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEnrollments {
    /// At most so many: 0 to 50, 20 when absent.
    #[param(maximum = 50)]
    limit: Option<u32>,
    /// After so many; with `limit` at most 10,000.
    #[param(maximum = 10_000)]
    offset: Option<u32>,
    /// Of this learner.
    #[param(value_type = Option<String>)]
    user_account_id: Option<Text<UserAccountId>>,
    /// Assigned by this account.
    #[param(value_type = Option<String>)]
    assigner_account_id: Option<Text<UserAccountId>>,
    /// In one of these, separated by commas.
    #[param(value_type = Option<Vec<String>>)]
    lo_ids: Option<Vec<Text<LearningObjectId>>>,
    /// In one of these, separated by commas: `not-started`, `in-progress`, `completed`; or `assigned` alone.
    status: Option<Vec<String>>,
    /// `assigned` or `self-directed`.
    enrollment_type: Option<String>,
    /// Last changed then or later.
    #[param(value_type = Option<String>)]
    update_time_gte: Option<From>,
    /// Last changed then or before.
    #[param(value_type = Option<String>)]
    update_time_lte: Option<To>,
    /// Whether there is a due date.
    due_date_exists: Option<bool>,
    /// Due then or later.
    #[param(value_type = Option<String>)]
    due_date_gte: Option<From>,
    /// Due then or before.
    #[param(value_type = Option<String>)]
    due_date_lte: Option<To>,
    /// Completed then or later.
    #[param(value_type = Option<String>)]
    end_date_gte: Option<From>,
    /// Completed then or before.
    #[param(value_type = Option<String>)]
    end_date_lte: Option<To>,
    /// Assigned then or later.
    #[param(value_type = Option<String>)]
    assign_date_gte: Option<From>,
    /// Assigned then or before.
    #[param(value_type = Option<String>)]
    assign_date_lte: Option<To>,
    /// Also those whose place a later one took. Ours.
    with_archived: Option<bool>,
    /// `created_time` (when absent), `updated_time`, `due_date` or `assign_date`; ties by id.
    #[param(pattern = "^((created|updated)_time|(due|assign)_date)?$")]
    sort: Option<String>,
    /// `asc` or `desc`, the latter when absent.
    #[param(pattern = "^(asc|desc)?$")]
    order: Option<String>,
}

/// The enrollments of the caller's portal, without those in parts of a course.
///
/// To reconcile, ask for `sort=updated_time&order=asc&update_time_gte=…`. Begin the next page with the `updated_time` of the last
/// enrollment of the page before and `offset` 0, and pass over what you have seen; while a whole page lies within one second,
/// keep that second and raise `offset` by what you were given. Nothing is then left out, whatever changes meanwhile. Pages by
/// `offset` alone skip some when others change, unless they are sorted by `created_time`, as they are by default: those repeat
/// some when others are made, and leave out none.
#[utoipa::path(
    get, path = "/enrollments", operation_id = "list_enrollments", tag = "Enrollments",
    params(ListEnrollments),
    security(("oauth2" = ["enrollment.read"])),
    responses((status = 200, body = Page<Enrollment>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<EnrollmentRead>,
    Query(query): Query<ListEnrollments>,
) -> Result<Json<Page<Enrollment>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let listed = gateway.store.list_enrollments(caller.portal_id, &query.filter()?, asked).await?;
    Ok(Json(page::written(listed, wire::hit)))
}

impl ListEnrollments {
    fn filter(self) -> Result<EnrollmentFilter, Refusal> {
        let (statuses, type_of_status) = parse::statuses(self.status)?;
        let asked_type = self.enrollment_type.as_deref().map(parse::enrollment_type).transpose()?;
        Ok(EnrollmentFilter {
            user_account_id: self.user_account_id.map(|Text(id)| id),
            assigner_id: self.assigner_account_id.map(|Text(id)| id),
            lo_ids: self.lo_ids.map(|ids| ids.into_iter().map(|Text(id)| id).collect()),
            statuses,
            enrollment_type: one_type(asked_type, type_of_status)?,
            updated: range(self.update_time_gte, self.update_time_lte),
            due: range(self.due_date_gte, self.due_date_lte),
            has_due_date: self.due_date_exists,
            completed: range(self.end_date_gte, self.end_date_lte),
            assigned: range(self.assign_date_gte, self.assign_date_lte),
            with_children: false,
            with_archived: self.with_archived.unwrap_or(false),
            sort: self.sort.as_deref().map_or(Ok(EnrollmentSort::default()), sort)?,
            order: page::order(self.order.as_deref())?,
        })
    }
}

fn one_type(
    asked: Option<EnrollmentType>,
    of_status: Option<EnrollmentType>,
) -> Result<Option<EnrollmentType>, Refusal> {
    match (asked, of_status) {
        (Some(EnrollmentType::SelfDirected), Some(_)) => {
            Err(Refusal::field("status", "status: what is self-directed is not assigned"))
        }
        (asked, of_status) => Ok(asked.or(of_status)),
    }
}

fn range(from: Option<From>, to: Option<To>) -> TimeRange {
    TimeRange { from: from.map(|From(at)| at), to: to.map(|To(at)| at) }
}

fn sort(text: &str) -> Result<EnrollmentSort, Refusal> {
    match text {
        "created_time" => Ok(EnrollmentSort::Created),
        "updated_time" => Ok(EnrollmentSort::Updated),
        "due_date" => Ok(EnrollmentSort::Due),
        "assign_date" => Ok(EnrollmentSort::Assigned),
        other => {
            let message = format!("sort must be created_time, updated_time, due_date or assign_date, not {other:?}");
            Err(Refusal::field("sort", message))
        }
    }
}
