//! How often anybody may ask: one address, the packages of one destination, one session; and how much one destination may leave behind.
//! Every learner can read a destination's token and pass it on. Counted in memory, by each node for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use domain::id::DestinationId;
use domain::oauth::Digest;
use jiff::Timestamp;

use crate::refusal::Refusal;

/// Requests of one address: a whole company may sit behind one, and each of its learners asks twice when a video reports, every ten seconds.
const ADDRESS: Rate = Rate { per_s: 200, at_once: 2_000 };
/// Launches at one destination: a whole company may begin at nine.
const DESTINATION: Rate = Rate { per_s: 50, at_once: 1_000 };
/// Learners who are new at a destination, each of whom is an account, an enrollment and an event: a company may begin at nine, and
/// whoever makes learners up makes no more than 173,000 in a day.
const LEARNERS: Rate = Rate { per_s: 2, at_once: 1_000 };
/// Bytes that are kept for ever of what the packages of a destination pass: about 150 for a commit, a few thousand for a launch.
const PASSED: Rate = Rate { per_s: 256 * 1024, at_once: 64 * 1024 * 1024 };
/// Requests of one session: one learner.
const SESSION: Rate = Rate { per_s: 5, at_once: 60 };
/// How many of each are kept in mind at most; beyond, those that are idle are forgotten, and if there are none, all.
const KEYS_MAX: usize = 50_000;
/// How many bits of an IPv6 address name a site: whoever has one address of it has all.
const SITE_BITS: u32 = 64;
const SECOND_NS: i128 = 1_000_000_000;

#[derive(Clone, Copy, Debug)]
struct Rate {
    per_s: u32,
    at_once: u32,
}

/// Who has come how often.
#[derive(Debug)]
pub(crate) struct Limits {
    addresses: Limiter<IpAddr>,
    destinations: Limiter<DestinationId>,
    learners: Limiter<DestinationId>,
    passed: Limiter<DestinationId>,
    sessions: Limiter<Digest>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            addresses: Limiter::new(ADDRESS),
            destinations: Limiter::new(DESTINATION),
            learners: Limiter::new(LEARNERS),
            passed: Limiter::new(PASSED),
            sessions: Limiter::new(SESSION),
        }
    }
}

impl Limits {
    /// Counts a request from an address, if that is known.
    pub(crate) fn admit_address(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Refusal> {
        address.map_or(Ok(()), |address| self.addresses.take("address", site(address), 1, now))
    }

    /// Counts a launch.
    pub(crate) fn admit_launch(&self, id: DestinationId, now: Timestamp) -> Result<(), Refusal> {
        self.destinations.take("destination", id, 1, now)
    }

    /// Counts a learner who is new at a destination.
    pub(crate) fn admit_learner(&self, id: DestinationId, now: Timestamp) -> Result<(), Refusal> {
        self.learners.take("learners", id, 1, now)
    }

    /// Counts what a package of a destination passes, in bytes.
    pub(crate) fn admit_passed(&self, id: DestinationId, bytes: usize, now: Timestamp) -> Result<(), Refusal> {
        self.passed.take("passed", id, bytes as i128, now)
    }

    /// Counts a request of a session.
    pub(crate) fn admit_session(&self, digest: Digest, now: Timestamp) -> Result<(), Refusal> {
        self.sessions.take("session", digest, 1, now)
    }
}

fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & u128::MAX << (128 - SITE_BITS)).into(),
    }
}

/// Of each key the instant at which it will have all of its allowance again.
#[derive(Debug)]
struct Limiter<K> {
    every_ns: i128,
    whole_ns: i128,
    whole_at: Mutex<HashMap<K, i128>>,
}

impl<K: Eq + Hash> Limiter<K> {
    fn new(rate: Rate) -> Self {
        let every_ns = SECOND_NS / i128::from(rate.per_s);
        Limiter { every_ns, whole_ns: every_ns * i128::from(rate.at_once), whole_at: Mutex::default() }
    }

    /// So much at once, or nothing of it.
    fn take(&self, of: &'static str, key: K, much: i128, now: Timestamp) -> Result<(), Refusal> {
        let now = now.as_nanosecond();
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        // Never longer than if it had nothing, from now on: the clock may have been set back.
        let debt = whole_at.get_mut(&key).map_or(0, |at| {
            *at = (*at).min(now + self.whole_ns);
            (*at - now).max(0)
        });
        let owed = debt + self.every_ns * much;
        if owed > self.whole_ns {
            metrics::counter!("player_requests_limited_total", "limit" => of).increment(1);
            return Err(Refusal::limited((owed - self.whole_ns + SECOND_NS - 1) / SECOND_NS));
        }
        if whole_at.len() >= KEYS_MAX && !whole_at.contains_key(&key) {
            whole_at.retain(|_, at| *at > now);
            if whole_at.len() > KEYS_MAX / 2 {
                whole_at.clear();
            }
        }
        whole_at.insert(key, now + owed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_s: 2, at_once: 3 };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn take(limiter: &Limiter<u32>, key: u32, ms: i64) -> bool {
        limiter.take("test", key, 1, at(ms)).is_ok()
    }

    #[test]
    fn so_many_at_once_and_then_one_every_so_often() {
        let limiter = Limiter::new(RATE);
        assert!((0..3).all(|_| take(&limiter, 1, 0)));
        assert!(!take(&limiter, 1, 499) && take(&limiter, 1, 500) && !take(&limiter, 1, 500));
        assert!(take(&limiter, 2, 500), "each for itself");
        assert!((0..3).all(|_| take(&limiter, 1, 10_000)) && !take(&limiter, 1, 10_000));
    }

    #[test]
    fn what_is_much_counts_as_much() {
        let limiter = Limiter::new(RATE);
        let take = |much, ms| limiter.take("test", 1, much, at(ms)).is_ok();
        assert!(take(2, 0) && !take(2, 0), "all of it or nothing");
        assert!(take(1, 0) && take(0, 0) && !take(1, 499) && take(1, 500));
        assert!(!take(4, 60_000), "more than ever at once");
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer() {
        let limiter = Limiter::new(RATE);
        assert!((0..3).all(|_| take(&limiter, 1, 1_000_000)));
        assert!(!take(&limiter, 1, 0) && take(&limiter, 1, 500));
    }

    #[test]
    fn there_are_never_more_keys_than_so_many() {
        let limiter = Limiter::new(RATE);
        for key in 0..(2 * KEYS_MAX as u32) {
            assert!(take(&limiter, key, 0));
            assert!(limiter.whole_at.lock().unwrap().len() <= KEYS_MAX);
        }
    }

    #[test]
    fn a_site_of_ipv6_is_one() {
        let site = |address: &str| site(address.parse().unwrap());
        assert_eq!(site("2001:db8:1:2:3::6"), site("2001:db8:1:2::"));
        assert_ne!(site("2001:db8:1:2::1"), site("2001:db8:1:3::1"));
        assert_eq!(site("::ffff:192.0.2.1"), site("192.0.2.1"));
    }
}
