//! Why an event did, or did not, reach a webhook: the one place that says it.
//!
//! What counts is what was true when the event was born, not what is true now: the store keeps for every webhook what
//! decided then ([`Then`]), and the rules here make a reason of it.

use contract::event_type::EventType;
use contract::time::Millis;
use jiff::Timestamp;

use crate::delivery::{DeliveryState, FailedReason};
use crate::enrollment::{Enrollment, Status};
use crate::event::Event;
use crate::id::{DeliveryId, WebhookId};
use crate::webhook::{InactiveReason, WebhookStatus};

/// What a webhook was when an event was born.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// There was none yet.
    NotThere,
    /// It is not known: nobody kept it at that time.
    NotKept,
    /// What decided whether it is told.
    Was {
        /// What it was told of.
        event_types: Vec<EventType>,
        /// Whether it was told.
        status: WebhookStatus,
    },
}

/// A delivery, as far as it says whether the event arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Names it.
    pub delivery_id: DeliveryId,
    /// How many attempts were begun.
    pub attempt_number: u32,
    /// Where it stands.
    pub state: DeliveryState,
}

/// How one webhook stands to one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// What people call it.
    pub name: Option<String>,
    /// What it was when the event was born.
    pub then: Then,
    /// Its delivery of the event: the one under way, else one that arrived, else the last that failed. `None` if it was not told.
    pub told: Option<Told>,
    /// Whether it is deleted by now, so that nothing can be told to it any more.
    pub is_deleted: bool,
}

/// Why a webhook was not told of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTold {
    /// It was made after the event.
    MadeLater,
    /// It was not subscribed to the event type then.
    NotSubscribed,
    /// Its owner had made it inactive then.
    Inactive,
    /// It was deleted already.
    Deleted,
    /// The event was a test of another webhook.
    TestOfAnother,
    /// Nobody kept what it was then.
    Unknown,
}

impl NotTold {
    /// Every reason.
    pub const ALL: [NotTold; 6] = [
        NotTold::MadeLater,
        NotTold::NotSubscribed,
        NotTold::Inactive,
        NotTold::Deleted,
        NotTold::TestOfAnother,
        NotTold::Unknown,
    ];

    /// The spelling in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            NotTold::MadeLater => "made_later",
            NotTold::NotSubscribed => "not_subscribed",
            NotTold::Inactive => "inactive",
            NotTold::Deleted => "deleted",
            NotTold::TestOfAnother => "test_of_another",
            NotTold::Unknown => "unknown",
        }
    }

    /// A sentence for people that says why.
    fn why(self, event_type: EventType) -> String {
        match self {
            NotTold::MadeLater => "The webhook was made after this event.".to_owned(),
            NotTold::NotSubscribed => {
                format!("The webhook was not subscribed to {event_type} when this happened.")
            }
            NotTold::Inactive => "The webhook was inactive when this happened, because its owner had made it so: such \
                 events are not kept for it."
                .to_owned(),
            NotTold::Deleted => "The webhook had been deleted when this happened.".to_owned(),
            NotTold::TestOfAnother => "The event was a test of another webhook.".to_owned(),
            NotTold::Unknown => "What the webhook was subscribed to when this happened was not kept.".to_owned(),
        }
    }

    /// A sentence that says what to do, if there is anything.
    const fn advice(self) -> Option<&'static str> {
        match self {
            NotTold::MadeLater => Some("To tell it of old events, replay all since a time before them."),
            NotTold::NotSubscribed => {
                Some("Subscribe it, and replay all since then if it should hear of this event too.")
            }
            NotTold::Inactive => Some(
                "Replay all since then if it should hear of this event; pause a webhook instead to have its events kept.",
            ),
            NotTold::Deleted => Some(MAKE_ANOTHER),
            NotTold::TestOfAnother => None,
            NotTold::Unknown => Some("Replay all since then if it should hear of this event."),
        }
    }
}

/// What to do where nothing can be told to the webhook any more.
const MAKE_ANOTHER: &str = "Nothing can be told to a deleted webhook: if its receiver should hear of this event, make another \
     webhook, and replay all since then to that one.";

impl Standing {
    /// Why the webhook was not told of the event, if it was not.
    pub fn not_told(&self, event: &Event) -> Option<NotTold> {
        if self.told.is_some() {
            return None;
        }
        Some(match &self.then {
            Then::NotThere => NotTold::MadeLater,
            Then::NotKept => NotTold::Unknown,
            Then::Was { status: WebhookStatus::Inactive(InactiveReason::Deleted), .. } => NotTold::Deleted,
            Then::Was { .. } if event.is_test => NotTold::TestOfAnother,
            Then::Was { status, .. } if !status.receives_events() => NotTold::Inactive,
            Then::Was { event_types, .. } if !event_types.contains(&event.event_type) => NotTold::NotSubscribed,
            Then::Was { .. } => NotTold::Unknown,
        })
    }

    /// A sentence or two for people: where the delivery stands or why there is none, and what to do.
    pub fn explain(&self, event: &Event) -> String {
        let reason = self.not_told(event).unwrap_or(NotTold::Unknown);
        let (why, advice) = match self.told {
            Some(told) => told.explain(),
            None => (reason.why(event.event_type), reason.advice().map(str::to_owned)),
        };
        match advice {
            None => why,
            Some(_) if self.is_deleted => format!("{why} {MAKE_ANOTHER}"),
            Some(advice) => format!("{why} {advice}"),
        }
    }
}

