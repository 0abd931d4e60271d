//! `GET /hub/{portal_id}/destinations/new` and `POST /hub/{portal_id}/destinations`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::destination::Destination;
use domain::id::{DestinationId, DestinationToken};
use store::error::StoreError;
use store::id::Sequence;

use super::fields::{self, Fields};
use crate::extract::{Act, Editor, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "destinations/new.html")]
struct New {
    shell: Shell,
    form: Form,
    errors: Errors,
    is_new: bool,
}

impl New {
    fn of(view: &View, form: Form, errors: Errors) -> Self {
        New { shell: view.shell(Area::Destinations, "Add destination"), form, errors, is_new: true }
    }
}

/// The form.
pub(crate) async fn form(Editor(view): Editor) -> Response {
    view.page(&New::of(&view, Form::default(), Errors::default()))
}

/// Adds it: from then on packages can be handed to it.
pub(crate) async fn create(State(hub): State<Hub>, Act { view, form }: Act) -> Result<Response, Refusal> {
    let mut errors = Errors::default();
    let Some(fields) = fields::read(&form, &mut errors) else {
        return Ok(view.page_with_errors(&New::of(&view, form, errors)));
    };
    let Fields { name, lms_origins, seats_max, expires_at, lower_status, pseudonymous } = fields;
    let id = DestinationId(hub.store.next_id(Sequence::Destination).await?);
    let plain = Destination::default_of(view.portal.id, id, DestinationToken::draw(&*hub.random), hub.now());
    let destination = Destination { name, lms_origins, seats_max, expires_at, lower_status, pseudonymous, ..plain };
    let change = match destination.create() {
        Ok(change) => change,
        Err(error) => return Ok(view.page_with_errors(&New::of(&view, form, fields::refused(error)))),
    };
    let noted = Noted::created(Action::DestinationCreate, &change.after, change.after.created_at);
    match view.by(noted, hub.store.save_destination(change)).await {
        Ok(()) => {
            let said = "The destination is there. Download packages for it on the pages of content.";
            Ok(view.done(&hub, &view.path(format_args!("destinations/{id}")), Flash::good(said)))
        }
        Err(StoreError::LimitReached(max)) => {
            let errors = Errors::one("form", format!("the portal has {max} destinations already, which is the limit"));
            Ok(view.page_with_errors(&New::of(&view, form, errors)))
        }
        Err(error) => Err(error.into()),
    }
}
