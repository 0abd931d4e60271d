//! `GET /user-accounts`

use axum::Json;
use axum::extract::State;
use contract::api::page::Page;
use contract::api::user_account::UserAccount;
use serde::Deserialize;
use store::user_account::UserAccountFilter;
use utoipa::IntoParams;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::UserRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 50, depth_max: u32::MAX };

/// Which accounts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUserAccounts {
    /// This address, whatever its case.
    email: Option<String>,
    /// This given name, whatever its case.
    given_name: Option<String>,
    /// This family name, whatever its case.
    family_name: Option<String>,
    /// At most so many: 0 to 50, 20 when absent.
    #[param(maximum = 50)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
}

/// The accounts of the caller's portal, oldest first.
#[utoipa::path(
    get, path = "/user-accounts", operation_id = "list_user_accounts", tag = "User accounts",
    params(ListUserAccounts),
    security(("oauth2" = ["user.read"])),
    responses((status = 200, body = Page<UserAccount>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<UserRead>,
    Query(query): Query<ListUserAccounts>,
) -> Result<Json<Page<UserAccount>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let filter = UserAccountFilter {
        email: query.email,
        given_name: query.given_name,
        family_name: query.family_name,
        roles: None,
    };
    let listed = gateway.store.list_user_accounts(caller.portal_id, &filter, asked).await?;
    Ok(Json(page::written(listed, wire::account)))
}
