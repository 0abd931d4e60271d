//! `GET /hub/{portal_id}/events/{id}`: what happened, and for every webhook why it did, or did not, arrive.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::EventId;

use super::reach::Reach;
use super::standing::StandingRow;
use super::subject::Subject;
use crate::extract::{Param, View};
use crate::hub::Hub;
use crate::json::laid_out;
use crate::pages::deliveries::names::Names;
use crate::pages::webhooks::fields::event_type_name;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::When;
use crate::words::Word;

#[derive(Template)]
#[template(path = "events/show.html")]
struct Show {
    shell: Shell,
    id: String,
    event_type: String,
    event_type_id: &'static str,
    is_test: bool,
    reach: Reach,
    subject: Subject,
    portal: Option<String>,
    occurred_at: When,
    stored_at: When,
    deadline_at: Option<When>,
    data: String,
    standings: Vec<StandingRow>,
    /// Where its partner's webhooks are, if the visitor is of the partner.
    partner_path: Option<String>,
}

/// The event, for the webhooks of the portal that is looked at.
pub(crate) async fn show(State(hub): State<Hub>, view: View, Param(id): Param<EventId>) -> Result<Response, Refusal> {
    let explained = hub.store.explain_event(view.portal.id, &id).await?;
    let (stored, standings) = explained.ok_or(Refusal::NotFound)?;
    let event = &stored.event;
    let portal = Names::of(&hub, &view).await?.portal(&hub, event.portal_id).await?;
    let show = Show {
        shell: view.shell(Area::Events, format!("Event {id}")),
        id: id.to_string(),
        event_type: event_type_name(event.event_type),
        event_type_id: event.event_type.as_str(),
        is_test: event.is_test,
        reach: Reach::of(&standings),
        subject: Subject::of(&view, event),
        portal,
        occurred_at: When(event.occurred_at),
        stored_at: When(stored.stored_at),
        deadline_at: event.deadline_at.map(When),
        data: laid_out(&event.data),
        standings: StandingRow::list(&view, event, &standings),
        partner_path: (!view.is_own()).then(|| format!("/hub/{}/events/{id}", view.own.id)),
    };
    Ok(view.page(&show))
}
