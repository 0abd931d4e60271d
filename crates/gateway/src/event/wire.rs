//! Events as they are written.

use contract::api::event as api;
use domain::event::Event;
use domain::why::{NotTold, Standing};
use store::event::StoredEvent;

use crate::delivery::wire::{self, Stands};

/// An event as it is listed.
pub(super) fn event(stored: StoredEvent) -> api::Event {
    let event = &stored.event;
    api::Event {
        id: event.id.to_string(),
        event_type: event.event_type.to_string(),
        portal_id: event.portal_id.to_string(),
        data: serde_json::from_str(&event.data).unwrap_or_default(),
        created_time: stored.stored_at.into(),
        test: event.is_test,
        deadline_time: event.deadline_at.map(Into::into),
        webhooks: None,
    }
}

/// An event with what became of it.
pub(super) fn explained((stored, standings): (StoredEvent, Vec<Standing>)) -> api::Event {
    let webhooks = standings.into_iter().map(|standing| webhook(&stored.event, standing)).collect();
    api::Event { webhooks: Some(webhooks), ..event(stored) }
}

fn webhook(event: &Event, standing: Standing) -> api::EventWebhook {
    let explanation = standing.explain(event);
    let Stands { status, reason, due_at, finished_at } = match standing.told {
        Some(told) => wire::stands(told.state),
        None => {
            let reason = standing.not_told(event).map(NotTold::as_str);
            Stands { status: "not_told", reason, ..Stands::default() }
        }
    };
    api::EventWebhook {
        webhook_id: standing.webhook_id.to_string(),
        name: standing.name,
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        explanation,
        delivery_id: standing.told.map(|told| told.delivery_id.to_string()),
        attempt_number: standing.told.map(|told| told.attempt_number),
        due_time: due_at.map(Into::into),
        finished_time: finished_at.map(Into::into),
    }
}
