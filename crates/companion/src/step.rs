//! What happens, step by step, for showing it to people while it happens.
//!
//! Steps are told, not kept: the truth is in the inbox. They hold ids and reasons, never a body, a secret or a person.

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::inbox::State;

/// Something that the companion did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A webhook arrived and is not signed as it should be. Nothing of it is kept.
    Refused {
        /// What is wrong with its signature.
        reason: String,
    },
    /// A webhook arrived and its signature is good.
    Verified {
        /// The event; `None` when the body has no id.
        event_id: Option<String>,
        /// What happened; `None` when the body cannot be read.
        event_type: Option<String>,
        /// Where; `None` when the body does not say.
        portal_id: Option<String>,
        /// Which attempt of the platform this is.
        attempt_number: Option<u32>,
    },
    /// It is on disk, and so the platform was told 200.
    Stored {
        /// The event; `None` when the body has no id.
        event_id: Option<String>,
    },
    /// It was on disk already, and so the platform was told 200.
    Duplicate {
        /// The event; `None` when the body has no id.
        event_id: Option<String>,
    },
    /// The platform told of the enrollment and the learner, asked with the credentials of `portal_id`.
    Fetched {
        /// The event.
        event_id: String,
        /// The portal where it happened, whose credentials were used.
        portal_id: String,
        /// The enrollment.
        enrollment_id: String,
    },
    /// The completion stands in the list.
    Recorded {
        /// The event.
        event_id: String,
        /// The portal where it happened.
        portal_id: String,
        /// The enrollment.
        enrollment_id: String,
        /// Whether the learner passed.
        pass: bool,
        /// Whether the list has changed by it: not when a later event of the same enrollment came first.
        changed: bool,
    },
    /// The details cannot be had now; it is tried again.
    Waiting {
        /// The event.
        event_id: String,
        /// The portal where it happened.
        portal_id: String,
        /// The enrollment.
        enrollment_id: String,
        /// Why not.
        reason: String,
        /// When it is tried again.
        due_at: Timestamp,
    },
    /// Something was done about content that ends.
    Retirement {
        /// Where.
        portal_id: String,
        /// The content.
        lo_id: String,
        /// What was done, as a sentence.
        what: String,
    },
    /// It was tried for the last time, and nothing was recorded.
    GivenUp {
        /// The event.
        event_id: String,
        /// The portal where it happened.
        portal_id: String,
        /// The enrollment.
        enrollment_id: String,
        /// What it is now: [`State::NotCompleted`] or [`State::Unresolved`].
        state: State,
        /// Why.
        reason: String,
    },
}

/// Whoever wants to be told.
pub(crate) struct Steps(Option<mpsc::Sender<Step>>);

impl Steps {
    pub(crate) fn new(sender: Option<mpsc::Sender<Step>>) -> Self {
        Steps(sender)
    }

    /// Tells it without waiting: a listener that is slow misses steps, one that has gone away is not missed.
    pub(crate) fn tell(&self, step: impl FnOnce() -> Step) {
        let Some(sender) = &self.0 else { return };
        if let Err(TrySendError::Full(_)) = sender.try_send(step()) {
            metrics::counter!("companion_steps_missed_total").increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_that_is_slow_misses_steps_and_holds_nobody_up() {
        let (sender, mut receiver) = mpsc::channel(2);
        let steps = Steps::new(Some(sender));
        for reason in ["1", "2", "3"] {
            steps.tell(|| Step::Refused { reason: reason.to_owned() });
        }
        assert_eq!(receiver.try_recv(), Ok(Step::Refused { reason: "1".to_owned() }));
        steps.tell(|| Step::Refused { reason: "4".to_owned() });
        let heard: Vec<Step> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        assert_eq!(heard, ["2", "4"].map(|reason| Step::Refused { reason: reason.to_owned() }));
    }

    #[test]
    fn a_listener_that_has_gone_away_is_not_missed() {
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        Steps::new(Some(sender)).tell(|| Step::Stored { event_id: None });
        Steps::new(None).tell(|| panic!("nobody listens"));
    }
}
