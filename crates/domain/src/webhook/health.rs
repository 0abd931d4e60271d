//! How a webhook fares, when its administrators are warned, and when it is given up on (decision 5).

use jiff::{SignedDuration, Timestamp};

/// How long there must have been nothing but failures before a webhook is given up on.
pub const FAILING_FOR: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How many attempts must have failed in that time; and before anybody is warned of it.
pub const FAILURES_MIN: u32 = 20;
/// How long there must have been nothing but failures before the first warning.
pub const FIRST_WARNING_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// The same for the second.
pub const SECOND_WARNING_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);
/// The same for the last: the webhook has a day left.
pub const LAST_WARNING_AFTER: SignedDuration = SignedDuration::from_hours(4 * 24);

/// The warnings that come before a webhook is given up on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// It should be looked after.
    First,
    /// It still should.
    Second,
    /// It is about to be given up on.
    Last,
}

impl Warning {
    /// Every warning, in the order in which they come.
    pub const ALL: [Warning; 3] = [Warning::First, Warning::Second, Warning::Last];

    /// How long there must have been nothing but failures before it.
    pub const fn after(self) -> SignedDuration {
        match self {
            Warning::First => FIRST_WARNING_AFTER,
            Warning::Second => SECOND_WARNING_AFTER,
            Warning::Last => LAST_WARNING_AFTER,
        }
    }

    /// The spelling in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Warning::First => "first",
            Warning::Second => "second",
            Warning::Last => "last",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        Warning::ALL.into_iter().find(|warning| warning.as_str() == text)
    }
}

/// The failures of a webhook since its last success, over all its deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
    /// How many there were.
    pub failures: u32,
    /// The last warning that its administrators were given of them.
    pub warned: Option<Warning>,
}

/// What is to be done about a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing.
    Bearable,
    /// Its administrators are warned: not yet of this, in this row of failures.
    Warn(Warning),
    /// It becomes inactive: long enough, and often enough, nothing but failures.
    Hopeless,
}

impl Health {
    /// The health after one more attempt.
    pub fn after(self, success: bool, at: Timestamp) -> Self {
        if success {
            return Health::default();
        }
        Health { failing_since: self.failing_since.or(Some(at)), failures: self.failures.saturating_add(1), ..self }
    }

    /// What is to be done about it. Of several warnings that are due, the last: a platform that was down for days does not make
    /// up for what it would have said.
    pub fn judge(self, now: Timestamp) -> Judgement {
        let Some(since) = self.failing_since.filter(|_| self.failures >= FAILURES_MIN) else {
            return Judgement::Bearable;
        };
        let failing_for = now.duration_since(since);
        if failing_for >= FAILING_FOR {
            return Judgement::Hopeless;
        }
        match Warning::ALL.into_iter().rfind(|warning| failing_for >= warning.after()) {
            Some(due) if self.warned < Some(due) => Judgement::Warn(due),
            Some(_) | None => Judgement::Bearable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(3_600 * hour).unwrap()
    }

    /// Failures at these hours and one success at `success`; then what is judged of it at `now`.
    #[track_caller]
    fn check(failures: impl IntoIterator<Item = i64>, success: Option<i64>, now: i64, expected: Judgement) {
        let mut attempts: Vec<_> = failures.into_iter().map(|hour| (hour, false)).collect();
        attempts.extend(success.map(|hour| (hour, true)));
        attempts.sort();
        let health = attempts.into_iter().fold(Health::default(), |health, (hour, ok)| health.after(ok, at(hour)));
        assert_eq!(health.judge(at(now)), expected, "{health:?}");
    }

    #[test]
    fn it_takes_five_days_and_twenty_failures() {
        check(0..20, None, 120, Judgement::Hopeless);
        check(0..20, None, 119, Judgement::Warn(Warning::Last));
        check(0..19, None, 500, Judgement::Bearable);
        check([], None, 500, Judgement::Bearable);
    }

    #[test]
    fn one_success_begins_anew() {
        check(0..100, Some(60), 120, Judgement::Warn(Warning::First));
        check(0..100, Some(10), 131, Judgement::Hopeless);
        check(0..100, Some(200), 400, Judgement::Bearable);
    }

    #[test]
    fn warnings_come_after_one_three_and_four_days() {
        for (now, expected) in [
            (23, Judgement::Bearable),
            (24, Judgement::Warn(Warning::First)),
            (71, Judgement::Warn(Warning::First)),
            (72, Judgement::Warn(Warning::Second)),
            (95, Judgement::Warn(Warning::Second)),
            (96, Judgement::Warn(Warning::Last)),
        ] {
            check(0..20, None, now, expected);
            check(0..19, None, now, Judgement::Bearable);
        }
    }

    /// A failure an hour from 0 on, judged each time; what was judged other than bearable, and when.
    fn judged(hours: i64, success: Option<i64>) -> Vec<(i64, Judgement)> {
        let mut health = Health::default();
        let mut judged = Vec::new();
        for hour in 0..=hours {
            health = health.after(success == Some(hour), at(hour));
            let judgement = health.judge(at(hour));
            match judgement {
                Judgement::Bearable => continue,
                Judgement::Warn(warning) => health.warned = Some(warning),
                Judgement::Hopeless => {}
            }
            judged.push((hour, judgement));
        }
        judged
    }

    #[test]
    fn each_warning_is_given_once_in_a_row_of_failures() {
        let [first, second, last] = Warning::ALL.map(Judgement::Warn);
        assert_eq!(judged(120, None), [(24, first), (72, second), (96, last), (120, Judgement::Hopeless)]);
        assert_eq!(judged(120, Some(30)), [(24, first), (55, first), (103, second)]);
    }
}
