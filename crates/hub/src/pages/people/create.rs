//! `GET /hub/{portal_id}/people/new` and `POST /hub/{portal_id}/people`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::id::{AccountGuid, UserAccountId};
use domain::user_account::{EmailAddress, Role, UserAccount};
use store::error::StoreError;
use store::id::Sequence;

use super::{RoleChoice, choices, roles};
use crate::extract::{Act, Editor, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "people/new.html")]
struct New {
    shell: Shell,
    form: Form,
    choices: Vec<RoleChoice>,
    errors: Errors,
}

impl New {
    fn of(view: &View, form: Form, errors: Errors) -> Self {
        New { shell: view.shell(Area::People, "Add somebody"), choices: choices(&form), form, errors }
    }
}

/// The form, with the role ticked of which one may have too many.
pub(crate) async fn form(Editor(view): Editor) -> Response {
    view.page(&New::of(&view, Form::of([("roles", Role::Manager.name())]), Errors::default()))
}

/// Adds somebody to the portal.
pub(crate) async fn create(State(hub): State<Hub>, Act { view, form }: Act) -> Result<Response, Refusal> {
    let (mut errors, now) = (Errors::default(), hub.now());
    let email = errors.take("email", EmailAddress::parse(form.text("email").trim()));
    let Some(email) = email else {
        return Ok(view.page_with_errors(&New::of(&view, form, errors)));
    };
    let said = |field: &str| form.given(field).unwrap_or_default().to_owned();
    let account = UserAccount {
        id: UserAccountId(hub.store.next_id(Sequence::UserAccount).await?),
        version: 0,
        portal_id: view.portal.id,
        guid: AccountGuid::draw(&*hub.random, now),
        given_name: said("given_name"),
        family_name: said("family_name"),
        username: email.as_str().to_owned(),
        email,
        roles: roles(&form),
        active: true,
        external_user_id: None,
        created_at: now,
        updated_at: now,
    };
    let change = match account.create() {
        Ok(change) => change,
        Err(error) => return Ok(view.page_with_errors(&New::of(&view, form, Errors::one(error.field(), error)))),
    };
    let id = change.after.id;
    let noted = Noted::created(Action::UserAccountCreate, &change.after, now);
    match view.by(noted, hub.store.save_user_account(change)).await {
        Ok(()) => {
            let said = "The account is there. Give it a password, if they are to sign in here.";
            Ok(view.done(&hub, &view.path(format_args!("people/{id}")), Flash::good(said)))
        }
        Err(StoreError::Taken("email")) => {
            let errors = Errors::one("email", "somebody in this portal has this address already");
            Ok(view.page_with_errors(&New::of(&view, form, errors)))
        }
        Err(error) => Err(error.into()),
    }
}
