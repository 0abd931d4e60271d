//! Which deliveries are wanted, as it stands in the query of an address, and what was understood of it.

use contract::event_type::EventType;
use domain::id::{DeliveryId, EventId, WebhookId};
use store::delivery_search::{DeliverySearch, DeliveryStatus};

use super::names::{Names, find_meant};
use crate::extract::View;
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::moment::Moment;
use crate::refusal::Refusal;

/// The fields, in the order of the form.
pub(super) const FIELDS: [&str; 7] = ["q", "webhook", "portal", "type", "status", "since", "until"];

/// What the query asks for.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) search: DeliverySearch,
    /// What was understood of the text that was searched for; empty if none was.
    pub(super) understood: String,
    /// Where it leads on: a text and a path.
    pub(super) ways: Vec<(String, String)>,
    pub(super) errors: Errors,
}

/// Reads the query.
pub(super) async fn read(hub: &Hub, view: &View, query: &Form, names: &Names) -> Result<Asked, Refusal> {
    let mut asked = Asked::default();
    if let Some(text) = query.given("q") {
        understand(hub, view, text, names, &mut asked).await?;
    }
    let errors = &mut asked.errors;
    let search = &mut asked.search;
    if let Some(text) = query.given("webhook") {
        search.webhook_id = errors.take("webhook", text.parse::<WebhookId>());
    }
    if let Some(text) = query.given("portal") {
        search.event_portal_id = errors.take("portal", find_meant(hub, view, text).await?);
    }
    if let Some(text) = query.given("type") {
        search.event_type = errors.take("type", text.parse::<EventType>());
    }
    if let Some(text) = query.given("status") {
        search.status = errors.take("status", DeliveryStatus::read(text).ok_or("there is no such status"));
    }
    let mut moment = |field| query.given(field).and_then(|text| errors.take(field, Moment::read(text)));
    search.stored.from = moment("since").map(|moment| moment.first);
    search.stored.to = moment("until").map(|moment| moment.last);
    Ok(asked)
}

/// What people paste: an id, with quotes and white space round it.
pub(crate) fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '#' | '`'))
}

async fn understand(hub: &Hub, view: &View, text: &str, names: &Names, asked: &mut Asked) -> Result<(), Refusal> {
    let text = bare(text);
    let why = |text: &str| ("Why did it, or did it not, arrive?".to_owned(), view.path(format_args!("why?q={text}")));
    if let Ok(DeliveryId(number)) = text.parse() {
        asked.search.subject_id = Some(number);
        asked.understood = format!("Deliveries about the enrollment or the content {number}.");
        asked.ways.push(why(text));
        if hub.store.find_delivery(view.portal.id, DeliveryId(number)).await?.is_some() {
            asked.ways.push((format!("Delivery {number}"), view.path(format_args!("deliveries/{number}"))));
        }
    } else if let Some((id, name)) =
        text.parse().ok().and_then(|id| Some((names.webhook(&id)?, id))).map(|(name, id): (&str, WebhookId)| (id, name))
    {
        asked.understood = format!("Deliveries to the webhook {name}.");
        asked.search.webhook_id = Some(id);
    } else if let Ok(id) = text.parse::<EventId>() {
        asked.understood = format!("Deliveries of the event {id}.");
        asked.ways.push(why(text));
        asked.search.event_id = Some(id);
    } else {
        asked.errors.add("q", "enter an event id, which has 12 letters and digits, or the number of an enrollment");
    }
    Ok(())
}
