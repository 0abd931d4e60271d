//! `GET /hub/{portal_id}/webhooks/new` and `POST /hub/{portal_id}/webhooks`: add a webhook, as the published steps say.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use contract::event_type::EventType;
use domain::audit::{Action, Noted};
use domain::id::WebhookId;
use domain::webhook::{Webhook, WebhookStatus};
use store::error::StoreError;

use super::fields::{self, Choice};
use super::{back, save};
use crate::extract::{Act, Editor, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "webhooks/new.html")]
struct New {
    shell: Shell,
    form: Form,
    errors: Errors,
    choices: Vec<Choice>,
    has_more: bool,
    keeps_secret: bool,
}

impl New {
    fn of(view: &View, form: Form, errors: Errors) -> Self {
        let choices = fields::choices(&form);
        let more = ["rate_limit", "headers", "milliseconds", "oauth2", "integration_system_id"];
        let has_more = more.iter().any(|field| form.given(field).is_some() || !errors.of(field).is_empty());
        New { shell: view.shell(Area::Webhooks, "Add webhook"), form, errors, choices, has_more, keeps_secret: false }
    }
}

/// The form, with Enrollment complete ticked.
pub(crate) async fn form(Editor(view): Editor) -> Response {
    let form = Form::of([("event_types", EventType::EnrollmentComplete.as_str())]);
    view.page(&New::of(&view, form, Errors::default()))
}

/// Adds the webhook: it is active at once.
pub(crate) async fn create(State(hub): State<Hub>, Act { view, form }: Act) -> Result<Response, Refusal> {
    let mut errors = Errors::default();
    let Some(change) = webhook(&hub, &view, &form, &mut errors)
        .and_then(|webhook| webhook.create().map_err(|error| fields::refused(error, &mut errors)).ok())
    else {
        return Ok(view.page_with_errors(&New::of(&view, form, errors)));
    };
    let made = change.after.clone();
    let noted = Noted::created(Action::WebhookCreate, &made, made.created_at);
    match save(&hub, &view, noted, change).await {
        Ok(()) => {
            let said = "The webhook is active: from now on it is told of what it asks for.";
            Ok(back(&hub, &view, &made.id, said))
        }
        Err(StoreError::LimitReached(max)) => {
            let errors = Errors::one("form", format!("the portal has {max} webhooks already, which is the limit"));
            Ok(view.page_with_errors(&New::of(&view, form, errors)))
        }
        Err(error) => Err(error.into()),
    }
}

fn webhook(hub: &Hub, view: &View, form: &Form, errors: &mut Errors) -> Option<Webhook> {
    let secret = fields::secret(form, errors);
    let read = fields::read(form, None, hub.settings.url_policy, errors);
    let (secret, read, now) = (secret?, read?, hub.now());
    Some(Webhook {
        id: WebhookId::draw(&*hub.random),
        version: 0,
        portal_id: view.portal.id,
        name: read.name,
        url: read.url,
        secret,
        previous_secrets: Vec::new(),
        event_types: read.event_types,
        status: WebhookStatus::Active,
        timestamp_unit: read.timestamp_unit,
        oauth2: read.oauth2,
        integration_system_id: read.integration_system_id,
        rate_limit: read.rate_limit,
        headers: read.headers,
        created_by: view.visitor.account.id,
        updated_by: view.visitor.account.id,
        created_at: now,
        updated_at: now,
    })
}
