//! The list of event types: what can happen, and what each says of itself.
//!
//! One line here and one file in [`events`](crate::events) make an event type; validation, samples, the
//! documentation and the API description all follow from [`EventType::ALL`].

use std::fmt;
use std::str::FromStr;

use serde_json::value::RawValue;

use crate::events::{SampleOf, content, enrollment, library};

/// What happened. Contract, section 2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// A learner completed content.
    EnrollmentComplete,
    /// An enrollment was created.
    EnrollmentCreate,
    /// An enrollment was deleted.
    EnrollmentDelete,
    /// Content was flagged for removal at a date.
    ContentDecommission,
    /// Content will be retired before it is removed.
    ContentDecommissionPending,
    /// Content became available again or for the first time.
    ContentAdd,
    /// Content is gone.
    ContentRemove,
    /// Content was added to a portal's library.
    ContentLibraryAdd,
    /// Content was taken out of a portal's library.
    ContentLibraryRemove,
    /// Content in a portal's library changed.
    ContentLibraryUpdate,
    /// Content in a portal's library was flagged for removal.
    ContentLibraryDecommission,
    /// An integration is asked to synchronise its copy of the library.
    ContentLibrarySyncRequest,
}

/// A text that names no event type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown event type {0:?}, known are: {known}", known = known())]
pub struct UnknownEventType(pub String);

fn known() -> String {
    EventType::ALL.map(EventType::as_str).join(", ")
}

impl EventType {
    /// Every event type, in the order in which they are shown to people.
    pub const ALL: [EventType; 12] = [
        EventType::EnrollmentComplete,
        EventType::EnrollmentCreate,
        EventType::EnrollmentDelete,
        EventType::ContentDecommission,
        EventType::ContentDecommissionPending,
        EventType::ContentAdd,
        EventType::ContentRemove,
        EventType::ContentLibraryAdd,
        EventType::ContentLibraryRemove,
        EventType::ContentLibraryUpdate,
        EventType::ContentLibraryDecommission,
        EventType::ContentLibrarySyncRequest,
    ];

    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventType::EnrollmentComplete => "enrollment.complete",
            EventType::EnrollmentCreate => "enrollment.create",
            EventType::EnrollmentDelete => "enrollment.delete",
            EventType::ContentDecommission => "content.decommission",
            EventType::ContentDecommissionPending => "content.decommission.pending",
            EventType::ContentAdd => "content.add",
            EventType::ContentRemove => "content.remove",
            EventType::ContentLibraryAdd => "content.library.add",
            EventType::ContentLibraryRemove => "content.library.remove",
            EventType::ContentLibraryUpdate => "content.library.update",
            EventType::ContentLibraryDecommission => "content.library.decommission",
            EventType::ContentLibrarySyncRequest => "content.library.sync.request",
        }
    }

    /// Whether `data.id` names an enrollment; a learning object otherwise.
    pub const fn is_about_enrollment(self) -> bool {
        match self {
            EventType::EnrollmentComplete | EventType::EnrollmentCreate | EventType::EnrollmentDelete => true,
            EventType::ContentDecommission
            | EventType::ContentDecommissionPending
            | EventType::ContentAdd
            | EventType::ContentRemove
            | EventType::ContentLibraryAdd
            | EventType::ContentLibraryRemove
            | EventType::ContentLibraryUpdate
            | EventType::ContentLibraryDecommission
            | EventType::ContentLibrarySyncRequest => false,
        }
    }

    /// One sentence for people who choose event types.
    pub const fn description(self) -> &'static str {
        match self {
            EventType::EnrollmentComplete => "A learner completed content, passed or not.",
            EventType::EnrollmentCreate => "An enrollment was created, usually because a learner started.",
            EventType::EnrollmentDelete => "An enrollment was deleted.",
            EventType::ContentDecommission => "Content was flagged for removal; it is gone at remove_time.",
            EventType::ContentDecommissionPending => {
                "Content is retiring soon: no new enrollments from retire_time, gone at remove_time."
            }
            EventType::ContentAdd => "Content became available, or its removal was withdrawn.",
            EventType::ContentRemove => "Content was removed and can no longer be played.",
            EventType::ContentLibraryAdd => "Content was added to the portal's library.",
            EventType::ContentLibraryRemove => "Content was taken out of the portal's library.",
            EventType::ContentLibraryUpdate => "Content in the portal's library changed.",
            EventType::ContentLibraryDecommission => "Content in the portal's library was flagged for removal.",
            EventType::ContentLibrarySyncRequest => {
                "An integration should synchronise its copy of the library; needs integration_system_id."
            }
        }
    }

    /// The `data` of a sample event, with the values of the published samples where there are any.
    pub fn sample(self) -> Box<RawValue> {
        match self {
            EventType::EnrollmentComplete | EventType::EnrollmentCreate | EventType::EnrollmentDelete => {
                json(enrollment::EnrollmentData::sample())
            }
            EventType::ContentDecommission => json(content::DecommissionData::sample()),
            EventType::ContentDecommissionPending => json(content::DecommissionPendingData::sample()),
            EventType::ContentAdd
            | EventType::ContentRemove
            | EventType::ContentLibraryAdd
            | EventType::ContentLibraryRemove
            | EventType::ContentLibraryUpdate
            | EventType::ContentLibraryDecommission => json(content::ContentData::sample()),
            EventType::ContentLibrarySyncRequest => json(library::SyncRequestData::sample()),
        }
    }

    /// The `data` of an event that would tell of this.
    pub fn sample_of(self, of: &SampleOf) -> Box<RawValue> {
        match self {
            EventType::EnrollmentComplete | EventType::EnrollmentCreate | EventType::EnrollmentDelete => {
                json(enrollment::EnrollmentData::sample_of(of))
            }
            EventType::ContentDecommission => json(content::DecommissionData::sample_of(of)),
            EventType::ContentDecommissionPending => json(content::DecommissionPendingData::sample_of(of)),
            EventType::ContentAdd
            | EventType::ContentRemove
            | EventType::ContentLibraryAdd
            | EventType::ContentLibraryRemove
            | EventType::ContentLibraryUpdate
            | EventType::ContentLibraryDecommission => json(content::ContentData::sample_of(of)),
            EventType::ContentLibrarySyncRequest => json(library::SyncRequestData::sample_of(of)),
        }
    }
}

