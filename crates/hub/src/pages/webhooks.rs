//! Webhooks: what they are told, how they fare, and what their owners may do about it.

use std::future::Future;

use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::change::Change;
use domain::id::WebhookId;
use domain::webhook::Webhook;
use store::error::StoreError;

use crate::extract::View;
use crate::flash::Flash;
use crate::hub::Hub;
use crate::refusal::Refusal;

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod fields;
pub(crate) mod list;
pub(crate) mod row;
pub(crate) mod secret;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod told;
pub(crate) mod update;

/// How often a change is decided before it is said that somebody else is always faster.
const DECISIONS_MAX: u32 = 8;

/// A webhook of the portal that is looked at.
async fn find(hub: &Hub, view: &View, id: &WebhookId) -> Result<Webhook, Refusal> {
    hub.store.find_webhook(view.portal.id, id).await?.ok_or(Refusal::NotFound)
}

/// Loads a webhook, lets `decide` change it, and saves it with its entry in the audit log; again, if somebody else was faster. What
/// `decide` refuses is the inner error.
async fn change<E>(
    hub: &Hub,
    view: &View,
    id: &WebhookId,
    action: Action,
    decide: impl Fn(Webhook) -> Result<Change<Webhook>, E>,
) -> Result<Result<Webhook, E>, Refusal> {
    for _ in 0..DECISIONS_MAX {
        let webhook = find(hub, view, id).await?;
        let change = match decide(webhook.clone()) {
            Ok(change) => change,
            Err(error) => return Ok(Err(error)),
        };
        let after = change.after.clone();
        match save(hub, view, Noted::changed(action, &webhook, &after, hub.now()), change).await {
            Ok(()) => return Ok(Ok(after)),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn save(hub: &Hub, view: &View, noted: Noted, change: Change<Webhook>) -> impl Future<Output = Result<(), StoreError>> {
    let saved = hub.store.save_webhook(change, hub.settings.webhooks_per_portal_max);
    view.by(noted, saved)
}

/// The way back to the page of a webhook, on which this is said.
fn back(hub: &Hub, view: &View, id: &WebhookId, said: impl Into<String>) -> Response {
    view.done(hub, &view.path(format_args!("webhooks/{id}")), Flash::good(said))
}
