//! `GET /user-accounts/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::user_account as api;
use domain::id::{PortalId, UserAccountId};
use domain::user_account::UserAccount;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::UserRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// One account of the caller's portal.
#[utoipa::path(
    get, path = "/user-accounts/{id}", operation_id = "show_user_account", tag = "User accounts",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["user.read"])),
    responses((status = 200, body = api::UserAccount), (status = 404, description = "There is no such account."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<UserRead>,
    Id(id): Id<UserAccountId>,
) -> Result<Json<api::UserAccount>, Refusal> {
    Ok(Json(wire::account(find(&gateway, caller.portal_id, id).await?)))
}

/// An account of the portal, or 404.
pub(crate) async fn find(gateway: &Gateway, portal_id: PortalId, id: UserAccountId) -> Result<UserAccount, Refusal> {
    let found = gateway.store.find_user_account(portal_id, id).await?;
    found.ok_or_else(|| Refusal::not_found(format_args!("user account {id}")))
}
