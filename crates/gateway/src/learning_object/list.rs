//! `GET /learning-objects`

use axum::Json;
use axum::extract::State;
use contract::api::learning_object as api;
use domain::id::{LearningObjectId, PortalId};
use domain::learning_object::{LearningObject, LifecycleState};
use serde::{Deserialize, Serialize};
use store::learning_object::{LearningObjectFilter, LearningObjectPlace, LearningObjectSort};
use store::page::{Listed, Order};
use utoipa::IntoParams;

use super::{find, scroll, wire};
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 50, depth_max: 10_000 };
const SCROLL_LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: scroll::LIMIT_MAX, depth_max: u32::MAX };
/// How many ids may be asked for at once.
const IDS_MAX: usize = 50;

/// Which content is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLearningObjects {
    /// At most so many: 0 to 50, or 5,000 while scrolling; 20 when absent.
    #[param(maximum = 5_000)]
    pub(super) limit: Option<u32>,
    /// After so many; with `limit` at most 10,000, unless while scrolling.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    pub(super) offset: Option<u32>,
    /// This text somewhere in the title.
    keyword: Option<String>,
    /// One of these, by either form of id.
    id: Option<Vec<String>>,
    /// One of these kinds.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<Vec<String>>,
    /// In one of these states: `draft` and `published` may be mixed, `retired` and `removed` are asked for alone;
    /// `published` when absent.
    state: Option<Vec<String>>,
    /// `created`, `updated_time` or `title`; `created` when absent. Other published sorts are taken for `created`.
    sort: Option<String>,
    /// `asc` or `desc`, the latter when absent.
    #[param(pattern = "^(asc|desc)?$")]
    order: Option<String>,
    /// Gives a `next_scroll_id`, so that a library of any size can be read.
    use_scroll: Option<bool>,
    /// The `next_scroll_id` of the page before, good for 5 minutes; all other parameters are then those of that page.
    scroll_id: Option<String>,
}

/// The content in the library of the caller's portal.
#[utoipa::path(
    get, path = "/learning-objects", operation_id = "list_learning_objects", tag = "Learning objects",
    params(ListLearningObjects),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = api::LearningObjectPage))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Query(query): Query<ListLearningObjects>,
) -> Result<Json<api::LearningObjectPage>, Refusal> {
    let position = query.scroll_id.as_deref().map(|id| scroll::read(&gateway, caller.portal_id, id)).transpose()?;
    let (query, after, began_with) = match position {
        Some(position) => (position.query.clone(), position.after(), Some(position.total)),
        None => (query, None, None),
    };
    let (limit, sort) = (query.limit.unwrap_or(LIMITS.limit_default), query.sorted_by());
    let listed = in_library_after(&gateway, caller.portal_id, query.clone(), after).await?;
    let total = began_with.unwrap_or(listed.total);
    let is_full = listed.items.len() == limit as usize && listed.total > u64::from(limit);
    let next_scroll_id = match listed.items.last() {
        Some(last) if is_full && query.scrolls() => {
            Some(scroll::next(&gateway, caller.portal_id, query, sort.place_of(last), total))
        }
        Some(_) | None => None,
    };
    let now = gateway.now();
    let hits = listed.items.into_iter().map(|content| wire::learning_object(content, now)).collect();
    Ok(Json(api::LearningObjectPage { total, hits, next_scroll_id }))
}

impl ListLearningObjects {
    fn scrolls(&self) -> bool {
        self.use_scroll.unwrap_or(false)
    }

    fn sorted_by(&self) -> LearningObjectSort {
        match self.sort.as_deref() {
            Some("updated_time") => LearningObjectSort::Updated,
            Some("title") => LearningObjectSort::Title,
            Some(_) | None => LearningObjectSort::Created,
        }
    }
}

/// What is asked for of a portal's library.
pub(crate) async fn in_library(
    gateway: &Gateway,
    portal_id: PortalId,
    query: ListLearningObjects,
) -> Result<Listed<LearningObject>, Refusal> {
    in_library_after(gateway, portal_id, query, None).await
}

/// The same, from a place on.
async fn in_library_after(
    gateway: &Gateway,
    portal_id: PortalId,
    query: ListLearningObjects,
    after: Option<LearningObjectPlace>,
) -> Result<Listed<LearningObject>, Refusal> {
    let (scrolls, sort) = (query.scrolls(), query.sorted_by());
    let limits = if scrolls { SCROLL_LIMITS } else { LIMITS };
    let asked = limits.page(query.limit, query.offset)?;
    let filter = LearningObjectFilter {
        keyword: query.keyword,
        kinds: query.kind,
        states: Some((states(query.state)?, gateway.now())),
        sort,
        after,
        // What is added while somebody scrolls comes at the end, and moves nothing from one page to another.
        order: match query.order.as_deref() {
            None if scrolls => Order::Ascending,
            order => page::order(order)?,
        },
        ids: match query.id {
            Some(ids) => Some(numbers(gateway, portal_id, ids).await?),
            None => None,
        },
        is_flagged: None,
    };
    Ok(gateway.store.list_learning_objects(portal_id, &filter, asked).await?)
}

fn states(texts: Option<Vec<String>>) -> Result<Vec<LifecycleState>, Refusal> {
    let Some(texts) = texts else { return Ok(vec![LifecycleState::Published]) };
    let read = |text: &String| {
        let known = LifecycleState::ALL.map(LifecycleState::as_str).join(", ");
        let message = format!("state: unknown state {text:?}, known are: {known}");
        LifecycleState::read(text).ok_or_else(|| Refusal::field("state", message))
    };
    let states: Vec<_> = texts.iter().map(read).collect::<Result<_, _>>()?;
    let alone = |state: &LifecycleState| match state {
        LifecycleState::Retired | LifecycleState::Removed => true,
        LifecycleState::Draft | LifecycleState::Published => false,
    };
    if states.len() > 1 && states.iter().any(alone) {
        return Err(Refusal::field("state", "state: retired and removed must be asked for alone"));
    }
    Ok(states)
}

/// The numbers of what is named by either form of id. What is not there has none.
async fn numbers(gateway: &Gateway, portal_id: PortalId, ids: Vec<String>) -> Result<Vec<LearningObjectId>, Refusal> {
    if ids.len() > IDS_MAX {
        return Err(Refusal::field("id", format_args!("id: at most {IDS_MAX} may be asked for at once")));
    }
    let mut numbers = Vec::with_capacity(ids.len());
    for id in ids {
        match id.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => {
                let found = find::found(gateway, portal_id, find::reference(&id)).await?;
                numbers.extend(found.map(|content| content.id));
            }
        }
    }
    Ok(numbers)
}
