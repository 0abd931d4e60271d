//! The attempts of a delivery, one after the other, also those of which nothing was recorded.

use axum::http::StatusCode;
use domain::delivery::{Answer, Failure};
use domain::delivery::{Attempt, Delivery, DeliveryState, FailureKind, Outcome};
use jiff::Timestamp;

use crate::when::{When, span};

/// How many attempts are shown, the last ones: a replay of a replay goes on counting.
const SHOWN: usize = 100;

/// An attempt as it is shown.
pub(super) enum AttemptRow {
    /// It came to an end.
    Recorded(Recorded),
    /// It was begun, and nobody knows how it ended.
    Lost { number: u32 },
    /// It is being made, or the node that began it has died.
    UnderWay { number: u32, until: When },
}

/// An attempt that came to an end.
pub(super) struct Recorded {
    pub(super) number: u32,
    pub(super) at: When,
    pub(super) took: String,
    /// How long after the one before, if there was one.
    pub(super) after: Option<String>,
    pub(super) badge: &'static str,
    /// Such as "500 Internal Server Error", or what kind of trouble there was.
    pub(super) outcome: String,
    /// What the receiver answered, or more about the trouble.
    pub(super) text: String,
    pub(super) is_answer: bool,
    pub(super) is_truncated: bool,
    /// The headers of the answer, a line each, where they are kept.
    pub(super) headers: String,
    pub(super) asked_to_wait: Option<String>,
}

/// The attempts, the last one first. `base` is the last number of the deliveries of this event before this one.
pub(super) fn rows(delivery: &Delivery, attempts: &[Attempt], base: u32, now: Timestamp) -> Vec<AttemptRow> {
    let mut rows = Vec::new();
    let mut before: Option<&Attempt> = None;
    let first = (base + 1).max(delivery.attempt_number.saturating_sub(SHOWN as u32 - 1));
    for number in first..=delivery.attempt_number {
        let attempt = attempts.iter().find(|attempt| attempt.number == number);
        rows.push(match (attempt, delivery.state) {
            (Some(attempt), _) => AttemptRow::Recorded(recorded(attempt, before)),
            (None, DeliveryState::Pending { due_at }) if number == delivery.attempt_number && now <= due_at => {
                AttemptRow::UnderWay { number, until: When(due_at) }
            }
            (None, _) => AttemptRow::Lost { number },
        });
        before = attempt.or(before);
    }
    rows.reverse();
    rows
}

fn recorded(attempt: &Attempt, before: Option<&Attempt>) -> Recorded {
    let is_success = attempt.outcome.is_success();
    let common = Recorded {
        number: attempt.number,
        at: When(attempt.started_at),
        took: span(attempt.took),
        after: before.map(|before| span(attempt.started_at.duration_since(before.started_at))),
        badge: if is_success { "good" } else { "bad" },
        outcome: String::new(),
        text: String::new(),
        is_answer: false,
        is_truncated: false,
        headers: String::new(),
        asked_to_wait: None,
    };
    match &attempt.outcome {
        Outcome::Answered(Answer { status, retry_after, body, truncated, headers }) => Recorded {
            outcome: status_text(*status),
            text: String::from_utf8_lossy(body).into_owned(),
            is_answer: true,
            is_truncated: *truncated,
            headers: headers.clone(),
            asked_to_wait: retry_after.map(span),
            ..common
        },
        Outcome::Failed(Failure { kind, detail }) => {
            Recorded { outcome: failure(*kind).to_owned(), text: detail.clone(), ..common }
        }
    }
}

fn status_text(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

const fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::AddressRefused => "Address not allowed",
        FailureKind::NameResolution => "Host name not found",
        FailureKind::Connect => "No connection",
        FailureKind::Tls => "TLS failed",
        FailureKind::LegacyTls => "Only outdated TLS",
        FailureKind::Timeout => "Took too long",
        FailureKind::Protocol => "Connection broke",
        FailureKind::Token => "No token",
        FailureKind::Proxy => "Our proxy failed",
        FailureKind::Request => "Request not possible",
    }
}
