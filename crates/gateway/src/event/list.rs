//! `GET /events`

use axum::Json;
use axum::extract::State;
use contract::api::event::Event;
use contract::api::page::Page;
use contract::event_type::EventType;
use domain::id::{EnrollmentId, LearningObjectId};
use serde::Deserialize;
use store::enrollment::TimeRange;
use store::event::{COUNTED_MAX, EventFilter};
use utoipa::IntoParams;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::WebhookRead;
use crate::extract::text::Text;
use crate::extract::time::{From, To};
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 100, depth_max: COUNTED_MAX };

/// Which events are wanted. A time is an instant (`2022-03-29T01:29:36Z`) or a day.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEvents {
    /// About this enrollment.
    #[param(value_type = Option<String>)]
    enrollment_id: Option<Text<EnrollmentId>>,
    /// About this learning object, by its number.
    #[param(value_type = Option<String>)]
    lo_id: Option<Text<LearningObjectId>>,
    /// Of one of these types.
    #[param(value_type = Option<Vec<String>>)]
    event_type: Option<Vec<Text<EventType>>>,
    /// Stored then or later.
    #[param(value_type = Option<String>)]
    from: Option<From>,
    /// Stored then or earlier.
    #[param(value_type = Option<String>)]
    to: Option<To>,
    /// At most so many: 0 to 100, 20 when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many; with `limit` at most 10,000.
    #[param(maximum = 10_000)]
    offset: Option<u32>,
}

/// Events of the caller's portal and of its customers, newest first. No more than 10,000 are counted in `total`. Not in the
/// published API.
#[utoipa::path(
    get, path = "/events", operation_id = "list_events", tag = "Events",
    params(ListEvents),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = Page<Event>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Query(query): Query<ListEvents>,
) -> Result<Json<Page<Event>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let filter = filter(query)?;
    let listed = gateway.store.list_events(caller.portal_id, &filter, asked).await?;
    Ok(Json(page::written(listed, wire::event)))
}

fn filter(query: ListEvents) -> Result<EventFilter, Refusal> {
    let (enrollment, lo) = (query.enrollment_id.map(|Text(id)| id.0), query.lo_id.map(|Text(id)| id.0));
    if enrollment.is_some() && lo.is_some() {
        return Err(Refusal::field("lo_id", "lo_id and enrollment_id cannot be asked for together"));
    }
    let mut event_types = match query.event_type {
        Some(asked) => asked.into_iter().map(|Text(event_type)| event_type).collect(),
        None => EventType::ALL.to_vec(),
    };
    // Numbers of enrollments and of learning objects are counted apart, so one may be the other's.
    event_types.retain(|event_type| match (enrollment, lo) {
        (Some(_), _) => event_type.is_about_enrollment(),
        (None, Some(_)) => !event_type.is_about_enrollment(),
        (None, None) => true,
    });
    let stored = TimeRange { from: query.from.map(|From(at)| at), to: query.to.map(|To(at)| at) };
    Ok(EventFilter { subject_id: enrollment.or(lo), event_types: Some(event_types), stored })
}