fn json(sample: impl serde::Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(&sample).expect("samples are structs of strings and instants")
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownEventType;

    /// Reads an event type, also in the older spelling `enrolment` (decision 32).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let older = text.strip_prefix("enrolment.").map(|verb| format!("enrollment.{verb}"));
        let spelled = older.as_deref().unwrap_or(text);
        EventType::ALL
            .into_iter()
            .find(|event_type| event_type.as_str() == spelled)
            .ok_or_else(|| UnknownEventType(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_type_reads_back_what_it_writes() {
        for event_type in EventType::ALL {
            assert_eq!(event_type.as_str().parse(), Ok(event_type));
        }
    }

    #[test]
    fn the_older_spelling_is_read_and_not_written() {
        assert_eq!("enrolment.complete".parse(), Ok(EventType::EnrollmentComplete));
    }

    #[test]
    fn spelling_is_exact() {
        for text in ["", "enrollment.completed", "Enrollment.Complete", " enrollment.complete"] {
            assert_eq!(text.parse::<EventType>(), Err(UnknownEventType(text.to_owned())));
        }
    }

    #[test]
    fn samples_of_all_event_types_keep_their_shape() {
        let samples = EventType::ALL.map(|event_type| format!("{event_type} {}", event_type.sample()));
        insta::assert_snapshot!(samples.join("\n"));
    }

    #[test]
    fn a_sample_of_something_has_the_fields_of_the_sample() {
        let fields = |data: &RawValue| -> Vec<String> {
            let data: serde_json::Map<String, serde_json::Value> = serde_json::from_str(data.get()).unwrap();
            assert!(data.values().all(serde_json::Value::is_string));
            data.keys().cloned().collect()
        };
        let of = SampleOf {
            id: "404".to_owned(),
            portal_id: "11861197".to_owned(),
            event_time: crate::time::Millis("2022-11-24T22:42:20Z".parse().unwrap()),
            integration_system_id: "int_AzuTsRz".to_owned(),
        };
        for event_type in EventType::ALL {
            assert_eq!(fields(&event_type.sample_of(&of)), fields(&event_type.sample()), "{event_type}");
        }
        let content = SampleOf { id: "3511433".to_owned(), portal_id: "36184809".to_owned(), ..of };
        for event_type in [EventType::ContentDecommission, EventType::ContentDecommissionPending] {
            assert_eq!(event_type.sample_of(&content).get(), event_type.sample().get());
        }
    }
}
