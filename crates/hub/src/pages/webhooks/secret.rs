//! `GET` and `POST /hub/{portal_id}/webhooks/{id}/secret`: another secret; and `POST …/reveal`: the present one.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::id::WebhookId;
use domain::webhook::{Secret, Webhook, WebhookPatch};

use super::{back, change, fields, find, row, show};
use crate::audit;
use crate::extract::{Act, Editor, Param, View};
use crate::form::Errors;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

/// How many letters and digits a secret has that we draw: 190 random bits.
const DRAWN_LENGTH: usize = 32;

#[derive(Template)]
#[template(path = "webhooks/secret.html")]
struct Rotate {
    shell: Shell,
    path: String,
    title: String,
    has_secret: bool,
    errors: Errors,
}

impl Rotate {
    fn of(view: &View, webhook: &Webhook, errors: Errors) -> Self {
        let title = row::title(webhook);
        let has_secret = webhook.secret.is_some();
        let doing = if has_secret { "Rotate the secret key of" } else { "Set a secret key for" };
        Rotate {
            shell: view.shell(Area::Webhooks, format!("{doing} {title}")),
            path: view.path(format_args!("webhooks/{}", webhook.id)),
            title,
            has_secret,
            errors,
        }
    }
}

/// What a rotation is, and the form.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<WebhookId>,
) -> Result<Response, Refusal> {
    let webhook = find(&hub, &view, &id).await?;
    Ok(view.page(&Rotate::of(&view, &webhook, Errors::default())))
}

/// Sets another secret, drawn by us if none is typed in; or takes it away.
pub(crate) async fn rotate(
    State(hub): State<Hub>,
    Param(id): Param<WebhookId>,
    Act { view, form }: Act,
) -> Result<Response, Refusal> {
    let drawn = Secret::restore(hub.random.alphanumeric(DRAWN_LENGTH));
    let ends = form.has("end", "1");
    let decide = |webhook: Webhook| {
        let mut errors = Errors::default();
        let Some(typed) = fields::secret(&form, &mut errors) else { return Err(errors) };
        let secret = (!ends).then(|| typed.unwrap_or_else(|| drawn.clone()));
        let patch = WebhookPatch { secret: Some(secret), ..Default::default() };
        webhook.update(patch, view.visitor.account.id, hub.now()).map_err(|error| {
            fields::refused(error, &mut errors);
            errors
        })
    };
    match change(&hub, &view, &id, Action::WebhookUpdate, decide).await? {
        Ok(_) if ends => Ok(back(&hub, &view, &id, "The secret key is gone: deliveries are not signed any more.")),
        Ok(after) if after.previous_secrets.is_empty() => {
            Ok(back(&hub, &view, &id, "The secret key is set: from now on deliveries are signed."))
        }
        Ok(_) => {
            Ok(back(&hub, &view, &id, "The secret key is replaced. The one before still signs beside it for 24 hours."))
        }
        Err(errors) => {
            let webhook = find(&hub, &view, &id).await?;
            Ok(view.page_with_errors(&Rotate::of(&view, &webhook, errors)))
        }
    }
}

/// The page of the webhook, with its secret in clear; who looked at it is noted first.
pub(crate) async fn reveal(State(hub): State<Hub>, Param(id): Param<WebhookId>, act: Act) -> Result<Response, Refusal> {
    let webhook = find(&hub, &act.view, &id).await?;
    let noted = Noted::done(Action::WebhookReveal, webhook.portal_id, &id, hub.now()).named(webhook.name.as_deref());
    hub.store.save_audit_entry(audit::entry(&act.view.visitor.account, noted)).await?;
    show::page(&hub, &act.view, &id, show::Besides { is_revealed: true, ..Default::default() }).await
}