/// What is said of a delivery that may be due for long: lanes are in memory, and not known here.
const OVERDUE: &str = "If that is past, others go before it, or the receiver fails so often that it is only tried now and \
     then: once that is mended, set the webhook to active again, and it is tried at once.";

impl Told {
    /// Where the delivery stands, and what to do about it, if there is anything.
    fn explain(self) -> (String, Option<String>) {
        let number = self.attempt_number;
        match self.state {
            DeliveryState::Pending { due_at } if number == 0 => {
                (format!("It waits for its first attempt, due at {}. {OVERDUE}", Millis(due_at)), None)
            }
            DeliveryState::Pending { due_at } => {
                let why = format!(
                    "Attempt {number} has not succeeded, or is being made. The next is due at {}: see delivery {} for \
                     what the receiver answered. {OVERDUE}",
                    Millis(due_at),
                    self.delivery_id
                );
                (why, None)
            }
            DeliveryState::Held { reason } => (held(reason).to_owned(), None),
            DeliveryState::Delivered { at } => (format!("It arrived at {}, with attempt {number}.", Millis(at)), None),
            DeliveryState::Failed { at, reason: FailedReason::Exhausted } => {
                let advice = format!(
                    "Delivery {} says what the receiver answered; mend that, then replay it.",
                    self.delivery_id
                );
                (format!("It was given up at {}, after attempt {number}.", Millis(at)), Some(advice))
            }
            DeliveryState::Failed { reason: FailedReason::WebhookDeleted, .. } => {
                ("The webhook was deleted before it arrived.".to_owned(), Some(MAKE_ANOTHER.to_owned()))
            }
        }
    }
}

fn held(reason: InactiveReason) -> &'static str {
    match reason {
        InactiveReason::Owner => {
            "It is kept, because the webhook was made inactive meanwhile. Make it active, and the event goes out."
        }
        InactiveReason::Paused => "It is kept, because the webhook is paused. Resume it, and the event goes out.",
        InactiveReason::Gone => {
            "It is kept: the receiver answered 410 Gone, which stopped the webhook. Mend the receiver or the address, \
             then make the webhook active."
        }
        InactiveReason::Failing => {
            "It is kept: for days nothing but failures came of the webhook, which stopped it. Mend the receiver, then \
             make the webhook active."
        }
        InactiveReason::Deleted => "The webhook was deleted before it arrived.",
    }
}

/// Why there is no event of an enrollment's completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCompletion {
    /// There is no such enrollment, or it was deleted.
    NoSuchEnrollment,
    /// The learner has not completed it.
    NotCompleted,
    /// It is a part of a course, and the portal does not tell of parts (decision 11).
    PartOfCourse,
    /// The event would be older than events are kept.
    NotKept,
    /// None that is known.
    Unknown,
}

impl NoCompletion {
    /// The spelling in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            NoCompletion::NoSuchEnrollment => "no_such_enrollment",
            NoCompletion::NotCompleted => "not_completed",
            NoCompletion::PartOfCourse => "part_of_course",
            NoCompletion::NotKept => "not_kept",
            NoCompletion::Unknown => "unknown",
        }
    }

    /// A sentence or two for people: why, and what to do.
    pub const fn explain(self) -> &'static str {
        match self {
            NoCompletion::NoSuchEnrollment => "There is no such enrollment: it was deleted, or never was.",
            NoCompletion::NotCompleted => {
                "The enrollment is not completed. enrollment.complete is published when its status becomes completed."
            }
            NoCompletion::PartOfCourse => {
                "The enrollment is a part of a course, and the portal did not tell of parts when it was completed. Set \
                 child_enrollment_events of the portal to be told of later ones; this one is in GET /enrollments."
            }
            NoCompletion::NotKept => {
                "The enrollment is older than events are kept, so its events may have been pruned. It is in \
                 GET /enrollments."
            }
            NoCompletion::Unknown => {
                "The enrollment is completed and there is no event. This should not be: ask the operator."
            }
        }
    }
}

/// Why there is no `enrollment.complete` of an enrollment. `tells_of_parts` is the portal's setting now; events stored before
/// `kept_from` may have been pruned.
pub fn why_no_completion(
    enrollment: Option<&Enrollment>,
    tells_of_parts: bool,
    kept_from: Option<Timestamp>,
) -> NoCompletion {
    let Some(enrollment) = enrollment else { return NoCompletion::NoSuchEnrollment };
    if enrollment.progress.status() != Status::Completed {
        return NoCompletion::NotCompleted;
    }
    let is_part = enrollment.parent_id.is_some();
    if is_part && !tells_of_parts {
        return NoCompletion::PartOfCourse;
    }
    // When exactly it was completed is not known: its end date is what somebody reported. It was not before it was made.
    if kept_from.is_some_and(|kept_from| enrollment.created_at < kept_from) {
        return NoCompletion::NotKept;
    }
    if is_part { NoCompletion::PartOfCourse } else { NoCompletion::Unknown }
}

#[cfg(test)]
mod tests;
