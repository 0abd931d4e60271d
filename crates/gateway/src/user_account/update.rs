//! `PATCH /user-accounts/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::user_account::{self as api, UpdateUserAccount};
use domain::audit::{Action, Noted};
use domain::id::UserAccountId;
use domain::user_account::UserAccountPatch;

use super::{parse, show, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::json::JsonBody;
use crate::extract::scope::UserWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{again, audit};

/// Changes an account of the caller's portal. What is absent stays.
#[utoipa::path(
    patch, path = "/user-accounts/{id}", operation_id = "update_user_account", tag = "User accounts",
    params(("id" = String, Path, description = "A decimal number.")),
    request_body = UpdateUserAccount,
    security(("oauth2" = ["user.write"])),
    responses(
        (status = 200, body = api::UserAccount),
        (status = 404, description = "There is no such account."),
        (status = 409, description = "The address is taken."),
    )
)]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller<UserWrite>,
    Id(id): Id<UserAccountId>,
    JsonBody(asked): JsonBody<UpdateUserAccount>,
) -> Result<Json<api::UserAccount>, Refusal> {
    let patch = UserAccountPatch {
        email: asked.email.as_deref().map(parse::email).transpose()?,
        given_name: asked.given_name,
        family_name: asked.family_name,
        roles: asked.roles.as_deref().map(parse::roles).transpose()?,
        active: asked.status,
        external_user_id: asked.standard_fields.and_then(|fields| fields.external_user_id),
    };
    again::on_conflict(|| async {
        let account = show::find(&gateway, caller.portal_id, id).await?;
        let now = gateway.now();
        let change = account.clone().update(patch.clone(), now)?;
        let written = wire::account(change.after.clone());
        let noted = Noted::changed(Action::UserAccountUpdate, &account, &change.after, now);
        audit::by(&caller, noted, gateway.store.save_user_account(change)).await?;
        Ok(Json(written))
    })
    .await
}
