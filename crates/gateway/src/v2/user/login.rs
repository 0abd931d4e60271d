//! `POST /v2/users/{id}/login`

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

/// Makes a link that signs a user of the caller's portal in, once, and leads to content. `redirect_url` is needed.
#[utoipa::path(
    post, path = "/v2/users/{id}/login", operation_id = "v2_login_user", tag = "V2",
    params(
        ("id" = String, Path, description = "A decimal number."),
        ("redirect_url" = String, Query, description = "`/play/` and the id of a learning object."),
    ),
    security(("oauth2" = ["user.login"])),
    responses(
        (status = 200, body = Login),
        (status = 403, description = "The user is blocked."),
        (status = 404, description = "There is no such user."),
    )
)]
pub(crate) async fn login(
    State(gateway): State<Gateway>,
    caller: Caller<UserLogin>,
    Id(id): Id<UserAccountId>,
    Query(query): Query<LoginQuery>,
) -> Result<Json<Login>, Refusal> {
    Ok(Json(login::make(&gateway, &caller, id, query.required()?).await?))
}
