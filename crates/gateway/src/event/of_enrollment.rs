//! `GET /enrollments/{id}/events`

use axum::Json;
use axum::extract::State;
use contract::api::event as api;
use contract::event_type::EventType;
use domain::enrollment::Enrollment;
use domain::id::EnrollmentId;
use domain::oauth::Token;
use domain::portal::Portal;
use domain::why::{NoCompletion, why_no_completion};
use store::enrollment::TimeRange;
use store::event::EventFilter;
use store::page::PageRequest;

use super::wire;
use crate::enrollment::show::not_found;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::portal::access;
use crate::refusal::Refusal;

/// More events than one enrollment has.
const EVENTS: PageRequest = PageRequest { limit: 20, offset: 0 };

/// Why the completion of an enrollment did, or did not, arrive: its events in their order, each with how every webhook of the
/// caller's own portal stands to it; and if there is no completion among them, why. Also for enrollments of customers below the
/// caller's portal. Not in the published API.
#[utoipa::path(
    get, path = "/enrollments/{id}/events", operation_id = "list_events_of_enrollment", tag = "Events",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = api::EnrollmentEvents), (status = 404, description = "There is no such enrollment."))
)]
pub(crate) async fn of_enrollment(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Id(id): Id<EnrollmentId>,
) -> Result<Json<api::EnrollmentEvents>, Refusal> {
    let events = events(&gateway, &caller, id).await?;
    let found = find(&gateway, &caller, id).await?;
    if events.is_empty() && found.is_none() {
        return Err(not_found(id));
    }
    let completion = EventType::EnrollmentComplete.as_str();
    let reason = match events.iter().any(|event| event.event_type == completion) {
        true => None,
        false => Some(why_not(&gateway, found).await?),
    };
    Ok(Json(api::EnrollmentEvents {
        enrollment_id: id.to_string(),
        events,
        reason: reason.map(|reason| reason.as_str().to_owned()),
        explanation: reason.map(|reason| reason.explain().to_owned()),
    }))
}

/// The events that are kept, oldest first.
async fn events(gateway: &Gateway, caller: &Token, id: EnrollmentId) -> Result<Vec<api::Event>, Refusal> {
    let event_types = EventType::ALL.into_iter().filter(|event_type| event_type.is_about_enrollment()).collect();
    let stored = TimeRange::default();
    let filter = EventFilter { subject_id: Some(id.0), event_types: Some(event_types), stored };
    let listed = gateway.store.list_events(caller.portal_id, &filter, EVENTS).await?;
    let mut events = Vec::with_capacity(listed.items.len());
    for stored in listed.items.iter().rev() {
        // One that was pruned since it was listed is not told of any more.
        events.extend(gateway.store.explain_event(caller.portal_id, &stored.event.id).await?.map(wire::explained));
    }
    Ok(events)
}

/// The enrollment with its portal, if that is the caller's or below it.
async fn find(gateway: &Gateway, caller: &Token, id: EnrollmentId) -> Result<Option<(Enrollment, Portal)>, Refusal> {
    let Some(portal_id) = gateway.store.find_portal_of_enrollment(id).await? else { return Ok(None) };
    if portal_id != caller.portal_id && !access::is_below(gateway, portal_id, caller.portal_id).await? {
        return Ok(None);
    }
    let enrollment = gateway.store.find_enrollment(portal_id, id).await?;
    Ok(enrollment.zip(gateway.store.find_portal(portal_id).await?))
}

async fn why_not(gateway: &Gateway, found: Option<(Enrollment, Portal)>) -> Result<NoCompletion, Refusal> {
    let kept_from = gateway.store.find_events_from().await?;
    let tells_of_parts = found.as_ref().is_some_and(|(_, portal)| portal.child_enrollment_events);
    Ok(why_no_completion(found.as_ref().map(|(enrollment, _)| enrollment), tells_of_parts, kept_from))
}
