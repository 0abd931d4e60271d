//! `GET /hub/{portal_id}/webhooks/{id}`: all of a webhook, how it fares, what it was told of late.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use contract::signature::TimestampUnit;
use domain::id::{DeliveryId, WebhookId};
use domain::webhook::Webhook;

use super::fields::event_type_name;
use super::find;
use super::row::WebhookRow;
use super::told::{Test, Told};
use crate::extract::{Param, Query, View};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;

/// How many deliveries are shown.
const RECENT: u32 = 10;

/// What the page shows besides, once.
#[derive(Default)]
pub(super) struct Besides {
    /// Whether the secret is shown.
    pub(super) is_revealed: bool,
    /// The test whose outcome is shown.
    pub(super) test: Option<DeliveryId>,
    /// Why there is no test.
    pub(super) test_error: String,
}

#[derive(Template)]
#[template(path = "webhooks/show.html")]
struct Show {
    shell: Shell,
    row: WebhookRow,
    id: String,
    is_revealed: bool,
    secret: String,
    previous: Vec<When>,
    event_types: Vec<(&'static str, String)>,
    milliseconds: bool,
    rate_limit: Option<u32>,
    headers: Vec<String>,
    oauth2_server: String,
    oauth2_client: String,
    integration_system_id: Option<String>,
    created_at: When,
    updated_at: When,
    failing_since: Option<When>,
    recent: Vec<Told>,
    test: Option<Test>,
    test_error: String,
}

/// The webhook, and the outcome of the test that the query names.
pub(crate) async fn show(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<WebhookId>,
    Query(query): Query,
) -> Result<Response, Refusal> {
    let test = query.given("test").and_then(|text| text.parse().ok());
    page(&hub, &view, &id, Besides { test, ..Default::default() }).await
}

pub(super) async fn page(hub: &Hub, view: &View, id: &WebhookId, besides: Besides) -> Result<Response, Refusal> {
    let webhook = find(hub, view, id).await?;
    let now = hub.now();
    let healths = hub.store.list_webhook_health(view.portal.id, now).await?;
    let health = healths.iter().find(|health| health.webhook_id == *id).ok_or(Refusal::NotFound)?;
    let recent = hub.store.list_recent_deliveries(view.portal.id, id, RECENT).await?;
    let row = WebhookRow::new(view, &webhook, health, health.lag(now));
    let show = Show {
        shell: view.shell(Area::Webhooks, row.title.clone()),
        id: id.to_string(),
        is_revealed: besides.is_revealed,
        secret: if besides.is_revealed { secret(&webhook) } else { String::new() },
        previous: webhook
            .previous_secrets
            .iter()
            .filter(|(_, until)| now < *until)
            .map(|(_, until)| When(*until))
            .collect(),
        event_types: webhook
            .event_types
            .iter()
            .map(|event_type| (event_type.as_str(), event_type_name(*event_type)))
            .collect(),
        milliseconds: webhook.timestamp_unit == TimestampUnit::Milliseconds,
        rate_limit: webhook.rate_limit.map(|limit| limit.get()),
        headers: webhook.headers.expose().map(|(name, _)| name.to_owned()).collect(),
        oauth2_server: webhook.oauth2.as_ref().map(|oauth2| oauth2.server_url.as_str().to_owned()).unwrap_or_default(),
        oauth2_client: webhook.oauth2.as_ref().map(|oauth2| oauth2.client_id.clone()).unwrap_or_default(),
        integration_system_id: webhook.integration_system_id.clone(),
        created_at: When(webhook.created_at),
        updated_at: When(webhook.updated_at),
        failing_since: health.failing_since.map(When),
        recent: recent.iter().map(|delivery| Told::new(delivery, now)).collect(),
        test: test(hub, view, id, besides.test).await?,
        test_error: besides.test_error,
        row,
    };
    Ok(view.page(&show))
}

fn secret(webhook: &Webhook) -> String {
    webhook.secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default()
}

async fn test(hub: &Hub, view: &View, id: &WebhookId, test: Option<DeliveryId>) -> Result<Option<Test>, Refusal> {
    let Some(delivery_id) = test else { return Ok(None) };
    let Some(delivery) = hub.store.find_delivery(view.portal.id, delivery_id).await? else { return Ok(None) };
    let attempts = hub.store.list_attempts(view.portal.id, delivery_id).await?;
    let path = view.path(format_args!("webhooks/{id}?test={delivery_id}#test"));
    Ok(Test::new(&delivery, &attempts, id, path, hub.now()))
}
