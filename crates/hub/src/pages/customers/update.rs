//! `GET` and `POST /hub/{portal_id}/portals/{id}/edit`: the portal itself, or a customer of it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::id::PortalId;
use domain::portal::{Portal, PortalPatch};
use store::error::StoreError;

use super::create::company_size;
use super::{PortalFacts, find};
use crate::extract::{Act, Editor, Param, View};
use crate::flash::Flash;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "customers/edit.html")]
struct Edit {
    shell: Shell,
    facts: PortalFacts,
    form: Form,
    errors: Errors,
}

impl Edit {
    fn of(view: &View, portal: &Portal, form: Form, errors: Errors) -> Self {
        let shell = view.shell(Area::Portals, format!("Edit {}", portal.name));
        Edit { shell, facts: PortalFacts::new(view, portal), form, errors }
    }
}

/// The portal as it is, to be changed.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<PortalId>,
) -> Result<Response, Refusal> {
    let portal = find(&hub, &view, id).await?;
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut form = Form::default()
        .with("name", portal.name.clone())
        .with("timezone", portal.timezone.clone())
        .with("country", said(&portal.country))
        .with("industry", said(&portal.industry))
        .with("company_size", portal.company_size.map(|size| size.to_string()).unwrap_or_default())
        .with("external_customer_id", said(&portal.external_customer_id));
    if portal.child_enrollment_events {
        form = form.with("child_enrollment_events", "on");
    }
    Ok(view.page(&Edit::of(&view, &portal, form, Errors::default())))
}

/// Changes it. What is left empty stays as it was.
pub(crate) async fn update(
    State(hub): State<Hub>,
    Param(id): Param<PortalId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let portal = find(&hub, &view, id).await?;
    let mut errors = Errors::default();
    let Some(patch) = patch(&form, &mut errors) else {
        return Ok(view.page_with_errors(&Edit::of(&view, &portal, form, errors)));
    };
    let now = hub.now();
    let change = match portal.clone().update(patch, now) {
        Ok(change) => change,
        Err(error) => {
            let errors = Errors::one(error.field(), error);
            return Ok(view.page_with_errors(&Edit::of(&view, &portal, form, errors)));
        }
    };
    let noted = Noted::changed(Action::PortalUpdate, &portal, &change.after, now);
    match view.by(noted, hub.store.save_portal(change)).await {
        Ok(()) => Ok(view.done(&hub, &view.path(format_args!("portals/{id}")), Flash::good("The portal is changed."))),
        Err(StoreError::Conflict) => {
            let errors = Errors::one("form", "somebody else changed it at the same time: look at it, and save again");
            Ok(view.page_with_errors(&Edit::of(&view, &portal, form, errors)))
        }
        Err(error) => Err(error.into()),
    }
}

fn patch(form: &Form, errors: &mut Errors) -> Option<PortalPatch> {
    let said = |field: &str| form.given(field).map(str::to_owned);
    let name = errors.take("name", said("name").ok_or("enter what people call it"));
    Some(PortalPatch {
        company_size: company_size(form, errors)?,
        name: Some(name?),
        timezone: said("timezone"),
        country: said("country"),
        industry: said("industry"),
        external_customer_id: said("external_customer_id"),
        child_enrollment_events: Some(form.has("child_enrollment_events", "on")),
    })
}
