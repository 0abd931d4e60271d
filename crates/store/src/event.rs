//! Events: what happened, whom it reached and why not others, and for how long that is kept.

use std::sync::Arc;

use async_trait::async_trait;
use contract::event_type::EventType;
use domain::event::Event;
use domain::id::{EventId, PortalId};
use domain::why::Standing;
use jiff::Timestamp;

use crate::enrollment::TimeRange;
use crate::error::Result;
use crate::page::{Listed, PageRequest};

/// How many events of a list are counted: who asks is told of so many, also when there are more.
pub const COUNTED_MAX: u32 = 10_000;
/// How many webhooks are told of with one event: those that were told first, and deleted ones last.
pub const STANDINGS_MAX: u32 = 500;

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// What happened.
    pub event: Arc<Event>,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// Which events are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// About the enrollment or the learning object with this number.
    pub subject_id: Option<i64>,
    /// Of one of these types.
    pub event_types: Option<Vec<EventType>>,
    /// Stored then. Events are numbered as they are stored: where the clock was set back, this is as good as the clock was.
    pub stored: TimeRange,
}

/// How far a walk over old events has come. Begins with the default, which is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneCursor(pub i64);

/// What a step of pruning came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrunedEvents {
    /// How many events are gone.
    pub events: u64,
    /// Where to go on; `None` at the end, when the next walk begins at the beginning.
    pub next: Option<PruneCursor>,
}

/// Events.
#[async_trait]
pub trait Events: Send + Sync {
    /// Events of the portal and of the portals below it, newest first. No more than [`COUNTED_MAX`] of them are counted.
    async fn list_events(
        &self,
        portal_id: PortalId,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Listed<StoredEvent>>;

    /// An event of the portal or of a portal below it, and how each webhook of the portal itself stands to it: those that
    /// were told first, and at most [`STANDINGS_MAX`].
    async fn explain_event(&self, portal_id: PortalId, id: &EventId) -> Result<Option<(StoredEvent, Vec<Standing>)>>;

    /// Events stored before this may have been pruned; `None` if none ever was.
    async fn find_events_from(&self) -> Result<Option<Timestamp>>;

    /// Deletes events that were stored before `before`, with their deliveries and attempts, in the order of their numbers: one
    /// step of a walk from `cursor` on, of about `rows_max` rows.
    ///
    /// One with a delivery that is pending or held stays, and so does one whose deadline is not before `before`, and the last
    /// event and the last delivery, whose numbers are followed by the next. A step costs the same however many stay: the
    /// next goes on where it stopped.
    async fn prune_events(&self, cursor: PruneCursor, before: Timestamp, rows_max: u32) -> Result<PrunedEvents>;
}
