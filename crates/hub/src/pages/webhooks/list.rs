//! `GET /hub/{portal_id}/webhooks`

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::row::WebhookRow;
use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct List {
    shell: Shell,
    webhooks: Vec<WebhookRow>,
    is_full: bool,
    most: usize,
}

/// The webhooks of the portal, each with its health.
pub(crate) async fn list(State(hub): State<Hub>, view: View) -> Result<Response, Refusal> {
    let webhooks = WebhookRow::list(&hub, &view).await?;
    let most = hub.settings.webhooks_per_portal_max;
    let shell = view.shell(Area::Webhooks, "Webhooks");
    Ok(view.page(&List { shell, is_full: webhooks.len() >= most, most, webhooks }))
}
