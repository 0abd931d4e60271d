//! A delivery on the page of its webhook.

use domain::delivery::{Attempt, Delivery, DeliveryState, FailedReason, Outcome};
use domain::id::WebhookId;
use jiff::Timestamp;

use super::fields::event_type_name;
use super::row;
use crate::when::{When, span};

/// How much of an answer is shown, in characters.
const ANSWER_CHARS_MAX: usize = 500;

/// A delivery: of what, and how far it has come.
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) event_type: String,
    pub(crate) is_test: bool,
    pub(crate) occurred_at: When,
    pub(crate) state: &'static str,
    pub(crate) badge: &'static str,
    pub(crate) at: Option<When>,
    pub(crate) text: String,
    pub(crate) attempt_number: u32,
    pub(crate) is_over: bool,
}

impl Told {
    pub(crate) fn new(delivery: &Delivery, now: Timestamp) -> Self {
        let (state, badge, at, text) = state(delivery, now);
        Told {
            id: delivery.id.to_string(),
            event_id: delivery.event.id.to_string(),
            event_type: event_type_name(delivery.event.event_type),
            is_test: delivery.event.is_test,
            occurred_at: When(delivery.event.occurred_at),
            state,
            badge,
            at: at.map(When),
            text,
            attempt_number: delivery.attempt_number,
            is_over: matches!(delivery.state, DeliveryState::Delivered { .. } | DeliveryState::Failed { .. }),
        }
    }
}

fn state(delivery: &Delivery, now: Timestamp) -> (&'static str, &'static str, Option<Timestamp>, String) {
    match delivery.state {
        DeliveryState::Pending { due_at } if delivery.attempt_number == 0 => (
            "Under way",
            "none",
            None,
            if due_at <= now { "first attempt is due" } else { "first attempt follows" }.to_owned(),
        ),
        DeliveryState::Pending { due_at } => {
            let number = delivery.attempt_number;
            ("Under way", "warn", Some(due_at), format!("attempt {number} did not arrive yet; next one by"))
        }
        DeliveryState::Held { reason } => {
            let (_, why, _) = row::status(domain::webhook::WebhookStatus::Inactive(reason));
            ("Held", "warn", None, why.to_owned())
        }
        DeliveryState::Delivered { at } => ("Delivered", "good", Some(at), String::new()),
        DeliveryState::Failed { at, reason } => {
            let why = match reason {
                FailedReason::Exhausted => "every attempt of the schedule failed",
                FailedReason::WebhookDeleted => "the webhook was deleted",
            };
            ("Failed", "bad", Some(at), why.to_owned())
        }
    }
}

/// An attempt of a delivery.
pub(crate) struct AttemptRow {
    pub(crate) number: u32,
    pub(crate) at: When,
    pub(crate) took: String,
    pub(crate) badge: &'static str,
    pub(crate) outcome: String,
    pub(crate) answer: String,
}

impl AttemptRow {
    pub(crate) fn new(attempt: &Attempt) -> Self {
        let (outcome, answer) = match &attempt.outcome {
            Outcome::Answered(answer) => {
                let text = String::from_utf8_lossy(&answer.body);
                let mut shown: String = text.chars().take(ANSWER_CHARS_MAX).collect();
                if answer.truncated || text.chars().nth(ANSWER_CHARS_MAX).is_some() {
                    shown.push('…');
                }
                (answer.status.to_string(), shown)
            }
            Outcome::Failed(failure) => (failure.kind.as_str().replace('_', " "), failure.detail.clone()),
        };
        AttemptRow {
            number: attempt.number,
            at: When(attempt.started_at),
            took: span(attempt.took),
            badge: if attempt.outcome.is_success() { "good" } else { "bad" },
            outcome,
            answer,
        }
    }
}

/// A test that was asked for: its delivery and its attempts.
pub(crate) struct Test {
    pub(crate) told: Told,
    pub(crate) attempts: Vec<AttemptRow>,
    pub(crate) path: String,
}

impl Test {
    pub(crate) fn new(
        delivery: &Delivery,
        attempts: &[Attempt],
        webhook_id: &WebhookId,
        path: String,
        now: Timestamp,
    ) -> Option<Self> {
        let is_it = delivery.webhook_id == *webhook_id && delivery.event.is_test;
        is_it.then(|| Test {
            told: Told::new(delivery, now),
            attempts: attempts.iter().map(AttemptRow::new).collect(),
            path,
        })
    }
}
