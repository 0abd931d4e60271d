//! What may follow an attempt.

use domain::delivery::{FinishedAttempt, Next, Outcome};
use jiff::{SignedDuration, Timestamp};

/// The published schedule, less the jitter that a delay may lose; written down here a second time.
const DELAYS_S: [i64; 10] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The longest delay, whatever a receiver asks for.
const DELAY_MAX_S: i64 = 86_400;

/// What is wrong with what was decided at `now` to follow an attempt that is failure number `failures`.
pub(super) fn follows(attempt: &FinishedAttempt, failures: u32, now: Timestamp) -> Option<String> {
    let FinishedAttempt { outcome, next, lease, .. } = attempt;
    let right = match next {
        Next::Delivered => outcome.is_success(),
        Next::Gone => outcome.is_gone(),
        Next::Exhausted => {
            let is_over = lease.event.deadline_at.is_none_or(|deadline_at| deadline_at <= now);
            !outcome.is_success() && failures as usize > DELAYS_S.len() && is_over
        }
        Next::Retry { at } => !outcome.is_success() && at.duration_since(now) >= least_delay(attempt, failures, now),
    };
    (!right).then(|| format!("{next:?} follows failure {failures}, {outcome:?}, at {now}"))
}

fn least_delay(attempt: &FinishedAttempt, failures: u32, now: Timestamp) -> SignedDuration {
    let scheduled = match DELAYS_S.get(failures as usize - 1) {
        Some(delay_s) => SignedDuration::from_secs(*delay_s),
        None => attempt.lease.event.deadline_at.map_or(SignedDuration::MAX, |at| {
            at.duration_since(now).clamp(SignedDuration::ZERO, SignedDuration::from_secs(DELAY_MAX_S))
        }),
    };
    let asked = match &attempt.outcome {
        Outcome::Answered(answer) if matches!(answer.status, 429 | 503) => answer.retry_after.unwrap_or_default(),
        Outcome::Answered(_) | Outcome::Failed(_) => SignedDuration::ZERO,
    };
    // A tenth is chance, a millisecond is rounding.
    let spread = scheduled / 10 * 9 - SignedDuration::from_millis(1);
    spread.max(asked.min(SignedDuration::from_secs(DELAY_MAX_S)))
}
