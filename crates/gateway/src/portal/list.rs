//! `GET /portals`

use axum::Json;
use axum::extract::State;
use contract::api::page::Page;
use contract::api::portal::Portal;
use domain::id::PortalId;
use serde::Deserialize;
use store::page::Listed;
use store::portal::PortalFilter;
use utoipa::IntoParams;

use super::{access, wire};
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::PortalRead;
use crate::extract::text::Text;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 100, depth_max: u32::MAX };

/// Which portals are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPortals {
    /// This text somewhere in the name or the domain.
    keyword: Option<String>,
    /// One of these.
    #[param(value_type = Option<Vec<String>>)]
    id: Option<Vec<Text<PortalId>>>,
    /// At most so many: 0 to 100, 20 when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
    /// `created_time`, the only one there is.
    #[param(pattern = "^(created_time)?$")]
    sort: Option<String>,
    /// `asc` or `desc`, the latter when absent.
    #[param(pattern = "^(asc|desc)?$")]
    order: Option<String>,
}

/// The customers of the caller's portal.
#[utoipa::path(
    get, path = "/portals", operation_id = "list_portals", tag = "Portals",
    params(ListPortals),
    security(("oauth2" = ["portal.read"])),
    responses((status = 200, body = Page<Portal>), (status = 403, description = "The caller's portal is no partner."))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<PortalRead>,
    Query(query): Query<ListPortals>,
) -> Result<Json<Page<Portal>>, Refusal> {
    if query.sort.as_deref().is_some_and(|sort| sort != "created_time") {
        return Err(Refusal::field("sort", "sort must be created_time"));
    }
    let asked = LIMITS.page(query.limit, query.offset)?;
    let filter = PortalFilter {
        ids: query.id.map(|ids| ids.into_iter().map(|Text(id)| id).collect()),
        keyword: query.keyword,
        order: page::order(query.order.as_deref())?,
    };
    let partner = access::find_own_partner(&gateway, &caller).await?;
    let listed: Listed<_> = gateway.store.list_customers(partner.id, &filter, asked).await?;
    Ok(Json(page::written(listed, |portal| wire::portal(portal, None))))
}
