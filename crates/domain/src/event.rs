//! What happened, as it is told.

use contract::event_type::EventType;
use contract::events::enrollment::EnrollmentData;
use jiff::Timestamp;

use crate::enrollment::Enrollment;
use crate::id::{EventId, PortalId};

/// Something that happened in a portal. Born only of a transition, written only with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same wherever it is delivered (decision 7).
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// The portal in which it happened.
    pub portal_id: PortalId,
    /// The number in `data.id`: the enrollment or the learning object that it tells of.
    pub subject_id: i64,
    /// The `data` of the envelope, rendered once: compact JSON.
    pub data: String,
    /// When it happened, to the second.
    pub occurred_at: Timestamp,
    /// Deliveries are not given up before this (decision 3).
    pub deadline_at: Option<Timestamp>,
    /// Whether it is a [test](crate::webhook::test_event): then it did not happen.
    pub is_test: bool,
}

impl Event {
    /// An event that tells of an enrollment. Contract, section 3.2.
    pub fn of_enrollment(id: EventId, event_type: EventType, enrollment: &Enrollment, at: Timestamp) -> Self {
        let occurred_at = whole_second(at);
        let data = EnrollmentData {
            id: enrollment.id.to_string(),
            lo_id: enrollment.lo_id.to_string(),
            portal_id: enrollment.portal_id.to_string(),
            event_time: occurred_at.into(),
        };
        Event {
            id,
            event_type,
            portal_id: enrollment.portal_id,
            subject_id: enrollment.id.0,
            data: serde_json::to_string(&data).expect("strings and instants always serialise"),
            occurred_at,
            deadline_at: None,
            is_test: false,
        }
    }
}

/// Events are stored to the second, as in the published samples. Contract, section 3.2.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("an instant without its fraction is an instant")
}
