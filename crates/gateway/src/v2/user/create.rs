//! `POST /v2/users`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::user_account::CreateUserAccount;
use contract::api::v2::{CreateUser, User};

use super::written;
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::UserWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::user_account::create::save;

/// Makes a user in the caller's portal: a learner, unless roles are given.
#[utoipa::path(
    post, path = "/v2/users", operation_id = "v2_create_user", tag = "V2",
    request_body = CreateUser,
    security(("oauth2" = ["user.write"])),
    responses((status = 201, body = User), (status = 409, description = "The address is taken."))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<UserWrite>,
    JsonBody(asked): JsonBody<CreateUser>,
) -> Result<(StatusCode, Json<User>), Refusal> {
    let asked = CreateUserAccount {
        email: asked.email,
        given_name: asked.first_name,
        family_name: asked.last_name,
        roles: asked.roles,
        ..Default::default()
    };
    save(&gateway, &caller, asked, written).await
}
