//! How long to leave the store alone after it said no.

use jiff::{SignedDuration, Timestamp};

/// The first pause.
pub(crate) const FIRST: SignedDuration = SignedDuration::from_millis(100);
/// The longest pause; each is twice the one before.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_secs(5);

/// One activity's trouble with the store: when it may go on, and whether anybody was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
    resume_at: Option<Timestamp>,
}

impl Backoff {
    /// Notes a failure; true if it is the first in a row, which is the one to speak of.
    pub(crate) fn failed(&mut self, now: Timestamp) -> bool {
        let doubled = FIRST.checked_mul(1 << self.failures.min(16)).unwrap_or(LONGEST);
        self.resume_at = now.saturating_add(doubled.min(LONGEST)).ok();
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }

    /// Notes a success; true if failures went before.
    pub(crate) fn succeeded(&mut self) -> bool {
        std::mem::take(self).failures > 0
    }

    /// Until when to wait, if that lies ahead; not for longer than the longest pause, even if the clock was set back.
    pub(crate) fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.resume_at.filter(|at| now < *at && at.duration_since(now) <= LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_a_success() {
        let now = Timestamp::UNIX_EPOCH;
        let mut backoff = Backoff::default();
        let pauses: Vec<i128> = (0..40)
            .map(|failure| {
                assert_eq!(backoff.failed(now), failure == 0);
                backoff.waits_until(now).unwrap().duration_since(now).as_millis()
            })
            .collect();
        assert_eq!(pauses[..7], [100, 200, 400, 800, 1_600, 3_200, 5_000]);
        assert!(pauses[7..].iter().all(|&pause| pause == 5_000));
        assert_eq!(backoff.waits_until(now + LONGEST), None);
        assert_eq!(backoff.waits_until(now - LONGEST), None);
        assert!(backoff.succeeded());
        assert!(!backoff.succeeded());
        assert_eq!(backoff.waits_until(now), None);
    }
}
