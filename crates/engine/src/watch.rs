//! What the engine shows of itself: counters, and one log line for each attempt.

use std::time::Duration;

use domain::delivery::{Answer, FailureKind, FinishedAttempt, Outcome};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tracing::{debug, info};

/// Handles of the metrics, looked up once.
pub(crate) struct Watch {
    answered: [Counter; 6],
    failed: [Counter; FailureKind::ALL.len()],
    attempt_seconds: Histogram,
    /// Attempts that were begun and not yet recorded.
    pub(crate) in_flight: Gauge,
    /// For how long the oldest due delivery has been due.
    pub(crate) lag_seconds: Gauge,
    /// Attempts that were made and not recorded, because somebody else has the delivery.
    pub(crate) leases_lost: Counter,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let attempts = |outcome| counter!("attempts_total", "outcome" => outcome);
        Watch {
            answered: ["other", "1xx", "2xx", "3xx", "4xx", "5xx"].map(attempts),
            failed: FailureKind::ALL.map(|kind| attempts(kind.as_str())),
            attempt_seconds: histogram!("attempt_seconds"),
            in_flight: gauge!("deliveries_in_flight"),
            lag_seconds: gauge!("delivery_lag_seconds"),
            leases_lost: counter!("leases_lost_total"),
        }
    }

    /// Counts an attempt and writes its line: successes at `debug`, so that a busy system is not flooded.
    pub(crate) fn attempted(&self, attempt: &FinishedAttempt) {
        match &attempt.outcome {
            Outcome::Answered(answer) => {
                let class = usize::from(answer.status / 100);
                self.answered[if class < self.answered.len() { class } else { 0 }].increment(1);
            }
            Outcome::Failed(failure) => self.failed[failure.kind as usize].increment(1),
        }
        self.attempt_seconds.record(Duration::try_from(attempt.took).unwrap_or_default());
        write_line(attempt);
    }
}

fn write_line(FinishedAttempt { lease, took, outcome, next, .. }: &FinishedAttempt) {
    // One list of fields for the three lines: they are found by the same searches.
    macro_rules! line {
        ($level:ident, $($what:tt)+) => {
            $level!(
                event_id = %lease.event.id,
                event_type = lease.event.event_type.as_str(),
                portal_id = lease.webhook.portal_id.0,
                webhook_id = %lease.webhook.id,
                attempt_number = lease.attempt_number,
                latency_ms = took.as_millis() as u64,
                $($what)+,
                lease.attempt_number,
                lease.event.id,
                lease.webhook.id,
            )
        };
    }
    match outcome {
        Outcome::Answered(Answer { status, .. }) if outcome.is_success() => {
            line!(debug, status, "attempt {} of event {} at webhook {}: delivered");
        }
        Outcome::Answered(Answer { status, .. }) => {
            line!(info, status, ?next, "attempt {} of event {} at webhook {}: refused");
        }
        Outcome::Failed(failure) => {
            line!(
                info,
                failure = failure.kind.as_str(),
                detail = failure.detail,
                ?next,
                "attempt {} of event {} at webhook {}: no answer"
            );
        }
    }
}
