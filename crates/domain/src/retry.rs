//! What happens after an attempt: the one place where that is decided (decisions 2, 3, 4).

use jiff::{SignedDuration, Timestamp};

use crate::delivery::{Next, Outcome};

/// No delay is longer, whatever a receiver asks for (decision 3).
pub const DELAY_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How far a delay may stray from the schedule, either way.
pub const JITTER: f64 = 0.10;

/// The delays between attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule {
    /// `delays[n]` lies between failure number `n + 1` and the attempt after it.
    delays: Vec<SignedDuration>,
}

/// A schedule that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a retry delay must lie between 0 and 24 hours")]
pub struct BadSchedule;

impl Default for RetrySchedule {
    /// 0 s, 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: 11 attempts over about 76 h (decision 3).
    fn default() -> Self {
        let seconds = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        RetrySchedule { delays: seconds.map(SignedDuration::from_secs).into() }
    }
}

impl RetrySchedule {
    /// A schedule with these delays after the first, second, … failure; no further attempt after the last.
    pub fn new(delays: Vec<SignedDuration>) -> Result<Self, BadSchedule> {
        let fits = |delay: &SignedDuration| !delay.is_negative() && *delay <= DELAY_MAX;
        if delays.iter().all(fits) { Ok(RetrySchedule { delays }) } else { Err(BadSchedule) }
    }

    /// The delays between attempts.
    pub fn delays(&self) -> &[SignedDuration] {
        &self.delays
    }

    /// Decides what follows an outcome.
    ///
    /// `failures` counts the failures recorded before this attempt, `deadline` is before when a delivery is not given
    /// up, and `fraction` is a random number from 0 to 1 that spreads the delay.
    pub fn decide(
        &self,
        outcome: &Outcome,
        failures: u32,
        deadline: Option<Timestamp>,
        now: Timestamp,
        fraction: f64,
    ) -> Next {
        if outcome.is_success() {
            return Next::Delivered;
        }
        if outcome.is_gone() {
            return Next::Gone;
        }
        let scheduled = self.delays.get(failures as usize).copied();
        // After the schedule an event with a deadline goes on daily, and once more at the deadline itself.
        let Some(delay) = scheduled.or_else(|| until(deadline, now)) else { return Next::Exhausted };
        let asked = outcome.retry_after().map_or(SignedDuration::ZERO, |asked| asked.min(DELAY_MAX));
        let delay = spread(delay, fraction).max(asked);
        Next::Retry { at: now.saturating_add(delay).expect("a day from now is an instant") }
    }
}

fn until(deadline: Option<Timestamp>, now: Timestamp) -> Option<SignedDuration> {
    let left = deadline?.duration_since(now);
    left.is_positive().then(|| left.min(DELAY_MAX))
}

fn spread(delay: SignedDuration, fraction: f64) -> SignedDuration {
    SignedDuration::from_secs_f64(delay.as_secs_f64() * (1.0 - JITTER + 2.0 * JITTER * fraction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Answer, Failure, FailureKind};

    const NOW: &str = "2026-01-01T00:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn answer(status: u16, retry_after: Option<i64>) -> Outcome {
        Outcome::Answered(Answer {
            status,
            retry_after: retry_after.map(SignedDuration::from_secs),
            body: Vec::new(),
            truncated: false,
            headers: String::new(),
        })
    }

    /// Seconds until the next attempt, with no jitter either way.
    #[track_caller]
    fn check(outcome: Outcome, failures: u32, deadline_in: Option<i64>, expected: Result<i64, Next>) {
        let deadline = deadline_in.map(|seconds| now() + SignedDuration::from_secs(seconds));
        let next = RetrySchedule::default().decide(&outcome, failures, deadline, now(), 0.5);
        let expected = expected.map(|seconds| Next::Retry { at: now() + SignedDuration::from_secs(seconds) });
        assert_eq!(next, expected.unwrap_or_else(|next| next));
    }

    #[test]
    fn any_2xx_is_a_success_and_nothing_else_is() {
        for status in 100..=599 {
            let expected = match status {
                200..=299 => Err(Next::Delivered),
                410 => Err(Next::Gone),
                _ => Ok(5),
            };
            check(answer(status, None), 0, None, expected);
        }
    }

    #[test]
    fn the_schedule_has_eleven_attempts_over_about_76_hours() {
        let delays = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (failures, seconds) in delays.into_iter().enumerate() {
            check(answer(500, None), failures as u32, None, Ok(seconds));
        }
        check(answer(500, None), 10, None, Err(Next::Exhausted));
        assert_eq!(delays.iter().sum::<i64>() / 3600, 75);
    }

    #[test]
    fn failures_without_an_answer_are_retried() {
        let failure = |kind| Outcome::Failed(Failure { kind, detail: String::new() });
        for kind in FailureKind::ALL {
            check(failure(kind), 1, None, Ok(60));
        }
    }

    #[test]
    fn retry_after_lengthens_and_never_shortens() {
        check(answer(503, Some(120)), 0, None, Ok(120));
        check(answer(429, Some(120)), 0, None, Ok(120));
        check(answer(503, Some(1)), 1, None, Ok(60));
        check(answer(503, Some(i64::MAX)), 0, None, Ok(86_400));
        check(answer(500, Some(120)), 0, None, Ok(5));
    }

    #[test]
    fn before_its_deadline_nothing_is_given_up() {
        check(answer(500, None), 10, Some(3 * 86_400), Ok(86_400));
        check(answer(500, None), 99, Some(600), Ok(600));
        check(answer(500, None), 10, Some(0), Err(Next::Exhausted));
        check(answer(500, None), 10, Some(-1), Err(Next::Exhausted));
        check(answer(500, None), 2, Some(-1), Ok(300));
    }

    #[test]
    fn jitter_stays_within_a_tenth() {
        let at = |fraction| match RetrySchedule::default().decide(&answer(500, None), 1, None, now(), fraction) {
            Next::Retry { at } => at.duration_since(now()).as_millis(),
            other => panic!("{other:?}"),
        };
        assert_eq!((at(0.0), at(0.5), at(1.0)), (54_000, 60_000, 66_000));
    }

    #[test]
    fn a_schedule_must_be_sane() {
        assert_eq!(RetrySchedule::new(vec![SignedDuration::from_secs(-1)]), Err(BadSchedule));
        assert_eq!(RetrySchedule::new(vec![SignedDuration::from_hours(25)]), Err(BadSchedule));
        assert!(RetrySchedule::new(vec![]).is_ok());
    }
}
