//! `GET /learning-objects`

use axum::Json;
use axum::extract::State;
use contract::api::learning_object as api;
use contract::api::page::Page;
use domain::id::{LearningObjectId, PortalId};
use domain::learning_object::{LearningObject, LifecycleState};
use serde::Deserialize;
use store::learning_object::LearningObjectFilter;
use store::page::Listed;
use utoipa::IntoParams;

use super::{find, wire};
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 50, depth_max: 10_000 };
/// How many ids may be asked for at once.
const IDS_MAX: usize = 50;

/// Which content is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLearningObjects {
    /// At most so many: 0 to 50, 20 when absent.
    limit: Option<u32>,
    /// After so many; with `limit` at most 10,000.
    offset: Option<u32>,
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
    /// `asc` or `desc` by the time at which they were made, the latter when absent.
    order: Option<String>,
}

/// The content in the library of the caller's portal.
#[utoipa::path(
    get, path = "/learning-objects", operation_id = "list_learning_objects", tag = "Learning objects",
    params(ListLearningObjects),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = Page<api::LearningObject>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Query(query): Query<ListLearningObjects>,
) -> Result<Json<Page<api::LearningObject>>, Refusal> {
    let listed = in_library(&gateway, caller.portal_id, query).await?;
    Ok(Json(page::written(listed, wire::learning_object)))
}

/// What is asked for of a portal's library.
pub(crate) async fn in_library(
    gateway: &Gateway,
    portal_id: PortalId,
    query: ListLearningObjects,
) -> Result<Listed<LearningObject>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let filter = LearningObjectFilter {
        keyword: query.keyword,
        kinds: query.kind,
        states: Some(states(query.state)?),
        order: page::order(query.order.as_deref())?,
        ids: match query.id {
            Some(ids) => Some(numbers(gateway, portal_id, ids).await?),
            None => None,
        },
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
