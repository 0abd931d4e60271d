//! `GET /v2/users`

use axum::Json;
use axum::extract::State;
use contract::api::page::Page;
use contract::api::v2::User;
use serde::Deserialize;
use store::user_account::UserAccountFilter;
use utoipa::IntoParams;

use super::written;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::UserRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;
use crate::user_account::parse;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 100, depth_max: u32::MAX };

/// Which users are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsers {
    /// This address, whatever its case.
    email: Option<String>,
    /// This given name, whatever its case.
    first_name: Option<String>,
    /// This family name, whatever its case.
    last_name: Option<String>,
    /// Names of roles, of which one is enough.
    roles: Option<Vec<String>>,
    /// At most so many: 0 to 100, 20 when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many.
    #[param(format = Int64, maximum = 4_294_967_295_u32)]
    offset: Option<u32>,
}

/// The users of the caller's portal, oldest first.
#[utoipa::path(
    get, path = "/v2/users", operation_id = "v2_list_users", tag = "V2",
    params(ListUsers),
    security(("oauth2" = ["user.read"])),
    responses((status = 200, body = Page<User>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<UserRead>,
    Query(query): Query<ListUsers>,
) -> Result<Json<Page<User>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let mut roles = query.roles.map(|roles| parse::roles(&roles)).transpose()?;
    if let Some(roles) = &mut roles {
        // There are few, however often they are named.
        roles.sort();
        roles.dedup();
    }
    let filter =
        UserAccountFilter { email: query.email, given_name: query.first_name, family_name: query.last_name, roles };
    let listed = gateway.store.list_user_accounts(caller.portal_id, &filter, asked).await?;
    Ok(Json(page::written(listed, written)))
}
