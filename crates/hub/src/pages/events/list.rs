//! `GET /hub/{portal_id}/events`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use contract::event_type::EventType;
use store::event::{COUNTED_MAX, EventFilter, StoredEvent};
use store::page::PageRequest;

use super::reach::Reach;
use super::subject::Subject;
use crate::extract::{Query, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::moment::Moment;
use crate::pages::deliveries::names::Names;
use crate::pages::webhooks::fields::event_type_name;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;

const FIELDS: [&str; 4] = ["type", "about", "since", "until"];

#[derive(Template)]
#[template(path = "events/list.html")]
struct List {
    shell: Shell,
    events: Vec<EventRow>,
    event_types: Vec<(&'static str, String)>,
    query: Form,
    errors: Errors,
    is_narrowed: bool,
    is_capped: bool,
    paging: Paging,
}

/// An event as it is listed.
struct EventRow {
    path: String,
    id: String,
    event_type: String,
    is_test: bool,
    subject: Subject,
    portal: Option<String>,
    reach: Reach,
    occurred_at: When,
}

/// The events of the portal and of those below it, the newest first, each with whom it reached.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("events"), &FIELDS);
    let mut errors = Errors::default();
    let filter = filter(&query, &mut errors);
    // Further back one narrows the list: what is beyond is not counted.
    let PageRequest { limit, offset } = paging.request();
    let page = PageRequest { limit, offset: offset.min(COUNTED_MAX) };
    let (total, items) = match errors.is_empty() {
        true => {
            let listed = hub.store.list_events(view.portal.id, &filter, page).await?;
            (listed.total, listed.items)
        }
        false => (0, Vec::new()),
    };
    let mut names = Names::of(&hub, &view).await?;
    let mut events = Vec::with_capacity(items.len());
    for stored in items {
        events.push(row(&hub, &view, &stored, &mut names).await?);
    }
    let list = List {
        shell: view.shell(Area::Events, "Events"),
        events,
        event_types: EventType::ALL.map(|event_type| (event_type.as_str(), event_type_name(event_type))).into(),
        is_narrowed: FIELDS.iter().any(|field| query.given(field).is_some()),
        is_capped: total >= u64::from(COUNTED_MAX),
        paging: paging.of(total),
        query,
        errors,
    };
    Ok(view.page(&list))
}

fn filter(query: &Form, errors: &mut Errors) -> EventFilter {
    let mut filter = EventFilter::default();
    if let Some(text) = query.given("type") {
        filter.event_types = errors.take("type", text.parse::<EventType>()).map(|event_type| vec![event_type]);
    }
    if let Some(text) = query.given("about") {
        let number = text.parse::<i64>().ok().filter(|number| *number > 0);
        filter.subject_id = errors.take("about", number.ok_or("enter the number of an enrollment or of content"));
    }
    let mut moment = |field| query.given(field).and_then(|text| errors.take(field, Moment::read(text)));
    filter.stored.from = moment("since").map(|moment| moment.first);
    filter.stored.to = moment("until").map(|moment| moment.last);
    filter
}

async fn row(hub: &Hub, view: &View, stored: &StoredEvent, names: &mut Names) -> Result<EventRow, Refusal> {
    let event = &stored.event;
    // One that was pruned since it was listed reaches nobody any more.
    let explained = hub.store.explain_event(view.portal.id, &event.id).await?;
    let standings = explained.map(|(_, standings)| standings).unwrap_or_default();
    let portal = names.portal(hub, event.portal_id).await?;
    Ok(EventRow {
        path: view.path(format_args!("events/{}", event.id)),
        id: event.id.to_string(),
        event_type: event_type_name(event.event_type),
        is_test: event.is_test,
        subject: Subject::of(view, event),
        portal,
        reach: Reach::of(&standings),
        occurred_at: When(event.occurred_at),
    })
}
