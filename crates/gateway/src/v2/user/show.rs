//! `GET /v2/users/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::v2::User;
use domain::id::UserAccountId;

use super::written;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::UserRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::user_account::show::find;

/// One user of the caller's portal.
#[utoipa::path(
    get, path = "/v2/users/{id}", operation_id = "v2_show_user", tag = "V2",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["user.read"])),
    responses((status = 200, body = User), (status = 404, description = "There is no such user."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<UserRead>,
    Id(id): Id<UserAccountId>,
) -> Result<Json<User>, Refusal> {
    Ok(Json(written(find(&gateway, caller.portal_id, id).await?)))
}
