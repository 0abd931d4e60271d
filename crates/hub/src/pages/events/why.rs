//! `GET /hub/{portal_id}/why`: why did, or did not, something arrive? Asked by the id of an event or the number of an enrollment or of
//! content.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use contract::event_type::EventType;
use domain::enrollment::Enrollment;
use domain::id::{EnrollmentId, EventId, PortalId};
use domain::portal::{PARTNERS_ABOVE_MAX, Portal};
use domain::why::why_no_completion;
use store::event::EventFilter;
use store::page::PageRequest;

use super::standing::StandingRow;
use crate::extract::{Query, View};
use crate::form::{Errors, Form};
use crate::hub::Hub;
use crate::page;
use crate::pages::deliveries::filter::bare;
use crate::pages::webhooks::fields::event_type_name;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;
use crate::words::{Word, Words};

/// How many events of one thing are told of: more than an enrollment has.
const EVENTS: PageRequest = PageRequest { limit: 20, offset: 0 };

#[derive(Template)]
#[template(path = "events/why.html")]
struct Why {
    shell: Shell,
    query: Form,
    errors: Errors,
    /// What is answered, if something was asked.
    answer: Option<Answer>,
}

/// What is answered about an enrollment or content.
struct Answer {
    title: String,
    path: Option<String>,
    /// Why there is no completion among the events.
    no_completion: Option<Words>,
    events: Vec<Explained>,
    is_cut: bool,
    partner_path: Option<String>,
}

/// An event with what became of it.
struct Explained {
    path: String,
    id: String,
    event_type: String,
    occurred_at: When,
    standings: Vec<StandingRow>,
}

/// The question, and the answer if something was asked.
pub(crate) async fn why(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let mut errors = Errors::default();
    let asked = query.given("q").map(bare);
    let answer = match asked.map(|text| (text.parse::<EnrollmentId>(), text.parse::<EventId>())) {
        None => None,
        Some((Ok(number), _)) => {
            let answer = about(&hub, &view, number).await?;
            if answer.is_none() {
                errors.add("q", format!("this portal knows nothing of an enrollment or of content {number}"));
            }
            answer
        }
        Some((_, Ok(id))) => match hub.store.explain_event(view.portal.id, &id).await? {
            Some(_) => return Ok(view.note(page::see_other(&view.path(format_args!("events/{id}"))))),
            None => {
                errors
                    .add("q", format!("there is no event {id} in this portal or below it, or it is not kept any more"));
                None
            }
        },
        Some(_) => {
            errors.add("q", "enter an event id, which has 12 letters and digits, or the number of an enrollment");
            None
        }
    };
    let shell = view.shell(Area::Events, "Why did this not arrive?");
    Ok(view.page(&Why { shell, query, errors, answer }))
}

/// The enrollment of this number, or else the content.
async fn about(hub: &Hub, view: &View, id: EnrollmentId) -> Result<Option<Answer>, Refusal> {
    let enrollment = find(hub, view, id).await?;
    let events = events(hub, view, id.0, true).await?;
    if enrollment.is_some() || !events.is_empty() {
        return Ok(Some(about_enrollment(hub, view, id, enrollment, events).await?));
    }
    let events = self::events(hub, view, id.0, false).await?;
    Ok((!events.is_empty()).then(|| answer(view, format!("Content {id}"), None, events)))
}

async fn about_enrollment(
    hub: &Hub,
    view: &View,
    id: EnrollmentId,
    enrollment: Option<(Enrollment, Portal)>,
    events: Vec<Explained>,
) -> Result<Answer, Refusal> {
    let completion = event_type_name(EventType::EnrollmentComplete);
    let no_completion = match events.iter().any(|event| event.event_type == completion) {
        true => None,
        false => {
            let kept_from = hub.store.find_events_from().await?;
            let tells_of_parts = enrollment.as_ref().is_some_and(|(_, portal)| portal.child_enrollment_events);
            let found = enrollment.as_ref().map(|(enrollment, _)| enrollment);
            Some(Words::of(why_no_completion(found, tells_of_parts, kept_from).explain()))
        }
    };
    // One of a customer's customer is seen in that customer's portal.
    let seen = enrollment.filter(|(_, portal)| portal.id == view.portal.id || portal.is_customer_of(view.own.id));
    let path = seen.map(|(_, portal)| format!("/hub/{}/enrollments/{id}", portal.id));
    let answer = answer(view, format!("Enrollment {id}"), path, events);
    Ok(Answer { no_completion, ..answer })
}

fn answer(view: &View, title: String, path: Option<String>, events: Vec<Explained>) -> Answer {
    let partner_path = (!view.is_own()).then(|| format!("/hub/{}", view.own.id));
    Answer { title, path, no_completion: None, is_cut: events.len() >= EVENTS.limit as usize, events, partner_path }
}

/// The events that are kept, oldest first.
async fn events(hub: &Hub, view: &View, number: i64, is_enrollment: bool) -> Result<Vec<Explained>, Refusal> {
    // Numbers of enrollments and of learning objects are counted apart, so one may be the other's.
    let event_types = EventType::ALL.into_iter().filter(|event_type| event_type.is_about_enrollment() == is_enrollment);
    let filter =
        EventFilter { subject_id: Some(number), event_types: Some(event_types.collect()), stored: Default::default() };
    let listed = hub.store.list_events(view.portal.id, &filter, EVENTS).await?;
    let mut explained = Vec::new();
    for stored in listed.items.iter().rev() {
        // What a test tells of does not exist.
        let found = match stored.event.is_test {
            true => None,
            false => hub.store.explain_event(view.portal.id, &stored.event.id).await?,
        };
        let Some((stored, standings)) = found else { continue };
        explained.push(Explained {
            path: view.path(format_args!("events/{}", stored.event.id)),
            id: stored.event.id.to_string(),
            event_type: event_type_name(stored.event.event_type),
            occurred_at: When(stored.event.occurred_at),
            standings: StandingRow::list(view, &stored.event, &standings),
        });
    }
    Ok(explained)
}

/// The enrollment with its portal, if that is the one that is looked at or below it.
async fn find(hub: &Hub, view: &View, id: EnrollmentId) -> Result<Option<(Enrollment, Portal)>, Refusal> {
    let Some(portal_id) = hub.store.find_portal_of_enrollment(id).await? else { return Ok(None) };
    if portal_id != view.portal.id && !is_below(hub, portal_id, view.portal.id).await? {
        return Ok(None);
    }
    let enrollment = hub.store.find_enrollment(portal_id, id).await?;
    Ok(enrollment.zip(hub.store.find_portal(portal_id).await?))
}

async fn is_below(hub: &Hub, mut portal_id: PortalId, above: PortalId) -> Result<bool, Refusal> {
    for _ in 0..PARTNERS_ABOVE_MAX {
        match hub.store.find_portal(portal_id).await?.and_then(|portal| portal.partner_id) {
            Some(partner_id) if partner_id == above => return Ok(true),
            Some(partner_id) => portal_id = partner_id,
            None => return Ok(false),
        }
    }
    Ok(false)
}
