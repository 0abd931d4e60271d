//! How fast a lane may be attempted, where its owner set a rate: a bucket of tokens, one for each request. Pure.
//!
//! It fills evenly, and holds a tenth of a second's worth: enough to make up for a loop that comes late, and so little that a
//! receiver which counts its seconds never counts a tenth more than the rate; up to a rate of 19 a second, never more than it.

use domain::webhook::rate_limit::RateLimit;
use jiff::{SignedDuration, Timestamp};

/// The parts of a token: so many that each nanosecond adds a whole number of them.
const TOKEN: u64 = 1_000_000_000;
/// What part of a second's worth it holds. Always one token.
const BURST: u64 = 10;

/// Tokens, and how they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    rate: RateLimit,
    /// What was in it, in parts of tokens.
    level: u64,
    /// When it was.
    filled_at: Timestamp,
}

impl Bucket {
    /// A full one.
    pub(super) fn full(rate: RateLimit, now: Timestamp) -> Self {
        Bucket { rate, level: capacity(rate), filled_at: now }
    }

    /// It with another rate: nothing is given away by that.
    #[must_use]
    pub(super) fn at_rate(self, rate: RateLimit, now: Timestamp) -> Self {
        if rate == self.rate {
            return self;
        }
        Bucket { rate, level: self.level(now).min(capacity(rate)), filled_at: now }
    }

    /// How many tokens there are.
    pub(super) fn tokens(self, now: Timestamp) -> u32 {
        (self.level(now) / TOKEN) as u32
    }

    /// It with a token less.
    #[must_use]
    pub(super) fn without_one(self, now: Timestamp) -> Self {
        Bucket { level: self.level(now).saturating_sub(TOKEN), filled_at: now, ..self }
    }

    /// When there is a token, or was.
    pub(super) fn next_at(self) -> Timestamp {
        let missing = TOKEN.saturating_sub(self.level).div_ceil(u64::from(self.rate.get()));
        let span = SignedDuration::from_nanos(missing as i64);
        self.filled_at.saturating_add(span).unwrap_or(Timestamp::MAX)
    }

    /// Whether it can hold no more: then it is like a new one.
    pub(super) fn is_full(self, now: Timestamp) -> bool {
        self.level(now) == capacity(self.rate)
    }

    /// What is in it. A clock that was set back must not make anybody wait: the time between counts, whichever way it went.
    fn level(self, now: Timestamp) -> u64 {
        let nanos = now.duration_since(self.filled_at).as_nanos().unsigned_abs();
        // A second fills it, whatever its rate.
        let nanos = nanos.min(u128::from(TOKEN)) as u64;
        (self.level + nanos * u64::from(self.rate.get())).min(capacity(self.rate))
    }
}

fn capacity(rate: RateLimit) -> u64 {
    (u64::from(rate.get()) / BURST).max(1) * TOKEN
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn rate(requests: u32) -> RateLimit {
        RateLimit::per_second(requests).unwrap()
    }

    fn after_nanos(nanos: i64) -> Timestamp {
        NOW + SignedDuration::from_nanos(nanos)
    }

    fn after(millis: i64) -> Timestamp {
        after_nanos(millis * 1_000_000)
    }

    /// Takes what there is, as often as there is something, for so many seconds; and says when each token was taken.
    fn drain(requests: u32, seconds: i64) -> Vec<Timestamp> {
        let (mut bucket, mut now, mut taken) = (Bucket::full(rate(requests), NOW), NOW, Vec::new());
        while now < after(1_000 * seconds) {
            for _ in 0..bucket.tokens(now) {
                bucket = bucket.without_one(now);
                taken.push(now);
            }
            assert!(bucket.tokens(now) == 0 && bucket.next_at() > now, "it is empty, so the next lies ahead");
            now = bucket.next_at();
        }
        taken
    }

    #[test]
    fn tokens_come_at_the_rate_to_the_nanosecond() {
        for requests in [1, 2, 3, 7, 10, 19, 20, 99, 333, 1_000] {
            let burst = (requests / 10).max(1);
            let taken = drain(requests, 60).len() as u32;
            // What was in it, and what came; the last token is there when the minute is over.
            assert!((60 * requests + burst - 1).abs_diff(taken) <= 1, "{requests} a second: {taken}");
        }
    }

    #[test]
    fn no_second_has_more_than_a_tenth_above_the_rate() {
        for requests in [1, 3, 10, 19, 20, 333, 1_000] {
            let taken = drain(requests, 5);
            let within = |from: &Timestamp| {
                let until = *from + SignedDuration::from_secs(1);
                taken.iter().filter(|at| *from <= **at && **at < until).count() as u32
            };
            let most = taken.iter().map(within).max().unwrap();
            assert!(most < requests + (requests / 10).max(1), "{requests} a second: {most}");
        }
    }

    #[test]
    fn it_holds_a_tenth_of_a_second_and_always_one() {
        for (requests, burst) in [(1, 1), (10, 1), (19, 1), (20, 2), (1_000, 100)] {
            let bucket = Bucket::full(rate(requests), NOW);
            assert_eq!((bucket.tokens(NOW), bucket.tokens(after(3_600_000))), (burst, burst), "{requests} a second");
        }
    }

    #[test]
    fn a_token_is_there_when_it_is_said_to_be_and_not_before() {
        for requests in [1, 3, 7, 999] {
            let empty = Bucket { level: 0, ..Bucket::full(rate(requests), NOW) };
            let at = empty.next_at();
            let before = at - SignedDuration::from_nanos(1);
            assert_eq!((empty.tokens(before), empty.tokens(at)), (0, 1), "{requests} a second");
        }
        let full = Bucket::full(rate(1), NOW);
        assert_eq!(full.next_at(), NOW);
    }

    #[test]
    fn another_rate_gives_nothing_away() {
        let empty = Bucket::full(rate(1), NOW).without_one(NOW);
        let faster = empty.at_rate(rate(1_000), NOW);
        assert_eq!((faster.tokens(NOW), faster.next_at()), (0, after(1)));
        let slower = Bucket::full(rate(1_000), NOW).at_rate(rate(2), NOW);
        assert_eq!((slower.tokens(NOW), slower.without_one(NOW).next_at()), (1, after(500)));
        // What has come at the old rate stays.
        assert_eq!(empty.at_rate(rate(2), after(500)).next_at(), after(750));
        assert_eq!(empty.at_rate(rate(1), after(500)), empty);
    }

    #[test]
    fn it_is_full_after_its_burst_has_come_and_not_before() {
        let taken = Bucket::full(rate(20), NOW).without_one(NOW);
        assert!(Bucket::full(rate(20), NOW).is_full(NOW));
        assert!(!taken.is_full(after(49)) && taken.is_full(after(50)));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait() {
        let empty = Bucket::full(rate(1), NOW).without_one(NOW);
        assert_eq!(empty.tokens(after(-3_600_000)), 1);
        let again = empty.without_one(after(-3_600_000));
        assert_eq!((again.tokens(after(-3_600_000)), again.next_at()), (0, after(-3_599_000)));
    }
}
