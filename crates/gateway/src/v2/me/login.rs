//! `POST /v2/me/login`

use axum::Json;
use axum::extract::State;
use contract::api::login::Login;

use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::UserLogin;
use crate::gateway::Gateway;
use crate::login::{self, LoginQuery};
use crate::refusal::Refusal;

/// Makes a link that signs the user in that the caller acts as, once, and leads to content. `redirect_url` is needed.
#[utoipa::path(
    post, path = "/v2/me/login", operation_id = "v2_login_me", tag = "V2",
    params(("redirect_url" = String, Query, description = "`/play/` and the id of a learning object.")),
    security(("oauth2" = ["user.login"])),
    responses((status = 200, body = Login), (status = 403, description = "The user is blocked."))
)]
pub(crate) async fn login(
    State(gateway): State<Gateway>,
    caller: Caller<UserLogin>,
    Query(query): Query<LoginQuery>,
) -> Result<Json<Login>, Refusal> {
    Ok(Json(login::make(&gateway, &caller, caller.user_account_id, query.required()?).await?))
}
