//! How a webhook stands to an event, as it is shown.

use domain::delivery::DeliveryState;
use domain::event::Event;
use domain::why::Standing;

use crate::extract::View;
use crate::words::Words;

/// A webhook, and why the event did or did not arrive there.
pub(crate) struct StandingRow {
    pub(crate) webhook: String,
    pub(crate) webhook_path: Option<String>,
    pub(crate) is_deleted: bool,
    pub(crate) badge: &'static str,
    pub(crate) state: &'static str,
    pub(crate) why: Words,
    pub(crate) delivery_path: Option<String>,
}

impl StandingRow {
    pub(crate) fn new(view: &View, event: &Event, standing: &Standing) -> Self {
        let (state, badge) = state(standing);
        let name = standing.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let path = view.path(format_args!("webhooks/{}", standing.webhook_id));
        StandingRow {
            webhook: name.unwrap_or(standing.webhook_id.as_str()).to_owned(),
            webhook_path: (!standing.is_deleted).then_some(path),
            is_deleted: standing.is_deleted,
            badge,
            state,
            why: Words::of(&standing.explain(event)),
            delivery_path: standing.told.map(|told| view.path(format_args!("deliveries/{}", told.delivery_id))),
        }
    }

    /// The webhooks that are told of, those that were told first.
    pub(crate) fn list(view: &View, event: &Event, standings: &[Standing]) -> Vec<Self> {
        standings.iter().map(|standing| StandingRow::new(view, event, standing)).collect()
    }
}

fn state(standing: &Standing) -> (&'static str, &'static str) {
    match standing.told.map(|told| (told.state, told.attempt_number)) {
        None => ("Not told", "none"),
        Some((DeliveryState::Pending { .. }, 0)) => ("Under way", "none"),
        Some((DeliveryState::Pending { .. }, _)) => ("Under way", "warn"),
        Some((DeliveryState::Held { .. }, _)) => ("Held", "warn"),
        Some((DeliveryState::Delivered { .. }, _)) => ("Delivered", "good"),
        Some((DeliveryState::Failed { .. }, _)) => ("Failed", "bad"),
    }
}
