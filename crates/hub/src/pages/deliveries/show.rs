//! `GET /hub/{portal_id}/deliveries/{id}`: one delivery, what was sent, what came of each attempt, what happens next.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use contract::events::TEST_HEADER;
use contract::signature::{self, STANDARD_ID_HEADER, STANDARD_SIGNATURE_HEADER, STANDARD_TIMESTAMP_HEADER};
use domain::delivery::{Attempt, Delivery, Outcome};
use domain::id::DeliveryId;
use domain::webhook::Webhook;
use domain::why::{Standing, Then, Told as Reached};
use store::delivery_search::DeliverySearch;

use super::attempt::{self, AttemptRow};
use super::envelope::{self, Body};
use super::names::Names;
use super::row::DeliveryRow;
use crate::extract::{Param, Query, View};
use crate::hub::Hub;
use crate::pages::events::subject::Subject;
use crate::pages::webhooks::row;
use crate::pages::webhooks::told::Told;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;
use crate::words::{Word, Words};

/// How many deliveries of one event are looked at.
const OF_EVENT: u32 = 500;
/// What stands for the address of a webhook that is deleted.
const GONE: &str = "(the webhook is deleted)";

#[derive(Template)]
#[template(path = "deliveries/show.html")]
struct Show {
    shell: Shell,
    id: String,
    path: String,
    told: Told,
    next: Words,
    event_path: String,
    subject: Subject,
    occurred_at: When,
    deadline_at: Option<When>,
    webhook: String,
    webhook_path: Option<String>,
    url: String,
    headers: Vec<String>,
    portal: Option<String>,
    attempts: Vec<AttemptRow>,
    earlier: u32,
    others: Vec<DeliveryRow>,
    body: Body,
    body_of: Option<u32>,
    /// The attempts whose body can be shown, and whether it is.
    bodies: Vec<(u32, bool)>,
    /// Whether the receiver answered that attempt: else it may not have gone out.
    is_answered: bool,
    /// Whether a token was fetched before it was sent, which took a moment.
    is_authorized: bool,
    is_changed_since: bool,
    may_replay: bool,
}

/// The delivery, with the body of the attempt that the query names.
pub(crate) async fn show(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<DeliveryId>,
    Query(query): Query,
) -> Result<Response, Refusal> {
    let delivery = hub.store.find_delivery(view.portal.id, id).await?.ok_or(Refusal::NotFound)?;
    let attempts = hub.store.list_attempts(view.portal.id, id).await?;
    let webhook = hub.store.find_webhook(view.portal.id, &delivery.webhook_id).await?;
    let mut names = Names::of(&hub, &view).await?;
    let others = others(&hub, &view, &delivery).await?;
    let earlier = others.iter().filter(|other| other.id < id).map(|other| other.attempt_number).max().unwrap_or(0);
    let others = DeliveryRow::list(&hub, &view, &others, &mut names).await?;
    let portal = names.portal(&hub, delivery.event.portal_id).await?;
    let wanted = query.given("attempt").and_then(|text| text.parse::<u32>().ok());
    let sent = attempts.iter().find(|attempt| Some(attempt.number) == wanted).or(attempts.last());
    let told = Told::new(&delivery, hub.now());
    let show = Show {
        shell: view.shell(Area::Deliveries, format!("Delivery {id}")),
        path: view.path(format_args!("deliveries/{id}")),
        next: Words::of(&explain(&delivery, webhook.is_none())),
        event_path: view.path(format_args!("events/{}", delivery.event.id)),
        subject: Subject::of(&view, &delivery.event),
        occurred_at: When(delivery.event.occurred_at),
        deadline_at: delivery.event.deadline_at.map(When),
        webhook: webhook.as_ref().map_or_else(|| delivery.webhook_id.to_string(), row::title),
        webhook_path: webhook.as_ref().map(|webhook| view.path(format_args!("webhooks/{}", webhook.id))),
        url: webhook.as_ref().map(|webhook| webhook.url.as_str().to_owned()).unwrap_or_default(),
        headers: webhook.as_ref().map(|webhook| headers(webhook, &delivery)).unwrap_or_default(),
        portal,
        attempts: attempt::rows(&delivery, &attempts, earlier, hub.now()),
        earlier,
        others,
        body: body(&hub, &delivery, webhook.as_ref(), sent),
        body_of: sent.map(|attempt| attempt.number),
        bodies: attempts.iter().map(|one| (one.number, sent.is_some_and(|sent| sent.number == one.number))).collect(),
        is_answered: sent.is_some_and(|attempt| matches!(attempt.outcome, Outcome::Answered(_))),
        is_authorized: webhook.as_ref().is_some_and(|webhook| webhook.oauth2.is_some()),
        is_changed_since: sent
            .zip(webhook.as_ref())
            .is_some_and(|(sent, webhook)| sent.started_at < webhook.updated_at),
        may_replay: view.may_change() && told.is_over && webhook.is_some(),
        id: id.to_string(),
        told,
    };
    Ok(view.page(&show))
}

/// The other deliveries of the event to the same webhook, the newest first.
async fn others(hub: &Hub, view: &View, delivery: &Delivery) -> Result<Vec<Delivery>, Refusal> {
    let search = DeliverySearch {
        event_id: Some(delivery.event.id.clone()),
        webhook_id: Some(delivery.webhook_id.clone()),
        ..Default::default()
    };
    let mut found = hub.store.search_deliveries(view.portal.id, &search, None, OF_EVENT).await?.items;
    found.retain(|other| other.id != delivery.id);
    Ok(found)
}

fn explain(delivery: &Delivery, is_deleted: bool) -> String {
    let told = Reached { delivery_id: delivery.id, attempt_number: delivery.attempt_number, state: delivery.state };
    let standing = Standing {
        webhook_id: delivery.webhook_id.clone(),
        name: None,
        then: Then::NotKept,
        told: Some(told),
        is_deleted,
    };
    standing.explain(&delivery.event)
}

fn body(hub: &Hub, delivery: &Delivery, webhook: Option<&Webhook>, sent: Option<&Attempt>) -> Body {
    let url = webhook.map_or(GONE, |webhook| webhook.url.as_str());
    match sent {
        Some(attempt) => envelope::body(delivery, url, attempt.number, attempt.started_at),
        None => envelope::body(delivery, url, delivery.attempt_number.max(1), hub.now()),
    }
}

/// The names of what is sent besides the body; values would prove where it comes from.
fn headers(webhook: &Webhook, delivery: &Delivery) -> Vec<String> {
    let mut names: Vec<String> = vec!["content-type".to_owned(), "user-agent".to_owned()];
    if webhook.secret.is_some() {
        let signatures = [signature::HEADER, STANDARD_ID_HEADER, STANDARD_TIMESTAMP_HEADER, STANDARD_SIGNATURE_HEADER];
        names.extend(signatures.map(str::to_owned));
    }
    if webhook.oauth2.is_some() {
        names.push("authorization".to_owned());
    }
    if delivery.event.is_test {
        names.push(TEST_HEADER.to_owned());
    }
    names.extend(webhook.headers.expose().map(|(name, _)| name.to_owned()));
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}
