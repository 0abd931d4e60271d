//! `GET` and `POST /hub/{portal_id}/webhooks/{id}/delete`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::audit::Action;
use domain::change::Change;
use domain::id::WebhookId;
use domain::webhook::Webhook;

use super::{change, find, row};
use crate::extract::{Act, Editor, Param};
use crate::flash::Flash;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "webhooks/delete.html")]
struct Delete {
    shell: Shell,
    path: String,
    title: String,
    url: String,
}

/// Asks once more.
pub(crate) async fn form(
    State(hub): State<Hub>,
    Editor(view): Editor,
    Param(id): Param<WebhookId>,
) -> Result<Response, Refusal> {
    let webhook = find(&hub, &view, &id).await?;
    let title = row::title(&webhook);
    Ok(view.page(&Delete {
        shell: view.shell(Area::Webhooks, format!("Delete {title}")),
        path: view.path(format_args!("webhooks/{id}")),
        title,
        url: webhook.url.as_str().to_owned(),
    }))
}

/// Deletes it.
pub(crate) async fn delete(
    State(hub): State<Hub>,
    Param(id): Param<WebhookId>,
    Act { view, .. }: Act,
) -> Result<Response, Refusal> {
    let deleted = change(&hub, &view, &id, Action::WebhookDelete, |webhook: Webhook| {
        Ok::<Change<Webhook>, std::convert::Infallible>(webhook.delete(view.visitor.account.id, hub.now()))
    });
    let Ok(webhook) = deleted.await?;
    let said = format!("{} is deleted: nothing is sent to it any more.", row::title(&webhook));
    Ok(view.done(&hub, &view.path("webhooks"), Flash::good(said)))
}
