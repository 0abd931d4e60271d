//! `GET /v2/account`

use axum::Json;
use axum::extract::State;
use contract::api::v2::Account;

use crate::extract::caller::Caller;
use crate::extract::scope::AccountRead;
use crate::gateway::Gateway;
use crate::portal::access;
use crate::refusal::Refusal;
use crate::v2::number;

/// The caller's portal.
#[utoipa::path(
    get, path = "/v2/account", operation_id = "v2_show_account", tag = "V2",
    security(("oauth2" = ["account.read"])),
    responses((status = 200, body = Account))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<AccountRead>,
) -> Result<Json<Account>, Refusal> {
    let portal = access::find_own(&gateway, &caller).await?;
    Ok(Json(Account { id: number(portal.id.0), url: portal.domain.as_str().to_owned() }))
}
