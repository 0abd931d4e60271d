//! `POST /user-accounts/{id}/login`

use axum::Json;
use axum::extract::State;
use contract::api::login::Login;
use domain::id::UserAccountId;

use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::query::Query;
use crate::extract::scope::UserLogin;
use crate::gateway::Gateway;
use crate::login::{self, LoginQuery};
use crate::refusal::Refusal;

/// Makes a one-time login of an account of the caller's portal: for any content of the portal, unless one is named. A program that
/// only looks at the link does not use it up.
#[utoipa::path(
    post, path = "/user-accounts/{id}/login", operation_id = "login_user_account", tag = "User accounts",
    params(("id" = String, Path, description = "A decimal number."), LoginQuery),
    security(("oauth2" = ["user.login"])),
    responses(
        (status = 200, body = Login),
        (status = 403, description = "The account is blocked."),
        (status = 404, description = "There is no such account."),
    )
)]
pub(crate) async fn login(
    State(gateway): State<Gateway>,
    caller: Caller<UserLogin>,
    Id(id): Id<UserAccountId>,
    Query(query): Query<LoginQuery>,
) -> Result<Json<Login>, Refusal> {
    Ok(Json(login::make(&gateway, &caller, id, query).await?))
}
