//! Deliveries looked through from the newest on, at a cost that does not grow with how many there are.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use contract::event_type::EventType;
use domain::delivery::{Delivery, DeliveryState};
use domain::id::{DeliveryId, EventId, PortalId, WebhookId};
use jiff::Timestamp;

use crate::enrollment::TimeRange;
use crate::error::Result;

/// How many deliveries are looked at in one step of a search: what is rare is found in several.
pub const LOOKED_AT_MAX: u32 = 10_000;

/// Which deliveries are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliverySearch {
    /// To this webhook, deleted or not.
    pub webhook_id: Option<WebhookId>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// Of events about the enrollment or the learning object with this number.
    pub subject_id: Option<i64>,
    /// Of events of this portal: the own one or one below it.
    pub event_portal_id: Option<PortalId>,
    /// Of events of this type.
    pub event_type: Option<EventType>,
    /// That stand there.
    pub status: Option<DeliveryStatus>,
    /// Of events that were stored then.
    pub stored: TimeRange,
}

/// Where a delivery stands, without what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// To be attempted.
    Pending,
    /// Kept until its webhook is active again.
    Held,
    /// It arrived.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [DeliveryStatus; 4] =
        [DeliveryStatus::Pending, DeliveryStatus::Held, DeliveryStatus::Delivered, DeliveryStatus::Failed];

    /// The spelling in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Pending => "pending",
            DeliveryStatus::Held => "held",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Failed => "failed",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        DeliveryStatus::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Where a delivery stands.
    pub const fn of(state: &DeliveryState) -> Self {
        match state {
            DeliveryState::Pending { .. } => DeliveryStatus::Pending,
            DeliveryState::Held { .. } => DeliveryStatus::Held,
            DeliveryState::Delivered { .. } => DeliveryStatus::Delivered,
            DeliveryState::Failed { .. } => DeliveryStatus::Failed,
        }
    }
}

impl DeliverySearch {
    /// Whether a delivery is one of those that are wanted, as far as it shows that itself: not by when its event was stored.
    pub fn wants(&self, delivery: &Delivery) -> bool {
        let event = &delivery.event;
        self.webhook_id.as_ref().is_none_or(|id| *id == delivery.webhook_id)
            && self.event_id.as_ref().is_none_or(|id| *id == event.id)
            && self.subject_id.is_none_or(|id| id == event.subject_id)
            && self.event_portal_id.is_none_or(|id| id == event.portal_id)
            && self.event_type.is_none_or(|event_type| event_type == event.event_type)
            && self.status.is_none_or(|status| status == DeliveryStatus::of(&delivery.state))
    }
}

/// How far a search has come: before the delivery that it names. It is the same when more is stored meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryCursor {
    /// The number of the event within the database.
    pub event_no: i64,
    /// The delivery.
    pub delivery_id: DeliveryId,
}

impl fmt::Display for DeliveryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.event_no, self.delivery_id)
    }
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list of deliveries")]
pub struct NotACursor;

impl FromStr for DeliveryCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> std::result::Result<Self, NotACursor> {
        let (event_no, delivery_id) = text.split_once('-').ok_or(NotACursor)?;
        let event_no = event_no.parse().map_err(|_| NotACursor)?;
        Ok(DeliveryCursor { event_no, delivery_id: delivery_id.parse().map_err(|_| NotACursor)? })
    }
}

/// What one step of a search came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundDeliveries {
    /// What was found, the newest event first, and of one event the newest delivery first.
    pub items: Vec<Delivery>,
    /// Where to go on; `None` at the end.
    pub next: Option<DeliveryCursor>,
    /// When the event happened at which the step ended, if it ended because it had looked at [`LOOKED_AT_MAX`].
    pub looked_until: Option<Timestamp>,
}

/// Deliveries looked through.
#[async_trait]
pub trait DeliverySearches: Send + Sync {
    /// The newest deliveries to webhooks of the portal that are wanted, from `before` on, up to `limit` of them. Counts nothing, and
    /// looks at no more than about [`LOOKED_AT_MAX`]: so there may be a `next` where nothing was found.
    ///
    /// What failed is found without looking at what did not, and so is what is pending or held, as long as that is no more than
    /// [`LOOKED_AT_MAX`]. What is pending for a deleted webhook has failed, and is found among what failed once that is written
    /// down, which takes moments.
    async fn search_deliveries(
        &self,
        portal_id: PortalId,
        search: &DeliverySearch,
        before: Option<DeliveryCursor>,
        limit: u32,
    ) -> Result<FoundDeliveries>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor = DeliveryCursor { event_no: 12, delivery_id: DeliveryId(345) };
        assert_eq!((cursor.to_string().as_str(), "12-345".parse()), ("12-345", Ok(cursor)));
        for strange in ["", "-", "12", "12-", "-345", "12-345-6", "12-x", "12--345", "99999999999999999999-1"] {
            assert_eq!(strange.parse::<DeliveryCursor>(), Err(NotACursor), "{strange}");
        }
    }

    #[test]
    fn a_status_is_read_as_it_is_written() {
        for status in DeliveryStatus::ALL {
            assert_eq!(DeliveryStatus::read(status.as_str()), Some(status));
        }
        assert_eq!(DeliveryStatus::read("open"), None);
    }
}
