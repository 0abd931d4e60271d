//! A learner completed content: what is recorded of it, and which telling of it counts.

use contract::time::Millis;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::learner::{MatchedBy, Source};

/// A recorded completion, as `GET /completions` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// Higher than that of every earlier change to the list. A completion that changes gets a new one.
    pub cursor: i64,
    /// The latest event that told of it.
    pub event_id: String,
    /// What was completed. There is one completion for each.
    pub enrollment_id: String,
    /// Where.
    pub portal_id: String,
    /// The content.
    pub lo_id: String,
    /// Who, as the platform counts.
    pub user_id: String,
    /// Who, as people write to them; `None` if the platform knows no such user, or was not asked because there is an external id.
    pub email: Option<String>,
    /// Who, as the integrator's LMS passed it through SCORM; `None` if it passed nothing, or was not asked.
    pub external_id: Option<String>,
    /// Where it was read who it was: from the learning activity if that had an external id, from the enrollment otherwise.
    pub details_from: Source,
    /// Who, as the integrator counts: the external id of somebody in the list of people. `None` while nobody is recognised.
    pub person: Option<String>,
    /// By what they were recognised.
    pub matched_by: Option<MatchedBy>,
    /// `completed`.
    pub status: String,
    /// Whether the learner passed. A completion that was not passed is one, too (decision 10).
    pub pass: bool,
    /// When the learner completed.
    pub completed_at: Millis,
    /// When it was recorded here, or last changed here.
    pub recorded_at: Millis,
    /// When it happened, as the event tells.
    pub event_time: Millis,
}

/// A part of the list, in the order of cursors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionPage {
    /// Those after the cursor that was asked for.
    pub completions: Vec<Completion>,
    /// Where to go on: the last cursor of this page, or the one that was asked for when the page is empty.
    pub next_cursor: i64,
}

/// A completion as one event and one fetch tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) event_id: String,
    pub(crate) event_time: Timestamp,
    pub(crate) details: Details,
}

/// What the platform says of an enrollment that is completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) enrollment_id: String,
    pub(crate) portal_id: String,
    pub(crate) lo_id: String,
    pub(crate) user_id: String,
    pub(crate) email: Option<String>,
    /// What the LMS passed; then the details are from a learning activity.
    pub(crate) external_id: Option<String>,
    pub(crate) pass: bool,
    pub(crate) result: Option<u8>,
    pub(crate) completed_at: Timestamp,
    pub(crate) updated_time: Timestamp,
}

/// A completion as one fetch found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) details: Details,
    /// What the LMS calls the learner, for whoever has to find out who it is.
    pub(crate) name: Option<String>,
    /// What tells who it is and could not be had, and why.
    pub(crate) remark: Option<String>,
}

impl Details {
    /// Where they are from.
    pub(crate) fn source(&self) -> Source {
        if self.external_id.is_some() { Source::LearningActivity } else { Source::Enrollment }
    }
}

impl Telling {
    /// What holds after a further telling: of events the one that happened last, of details the newest. Order of
    /// arrival and of answers says nothing (decision 9).
    pub(crate) fn then(&self, next: Telling) -> Telling {
        let event = if next.event_time > self.event_time { &next } else { self };
        let (event_id, event_time) = (event.event_id.clone(), event.event_time);
        let mut details =
            if next.details.updated_time >= self.details.updated_time { next.details } else { self.details.clone() };
        // A user who can no longer be found is still the same user.
        if details.user_id == self.details.user_id {
            details.email = details.email.or_else(|| self.details.email.clone());
            details.external_id = details.external_id.or_else(|| self.details.external_id.clone());
        }
        Telling { event_id, event_time, details }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A telling with the times and the e-mail address that matter here; the score says whose details they are.
    fn telling(event_id: &str, event_second: i64, result: u8, updated_second: i64, email: Option<&str>) -> Telling {
        let at = |second| Timestamp::from_second(second).unwrap();
        let details = Details {
            enrollment_id: "1".into(),
            portal_id: "2".into(),
            lo_id: "3".into(),
            user_id: "4".into(),
            email: email.map(str::to_owned),
            external_id: email.map(|email| format!("id of {email}")),
            pass: true,
            result: Some(result),
            completed_at: at(0),
            updated_time: at(updated_second),
        };
        Telling { event_id: event_id.into(), event_time: at(event_second), details }
    }

    #[track_caller]
    fn check(first: Telling, next: Telling, event_id: &str, result: u8, email: Option<&str>) {
        let both = first.then(next);
        assert_eq!((both.event_id.as_str(), both.details.result), (event_id, Some(result)));
        assert_eq!(both.details.email.as_deref(), email);
        assert_eq!(both.details.external_id, email.map(|email| format!("id of {email}")));
    }

    #[test]
    fn the_latest_event_and_the_newest_details_count() {
        check(telling("a", 1, 1, 1, None), telling("b", 2, 2, 2, None), "b", 2, None);
        check(telling("b", 2, 2, 2, None), telling("a", 1, 1, 1, None), "b", 2, None);
        // The earlier event was fetched last, when the enrollment had changed once more.
        check(telling("b", 2, 2, 2, None), telling("a", 1, 3, 3, None), "b", 3, None);
    }

    #[test]
    fn at_the_same_time_the_first_event_and_the_last_answer_count() {
        check(telling("a", 1, 1, 1, None), telling("b", 1, 2, 1, None), "a", 2, None);
    }

    #[test]
    fn an_address_or_id_once_known_stays() {
        check(telling("a", 1, 1, 1, Some("x")), telling("b", 2, 2, 2, None), "b", 2, Some("x"));
        check(telling("a", 1, 1, 1, Some("x")), telling("b", 2, 2, 2, Some("y")), "b", 2, Some("y"));
    }

    #[test]
    fn telling_it_twice_changes_nothing() {
        let once = telling("a", 1, 1, 1, Some("x"));
        assert_eq!(once.then(once.clone()), once);
    }
}
