//! `GET /destinations`

use axum::Json;
use axum::extract::State;
use contract::api::destination as api;
use contract::api::page::Page;
use domain::destination::PER_PORTAL_MAX;
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits =
    PageLimits { limit_default: PER_PORTAL_MAX as u32, limit_max: PER_PORTAL_MAX as u32, depth_max: u32::MAX };

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDestinations {
    /// At most so many: 0 to 100, all when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
}

/// The destinations of the caller's portal, oldest first, revoked ones among them. Not in the published API.
#[utoipa::path(
    get, path = "/destinations", operation_id = "list_destinations", tag = "Destinations",
    params(ListDestinations),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = Page<api::Destination>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Query(query): Query<ListDestinations>,
) -> Result<Json<Page<api::Destination>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let listed = gateway.store.list_destinations(caller.portal_id, asked).await?;
    Ok(Json(page::written(listed, wire::destination)))
}
