//! `GET /learning-objects/{id}/alternatives`

use axum::Json;
use axum::extract::State;
use contract::api::learning_object::AlternativePage;
use domain::learning_object::{LifecycleState, alternative};
use serde::Deserialize;
use store::learning_object::LearningObjectFilter;
use store::page::{Listed, PageRequest};
use utoipa::IntoParams;

use super::find;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::page::{PageLimits, cut};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 10, limit_max: 100, depth_max: u32::MAX };

/// Which alternatives are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAlternatives {
    /// `retirement`, also when absent.
    #[serde(rename = "type")]
    #[param(rename = "type", pattern = "^(retirement)?$")]
    kind: Option<String>,
    /// At most so many: 0 to 100; 10 when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
}

/// What may take the place of content, the best first: what its owner named, then what in the library of the caller's portal is
/// most like it. Everything can be played now, and nothing is flagged for removal itself.
#[utoipa::path(
    get, path = "/learning-objects/{id}/alternatives", operation_id = "list_alternatives", tag = "Learning objects",
    params(("id" = String, Path, description = "A decimal number, or con_ and a ULID."), ListAlternatives),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = AlternativePage), (status = 404, description = "There is no such content."))
)]
pub(crate) async fn alternatives(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Id(id): Id<String>,
    Query(query): Query<ListAlternatives>,
) -> Result<Json<AlternativePage>, Refusal> {
    if let Some(other) = query.kind.as_deref().filter(|kind| *kind != "retirement") {
        return Err(Refusal::field("type", format_args!("type must be retirement or absent, not {other:?}")));
    }
    let asked = LIMITS.page(query.limit, query.offset)?;
    let content = find::find(&gateway, caller.portal_id, &id).await?;
    let now = gateway.now();
    let states = Some((vec![LifecycleState::Published], now));
    let filter = LearningObjectFilter { states, order: store::page::Order::Descending, ..Default::default() };
    let page = PageRequest { limit: alternative::CANDIDATES_MAX, offset: 0 };
    let candidates = gateway.store.list_learning_objects(caller.portal_id, &filter, page).await?;
    let Listed { total, items } = cut(alternative::rank(&content, &candidates.items, now), asked);
    Ok(Json(AlternativePage { total, hits: items.into_iter().map(|id| id.0).collect() }))
}
