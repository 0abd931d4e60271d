//! `GET` and `POST /hub/{portal_id}/destinations/{id}/edit`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::destination::{Destination, DestinationPatch};
use domain::id::DestinationId;

use super::fields::{self, Fields};
use super::{change, find};
use crate::extract::{Act, Editor, Param, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "destinations/edit.html")]
struct Edit {
    shell: Shell,
    path: String,
    name: String,
    form: Form,
    errors: Errors,
    is_new: bool,
}

impl Edit {
    fn of(view: &View, destination: &Destination, form: Form, errors: Errors) -> Self {
        let name = destination.name.clone();
        let path = view.path(format_args!("destinations/{}", destination.id));
        Edit { shell: view.shell(Area::Destinations, format!("Edit {name}")), path, name, form, errors, is_new: false }
    }
}

/// The destination as it is, to be changed.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<DestinationId>,
) -> Result<Response, Refusal> {
    let destination = find(&hub, &view, id).await?;
    Ok(view.page(&Edit::of(&view, &destination, fields::form(&destination), Errors::default())))
}

/// Changes it: from the next launch on.
pub(crate) async fn update(
    State(hub): State<Hub>,
    Param(id): Param<DestinationId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let mut errors = Errors::default();
    let Some(Fields { name, lms_origins, seats_max, expires_at, lower_status, .. }) = fields::read(&form, &mut errors)
    else {
        let destination = find(&hub, &view, id).await?;
        return Ok(view.page_with_errors(&Edit::of(&view, &destination, form, errors)));
    };
    let patch = DestinationPatch {
        name: Some(name),
        status: None,
        lms_origins: Some(lms_origins),
        seats_max: Some(seats_max),
        expires_at: Some(expires_at),
        lower_status: Some(lower_status),
        pseudonymous: None,
    };
    match change(&hub, &view, id, patch).await? {
        Ok(_) => {
            let said = "The destination is changed: it holds from the next launch on.";
            Ok(view.done(&hub, &view.path(format_args!("destinations/{id}")), Flash::good(said)))
        }
        Err(error) => {
            let destination = find(&hub, &view, id).await?;
            Ok(view.page_with_errors(&Edit::of(&view, &destination, form, fields::refused(error))))
        }
    }
}
