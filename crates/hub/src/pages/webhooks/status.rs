//! `POST /hub/{portal_id}/webhooks/{id}/pause` and `…/resume`

use axum::extract::State;
use axum::response::Response;
use domain::audit::Action;
use domain::id::WebhookId;
use domain::webhook::{InactiveReason, WebhookPatch, WebhookStatus};

use super::{back, change};
use crate::extract::{Act, Param};
use crate::hub::Hub;
use crate::refusal::Refusal;

/// Holds its deliveries until it is resumed: none is lost.
pub(crate) async fn pause(State(hub): State<Hub>, Param(id): Param<WebhookId>, act: Act) -> Result<Response, Refusal> {
    let paused = WebhookStatus::Inactive(InactiveReason::Paused);
    set(&hub, act, &id, paused, "The webhook is paused: its deliveries are held until you resume it.").await
}

/// Makes it active: what is held goes out.
pub(crate) async fn resume(State(hub): State<Hub>, Param(id): Param<WebhookId>, act: Act) -> Result<Response, Refusal> {
    set(&hub, act, &id, WebhookStatus::Active, "The webhook is active: what was held goes out now.").await
}

async fn set(hub: &Hub, act: Act, id: &WebhookId, status: WebhookStatus, said: &str) -> Result<Response, Refusal> {
    let view = act.view;
    let changed = change(hub, &view, id, Action::WebhookUpdate, |webhook| {
        let patch = WebhookPatch { status: Some(status), ..Default::default() };
        webhook.update(patch, view.visitor.account.id, hub.now())
    });
    match changed.await? {
        Ok(_) => Ok(back(hub, &view, id, said)),
        // What is stored was allowed, and a status does not make it less so.
        Err(_) => Err(Refusal::Form("the webhook as it is stored cannot be saved: edit it first")),
    }
}
