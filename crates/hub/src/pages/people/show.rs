//! `GET /hub/{portal_id}/people/{id}`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::UserAccountId;
use domain::user_account::UserAccount;

use super::{PersonRow, RoleChoice, choices, find};
use crate::extract::{Param, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "people/show.html")]
struct Show {
    shell: Shell,
    row: PersonRow,
    form: Form,
    choices: Vec<RoleChoice>,
    errors: Errors,
}

impl Show {
    async fn of(
        hub: &Hub,
        view: &View,
        account: &UserAccount,
        form: Option<Form>,
        errors: Errors,
    ) -> Result<Self, Refusal> {
        let form = form.unwrap_or_else(|| self::form(account));
        let row = PersonRow::of(hub, view, account).await?;
        Ok(Show { shell: view.shell(Area::People, row.name.clone()), row, choices: choices(&form), form, errors })
    }
}

/// An account as its form holds it.
fn form(account: &UserAccount) -> Form {
    let form =
        Form::default().with("given_name", account.given_name.clone()).with("family_name", account.family_name.clone());
    account.roles.iter().fold(form, |form, role| form.with("roles", role.name()))
}

/// Somebody of the portal.
pub(crate) async fn show(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<UserAccountId>,
) -> Result<Response, Refusal> {
    let account = find(&hub, &view, id).await?;
    Ok(view.page(&Show::of(&hub, &view, &account, None, Errors::default()).await?))
}

/// The same with what is wrong beside its fields.
pub(super) async fn refused(
    hub: &Hub,
    view: &View,
    id: UserAccountId,
    form: Option<Form>,
    errors: Errors,
) -> Result<Response, Refusal> {
    let account = find(hub, view, id).await?;
    Ok(view.page_with_errors(&Show::of(hub, view, &account, form, errors).await?))
}
