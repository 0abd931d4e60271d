//! `GET /client`

use axum::Json;
use axum::extract::State;
use contract::api::oauth::OauthClient;
use contract::api::page::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::AppRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::portal::access;
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 10, limit_max: 50, depth_max: u32::MAX };

/// Which clients are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOauthClients {
    /// At most so many: 0 to 50, 10 when absent.
    #[param(maximum = 50)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
}

/// The OAuth clients of the caller's portal, oldest first, without their secrets.
#[utoipa::path(
    get, path = "/client", operation_id = "list_oauth_clients", tag = "OAuth",
    params(ListOauthClients),
    security(("oauth2" = ["app.read"])),
    responses((status = 200, body = Page<OauthClient>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<AppRead>,
    Query(query): Query<ListOauthClients>,
) -> Result<Json<Page<OauthClient>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let portal = access::find_own(&gateway, &caller).await?;
    let clients = gateway.store.list_oauth_clients(portal.id).await?;
    Ok(Json(page::written(page::cut(clients, asked), |client| wire::client(client, &portal, None))))
}
