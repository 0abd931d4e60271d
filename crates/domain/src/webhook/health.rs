//! How a webhook fares, and when it is given up on (decision 5).

use jiff::{SignedDuration, Timestamp};

/// How long there must have been nothing but failures before a webhook is given up on.
pub const FAILING_FOR: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How many attempts must have failed in that time.
pub const FAILURES_MIN: u32 = 20;

/// The failures of a webhook since its last success, over all its deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
    /// How many there were.
    pub failures: u32,
}

impl Health {
    /// The health after one more attempt.
    pub fn after(self, success: bool, at: Timestamp) -> Self {
        if success {
            return Health::default();
        }
        Health { failing_since: self.failing_since.or(Some(at)), failures: self.failures.saturating_add(1) }
    }

    /// Whether the webhook is to become inactive: long enough, and often enough, nothing but failures.
    pub fn is_hopeless(self, now: Timestamp) -> bool {
        let long = self.failing_since.is_some_and(|since| now.duration_since(since) >= FAILING_FOR);
        long && self.failures >= FAILURES_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(3_600 * hour).unwrap()
    }

    /// Failures at these hours and one success at `success`; then whether it is hopeless at `now`.
    #[track_caller]
    fn check(failures: impl IntoIterator<Item = i64>, success: Option<i64>, now: i64, hopeless: bool) {
        let mut attempts: Vec<_> = failures.into_iter().map(|hour| (hour, false)).collect();
        attempts.extend(success.map(|hour| (hour, true)));
        attempts.sort();
        let health = attempts.into_iter().fold(Health::default(), |health, (hour, ok)| health.after(ok, at(hour)));
        assert_eq!(health.is_hopeless(at(now)), hopeless, "{health:?}");
    }

    #[test]
    fn it_takes_five_days_and_twenty_failures() {
        check(0..20, None, 120, true);
        check(0..20, None, 119, false);
        check(0..19, None, 500, false);
        check([], None, 500, false);
    }

    #[test]
    fn one_success_begins_anew() {
        check(0..100, Some(60), 120, false);
        check(0..100, Some(10), 131, true);
        check(0..100, Some(200), 400, false);
    }
}
