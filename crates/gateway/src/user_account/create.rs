//! `POST /user-accounts`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::user_account::{self as api, CreateUserAccount};
use domain::audit::{Action, Noted};
use domain::id::{AccountGuid, UserAccountId};
use domain::oauth::Token;
use domain::user_account::{Role, UserAccount};
use serde::Serialize;
use store::id::Sequence;

use super::{parse, wire};
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::UserWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{audit, idempotency};

/// Makes an account in the caller's portal: a learner's, unless roles are given.
#[utoipa::path(
    post, path = "/user-accounts", operation_id = "create_user_account", tag = "User accounts",
    request_body = CreateUserAccount,
    security(("oauth2" = ["user.write"])),
    responses((status = 201, body = api::UserAccount), (status = 409, description = "The address is taken."))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<UserWrite>,
    JsonBody(asked): JsonBody<CreateUserAccount>,
) -> Result<(StatusCode, Json<api::UserAccount>), Refusal> {
    save(&gateway, &caller, asked, wire::account).await
}

/// Makes and stores an account, and answers with it as it is written.
pub(crate) async fn save<T: Serialize>(
    gateway: &Gateway,
    caller: &Token,
    asked: CreateUserAccount,
    write: impl FnOnce(UserAccount) -> T,
) -> Result<(StatusCode, Json<T>), Refusal> {
    let email = parse::email(&asked.email.ok_or_else(|| Refusal::required("email"))?)?;
    let mut roles = parse::roles(&asked.roles)?;
    if roles.is_empty() {
        roles.push(Role::Learner);
    }
    let now = gateway.now();
    let account = UserAccount {
        id: UserAccountId(gateway.store.next_id(Sequence::UserAccount).await?),
        version: 0,
        portal_id: caller.portal_id,
        guid: AccountGuid::draw(&*gateway.random, now),
        given_name: asked.given_name.unwrap_or_default(),
        family_name: asked.family_name.unwrap_or_default(),
        username: asked.username.unwrap_or_else(|| email.as_str().to_owned()),
        email,
        roles,
        active: true,
        external_user_id: asked.standard_fields.and_then(|fields| fields.external_user_id),
        created_at: now,
        updated_at: now,
    };
    let change = account.create()?;
    let written = write(change.after.clone());
    idempotency::foretell(StatusCode::CREATED, &written);
    let noted = Noted::created(Action::UserAccountCreate, &change.after, now);
    audit::by(caller, noted, gateway.store.save_user_account(change)).await?;
    Ok((StatusCode::CREATED, Json(written)))
}
