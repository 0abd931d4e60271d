//! What the engine shows of itself: counters, and one log line for each attempt.

use std::time::Duration;

use domain::delivery::{Answer, FailureKind, FinishedAttempt, Outcome};
use jiff::Timestamp;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tracing::{debug, info};

use crate::lane::Turned;

/// Handles of the metrics, looked up once.
pub(crate) struct Watch {
    answered: [Counter; 6],
    failed: [Counter; FailureKind::ALL.len()],
    attempt_seconds: Histogram,
    /// Attempts that were begun and not yet recorded.
    pub(crate) in_flight: Gauge,
    /// Lanes whose deliveries are held because their circuit is open.
    pub(crate) lanes_open: Gauge,
    /// How many attempts a lane with something due may have in flight, in the mean.
    pub(crate) lane_limit: Gauge,
    /// For how long the oldest due delivery that is not held has been due.
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
            lanes_open: gauge!("lanes_open"),
            lane_limit: gauge!("lane_limit"),
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

    /// Writes that the attempt turned the circuit of its lane. That a probe failed is told by the line of the attempt.
    pub(crate) fn turned(&self, attempt: &FinishedAttempt, turned: Turned) {
        match turned {
            Turned::Opened { until } => write_opened(attempt, until),
            Turned::Reopened { until } => {
                debug!(webhook_id = %attempt.lease.webhook.id, %until, "webhook {} is still down", attempt.lease.webhook.id);
            }
            Turned::Closed => info!(
                portal_id = attempt.lease.webhook.portal_id.0,
                webhook_id = %attempt.lease.webhook.id,
                "webhook {} answers again: its deliveries go out",
                attempt.lease.webhook.id,
            ),
        }
    }
}

fn write_opened(FinishedAttempt { lease, outcome, .. }: &FinishedAttempt, until: Timestamp) {
    let reason = match outcome {
        Outcome::Answered(answer) => format!("status {}", answer.status),
        Outcome::Failed(failure) => failure.kind.as_str().to_owned(),
    };
    info!(
        portal_id = lease.webhook.portal_id.0,
        webhook_id = %lease.webhook.id,
        reason,
        %until,
        "webhook {} is down ({reason}): its deliveries are held, and one probes it from {until} on",
        lease.webhook.id,
    );
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
