//! `GET` and `POST /hub/{portal_id}/webhooks/{id}/edit`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::Action;
use domain::id::WebhookId;
use domain::webhook::{Webhook, WebhookPatch};

use super::fields::{self, Choice};
use super::{back, change, find, row};
use crate::extract::{Act, Editor, Param, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "webhooks/edit.html")]
struct Edit {
    shell: Shell,
    path: String,
    title: String,
    form: Form,
    errors: Errors,
    choices: Vec<Choice>,
    has_more: bool,
    keeps_secret: bool,
}

impl Edit {
    fn of(view: &View, webhook: &Webhook, form: Form, errors: Errors) -> Self {
        let title = row::title(webhook);
        Edit {
            shell: view.shell(Area::Webhooks, format!("Edit {title}")),
            path: view.path(format_args!("webhooks/{}", webhook.id)),
            title,
            choices: fields::choices(&form),
            has_more: true,
            keeps_secret: webhook.oauth2.is_some(),
            form,
            errors,
        }
    }
}

/// The webhook as it is, to be changed.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<WebhookId>,
) -> Result<Response, Refusal> {
    let webhook = find(&hub, &view, &id).await?;
    Ok(view.page(&Edit::of(&view, &webhook, fields::form(&webhook), Errors::default())))
}

/// Changes it.
pub(crate) async fn update(
    State(hub): State<Hub>,
    Param(id): Param<WebhookId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let decide = |webhook: Webhook| {
        let mut errors = Errors::default();
        let patch = patch(&form, &webhook, &hub, &mut errors);
        let Some(patch) = patch.filter(|_| errors.is_empty()) else { return Err(errors) };
        webhook.update(patch, view.visitor.account.id, hub.now()).map_err(|error| {
            fields::refused(error, &mut errors);
            errors
        })
    };
    match change(&hub, &view, &id, Action::WebhookUpdate, decide).await? {
        Ok(_) => Ok(back(&hub, &view, &id, "The webhook is changed.")),
        Err(errors) => {
            let webhook = find(&hub, &view, &id).await?;
            Ok(view.page_with_errors(&Edit::of(&view, &webhook, form, errors)))
        }
    }
}

fn patch(form: &Form, webhook: &Webhook, hub: &Hub, errors: &mut Errors) -> Option<WebhookPatch> {
    let read = fields::read(form, Some(webhook), hub.settings.url_policy, errors)?;
    Some(WebhookPatch {
        name: Some(read.name),
        url: Some(read.url),
        secret: None,
        event_types: Some(read.event_types),
        status: None,
        timestamp_unit: Some(read.timestamp_unit),
        oauth2: Some(read.oauth2),
        integration_system_id: Some(read.integration_system_id),
        rate_limit: Some(read.rate_limit),
        headers: Some(read.headers),
    })
}
