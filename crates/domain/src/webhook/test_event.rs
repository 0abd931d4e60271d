//! Tests of a webhook: events that did not happen, for its owner to see whether the receiver is well. Ours.
//!
//! A test takes the path of every event: signed, retried, held while its webhook is inactive. What it tells of does not
//! exist, so that a receiver that asks for it is told so, and records nothing.

use contract::event_type::EventType;
use contract::events::SampleOf;
use jiff::Timestamp;

use super::Webhook;
use crate::event::{Event, whole_second};
use crate::id::EventId;

/// The number of what a test tells of, be it an enrollment or a learning object. It names nothing: every sequence of
/// numbers begins far above it, in every store.
pub const SUBJECT_ID: i64 = 404;
/// How many tests of one webhook may be under way: whoever asks for more has not looked at the others.
pub const PENDING_MAX: usize = 10;

/// A test of an event type that the webhook is not told of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event_type must be one that the webhook is told of: {}", told_of(.0))]
pub struct NotToldOf(pub Vec<EventType>);

fn told_of(event_types: &[EventType]) -> String {
    event_types.iter().map(|event_type| event_type.as_str()).collect::<Vec<_>>().join(", ")
}

impl Webhook {
    /// A test of this webhook, of `event_type` or else of the first that it is told of.
    pub fn test(&self, event_type: Option<EventType>, id: EventId, at: Timestamp) -> Result<Event, NotToldOf> {
        let asked = |told: &&EventType| event_type.is_none_or(|asked| asked == **told);
        let event_type = *self.event_types.iter().find(asked).ok_or_else(|| NotToldOf(self.event_types.clone()))?;
        let occurred_at = whole_second(at);
        let data = event_type.sample_of(&SampleOf {
            id: SUBJECT_ID.to_string(),
            portal_id: self.portal_id.to_string(),
            event_time: occurred_at.into(),
            integration_system_id: self.integration_system_id.clone().unwrap_or_default(),
        });
        Ok(Event {
            id,
            event_type,
            portal_id: self.portal_id,
            subject_id: SUBJECT_ID,
            data: data.get().to_owned(),
            occurred_at,
            // Nothing is missed if it does not arrive.
            deadline_at: None,
            is_test: true,
        })
    }
}
