//! `GET /v2/user-accounts/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::user_account::UserAccount;
use domain::id::UserAccountId;

use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::UserRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::user_account::{show as v3, wire};

/// One account of the caller's portal, in the shape of V3: receivers look for `standard_fields.external_user_id` here.
#[utoipa::path(
    get, path = "/v2/user-accounts/{id}", operation_id = "v2_show_user_account", tag = "V2",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["user.read"])),
    responses((status = 200, body = UserAccount), (status = 404, description = "There is no such account."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<UserRead>,
    Id(id): Id<UserAccountId>,
) -> Result<Json<UserAccount>, Refusal> {
    Ok(Json(wire::account(v3::find(&gateway, caller.portal_id, id).await?)))
}
