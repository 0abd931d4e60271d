//! Whether to repeat a call, and when: one pure function.

use std::time::Duration;

use jiff::fmt::rfc2822;

/// The longest answer that is read, in bytes. A full page of enrollments has 30,000.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How patiently calls are repeated.
///
/// Calls that change nothing, or nothing more the second time, are repeated after 429, any 5xx and when there is no
/// answer. So are calls that make something new, if the platform honours idempotency keys (it says so with each token, see
/// [`ACCEPT_HEADER`](contract::api::idempotency::ACCEPT_HEADER)): every such call has a key of its own. Elsewhere they are repeated
/// only when the platform surely did not act: after 429 and 503, and when no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a call is made at most; 1 for no repetition.
    pub attempts_max: u32,
    /// What is waited after the first attempt; doubles with each further one. From half of it to all of it is waited,
    /// at random, so that callers who failed together do not return together.
    pub delay_first: Duration,
    /// What is waited at most, unless the platform says otherwise.
    pub delay_max: Duration,
    /// What is waited at most when the platform says how long.
    pub retry_after_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            attempts_max: 4,
            delay_first: Duration::from_millis(250),
            delay_max: Duration::from_secs(5),
            retry_after_max: Duration::from_secs(30),
        }
    }
}

/// What an attempt met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection, so nothing was sent.
    Connect,
    /// The connection broke or time ran out: the platform may have acted.
    Broken,
    /// An answer that is not a success.
    Status { status: u16, retry_after: Option<Duration> },
    /// An earlier attempt with the same key is under way.
    UnderWay { retry_after: Option<Duration> },
    /// A success that is longer than may be read.
    TooLong,
}

impl RetryPolicy {
    /// How long to wait before the next attempt, after `attempts` of them; `None` for no more. `jitter` is between 0
    /// and 1.
    pub(crate) fn decide(&self, attempts: u32, repeatable: bool, failure: Failure, jitter: f64) -> Option<Duration> {
        if attempts >= self.attempts_max || !may_be_repeated(failure, repeatable) {
            return None;
        }
        if let Failure::Status { retry_after: Some(retry_after), .. }
        | Failure::UnderWay { retry_after: Some(retry_after) } = failure
        {
            return Some(retry_after.min(self.retry_after_max));
        }
        let doubled = self.delay_first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
        Some(doubled.min(self.delay_max).mul_f64(0.5 + jitter / 2.0))
    }
}

fn may_be_repeated(failure: Failure, repeatable: bool) -> bool {
    match failure {
        Failure::Connect => true,
        Failure::Broken | Failure::UnderWay { .. } => repeatable,
        Failure::Status { status: 429 | 503, .. } => true,
        Failure::Status { status: 500..=599, .. } => repeatable,
        Failure::Status { .. } | Failure::TooLong => false,
    }
}

/// Reads a `Retry-After` header, seconds or a date. A date counts from the answer's own `Date`, so that the clocks of
/// both sides need not agree. What cannot be read is as good as absent.
pub(crate) fn read_retry_after(text: &str, date: Option<&str>) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let instant = |text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let wait = instant(text)?.duration_since(instant(date?)?);
    Some(wait.try_into().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> Failure {
        Failure::Status { status, retry_after: None }
    }

    #[track_caller]
    fn check_repeated(failure: Failure, repeatable: bool, expected: bool) {
        let delay = RetryPolicy::default().decide(1, repeatable, failure, 0.5);
        assert_eq!(delay.is_some(), expected, "{failure:?}, repeatable: {repeatable}");
    }

    #[test]
    fn what_makes_something_new_is_repeated_only_when_nothing_was_done() {
        for code in [429, 503] {
            check_repeated(status(code), true, true);
            check_repeated(status(code), false, true);
        }
        for code in [500, 502, 504, 599] {
            check_repeated(status(code), true, true);
            check_repeated(status(code), false, false);
        }
        for code in [301, 400, 401, 403, 404, 409, 600] {
            check_repeated(status(code), true, false);
            check_repeated(status(code), false, false);
        }
        check_repeated(Failure::Connect, false, true);
        check_repeated(Failure::Broken, true, true);
        check_repeated(Failure::Broken, false, false);
        check_repeated(Failure::UnderWay { retry_after: None }, true, true);
        check_repeated(Failure::UnderWay { retry_after: None }, false, false);
        check_repeated(Failure::TooLong, true, false);
    }

    #[track_caller]
    fn check_delay(attempts: u32, failure: Failure, jitter: f64, millis: Option<u64>) {
        let delay = RetryPolicy::default().decide(attempts, true, failure, jitter);
        assert_eq!(delay, millis.map(Duration::from_millis));
    }

    #[test]
    fn delays_double_spread_and_end() {
        check_delay(1, status(500), 0.0, Some(125));
        check_delay(1, status(500), 1.0, Some(250));
        check_delay(2, status(500), 1.0, Some(500));
        check_delay(3, status(500), 1.0, Some(1000));
        check_delay(4, status(500), 1.0, None);
        let endless = RetryPolicy { attempts_max: u32::MAX, ..RetryPolicy::default() };
        for attempts in [6, 40, u32::MAX - 1] {
            assert_eq!(endless.decide(attempts, true, status(500), 1.0), Some(Duration::from_secs(5)));
        }
        let once = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
        assert_eq!(once.decide(1, true, status(500), 1.0), None);
    }

    #[test]
    fn the_platform_may_say_how_long_within_a_limit() {
        let after = |seconds| Failure::Status { status: 503, retry_after: Some(Duration::from_secs(seconds)) };
        check_delay(1, after(0), 1.0, Some(0));
        check_delay(1, Failure::UnderWay { retry_after: Some(Duration::from_secs(1)) }, 0.0, Some(1_000));
        check_delay(1, after(30), 0.0, Some(30_000));
        check_delay(1, after(31), 0.0, Some(30_000));
        check_delay(4, after(0), 0.0, None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = Some("Wed, 21 Oct 2015 07:27:00 GMT");
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(read_retry_after(text, date), seconds.map(Duration::from_secs), "{text:?}");
        };
        check("0", Some(0));
        check("120", Some(120));
        check("Wed, 21 Oct 2015 07:28:00 GMT", Some(60));
        check("Wed, 21 Oct 2015 07:26:00 GMT", Some(0));
        check("Mon, 21 Oct 2115 07:27:00 GMT", Some(3_155_673_600));
        for strange in ["", "-1", "1.5", "soon", "99999999999999999999", "Fri, 31 Dec 9999 00:00:00 GMT"] {
            check(strange, None);
        }
        assert_eq!(read_retry_after("7", None), Some(Duration::from_secs(7)));
        for no_date in [None, Some("today")] {
            assert_eq!(read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT", no_date), None);
        }
    }
}
