//! What follows from what a fetch found: one pure function.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::completion::Finding;
use crate::inbox::{Due, State};

/// After how many answers that there is no such enrollment, or that it is not completed, an entry is given up. The
/// delays between them come to seven or eight minutes; the platform may be behind itself, but not that far.
pub(crate) const MISSES_MAX: u32 = 10;
/// What is waited after the first failure; doubles with each further one.
const DELAY_FIRST: SignedDuration = SignedDuration::from_secs(1);
/// What is waited at most, unless the platform says otherwise.
const DELAY_MAX: SignedDuration = SignedDuration::from_mins(10);
/// What is waited at most when the platform says how long.
const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_hours(1);
/// Up to which fraction a delay is shortened, so that those who failed together do not return together.
const SPREAD: f64 = 0.2;
/// How much of a reason is kept: what the platform says may be long.
const REASON_CHARS_MAX: usize = 500;

/// What a fetch found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The enrollment is completed, and all that the platform has to say of who completed it is known.
    Completed(Finding),
    /// The enrollment is completed, but this is not known of who completed it: the platform knows no such user, or has no learning
    /// activity yet.
    CompletedInPart(Finding, String),
    /// The enrollment is in this other state.
    NotCompleted(String),
    /// There is no such enrollment, the platform says.
    Missing(String),
    /// The platform did not say; perhaps because of us.
    Trouble {
        /// What happened, for the operator.
        reason: String,
        /// When the platform wants to be asked again.
        retry_after: Option<Duration>,
    },
}

/// What is to be done with the entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Record(Finding),
    Wait { due_at: Timestamp, reason: String, missed: bool },
    GiveUp { state: State, reason: String },
}

impl Found {
    /// For counting.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Found::Completed(_) => "completed",
            Found::CompletedInPart(..) => "completed_in_part",
            Found::NotCompleted(_) => "not_completed",
            Found::Missing(_) => "missing",
            Found::Trouble { .. } => "trouble",
        }
    }
}

/// Decides. Trouble never ends an entry, for it can end itself: by the platform's recovery, or an operator's hand.
pub(crate) fn decide(due: &Due, found: Found, now: Timestamp) -> Next {
    let last_miss = due.misses + 1 >= MISSES_MAX;
    let wait = |reason, retry_after, missed| Next::Wait {
        due_at: now.saturating_add(delay(due, retry_after)).expect("an hour from now is an instant"),
        reason: shortened(reason),
        missed,
    };
    match found {
        Found::Completed(finding) => Next::Record(finding),
        // A completion without its learner is worth more than none.
        Found::CompletedInPart(finding, reason) if last_miss => {
            let remark = finding.remark.into_iter().chain([reason]).collect::<Vec<_>>().join("; ");
            Next::Record(Finding { remark: Some(shortened(remark)), ..finding })
        }
        Found::CompletedInPart(_, reason) => wait(reason, None, true),
        Found::NotCompleted(status) => {
            let reason = format!("the platform says that the enrollment is {status:?}, not completed");
            if last_miss {
                Next::GiveUp { state: State::NotCompleted, reason: shortened(reason) }
            } else {
                wait(reason, None, true)
            }
        }
        Found::Missing(reason) if last_miss => Next::GiveUp { state: State::Unresolved, reason: shortened(reason) },
        Found::Missing(reason) => wait(reason, None, true),
        Found::Trouble { reason, retry_after } => wait(reason, retry_after, false),
    }
}

/// How long to wait after a further fetch without success.
pub(crate) fn delay(due: &Due, retry_after: Option<Duration>) -> SignedDuration {
    delay_after(due.number, due.fetches, retry_after)
}

/// How long to wait before whatever has this number is tried again, after so many tries without success.
pub(crate) fn delay_after(number: i64, tries: u32, retry_after: Option<Duration>) -> SignedDuration {
    let doubled = DELAY_FIRST.saturating_mul(2_i32.saturating_pow(tries)).min(DELAY_MAX);
    let spread = doubled.mul_f64(1.0 - SPREAD * fraction(number, tries));
    let asked =
        retry_after.map(|asked| SignedDuration::try_from(asked).unwrap_or(RETRY_AFTER_MAX).min(RETRY_AFTER_MAX));
    spread.max(asked.unwrap_or(SignedDuration::ZERO))
}

/// A number from 0 to 1 that differs between entries and between the fetches of one; it need not surprise anybody.
fn fraction(number: i64, tries: u32) -> f64 {
    let mixed = (number as u64).wrapping_add(u64::from(tries)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as f64 / f64::from(u32::MAX)
}

pub(crate) fn shortened(reason: String) -> String {
    match reason.char_indices().nth(REASON_CHARS_MAX) {
        None => reason,
        Some((end, _)) => format!("{}…", &reason[..end]),
    }
}

#[cfg(test)]
mod tests;
