//! `POST /hub/{portal_id}/people/{id}`: names and roles.

use axum::extract::State;
use axum::response::Response;
use domain::id::UserAccountId;
use domain::user_account::UserAccountPatch;

use super::{change, locks_out, roles, show};
use crate::extract::{Act, Param};
use crate::flash::Flash;
use crate::form::Errors;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// Changes somebody's names and roles.
pub(crate) async fn update(
    State(hub): State<Hub>,
    Param(id): Param<UserAccountId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let roles = roles(&form);
    if locks_out(&view, id, &roles) {
        let errors = Errors::one("roles", "you would lock yourself out: let another administrator do that");
        return show::refused(&hub, &view, id, Some(form), errors).await;
    }
    let said = |field: &str| Some(form.text(field).trim().to_owned());
    let patch = UserAccountPatch {
        given_name: said("given_name"),
        family_name: said("family_name"),
        roles: Some(roles),
        ..Default::default()
    };
    match change(&hub, &view, id, patch).await? {
        Ok(_) => Ok(view.done(&hub, &view.path(format_args!("people/{id}")), Flash::good("The account is changed."))),
        Err(error) => show::refused(&hub, &view, id, Some(form), Errors::one(error.field(), error)).await,
    }
}
