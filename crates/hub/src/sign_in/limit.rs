//! How often somebody may try to sign in: by the address that the request comes from, and by the e-mail address that is tried.
//!
//! Counted in memory, by each node for itself. Nobody can lock somebody else out: an e-mail address at which others guess stays
//! open to whoever has not failed from where they are.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::oauth::Digest;
use jiff::{SignedDuration, Timestamp};

/// For how long failures are counted together.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// How many may fail from one address in that time: many people may be behind it.
const BY_ADDRESS_MAX: u32 = 50;
/// How many may fail for one e-mail address in that time.
const BY_EMAIL_MAX: u32 = 10;
/// How many addresses are remembered. Each costs somebody a hash, so that no more come within the window than the machine can compute;
/// if they do all the same, who is not remembered is refused.
const REMEMBERED_MAX: usize = 100_000;

/// Who has failed how often.
#[derive(Debug, Default)]
pub(crate) struct SignInLimit(Mutex<Failures>);

#[derive(Debug, Default)]
struct Failures {
    by_address: HashMap<Option<IpAddr>, Tries>,
    by_email: HashMap<[u8; 32], Tries>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    since: Timestamp,
}

/// Somebody who tries to sign in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trying {
    /// Where the request comes from.
    pub(crate) address: Option<IpAddr>,
    /// Of the e-mail address.
    pub(crate) email: Digest,
}

impl SignInLimit {
    /// Takes a try, or says how long there is none. It counts as a failure until [`succeeded`](Self::succeeded) takes it back, so that many
    /// at once are no more than one after the other.
    pub(crate) fn take(&self, trying: &Trying, now: Timestamp) -> Result<(), SignedDuration> {
        let mut failures = self.failures();
        let Failures { by_address, by_email } = &mut *failures;
        let address = look(by_address, &trying.address, now);
        let email = look(by_email, &trying.email.0, now);
        if address.count >= BY_ADDRESS_MAX {
            return Err(address.over_in(now));
        }
        if email.count >= BY_EMAIL_MAX && address.count > 0 {
            return Err(email.over_in(now));
        }
        count(by_address, trying.address, address).map_err(|()| WINDOW)?;
        count(by_email, trying.email.0, email).map_err(|()| WINDOW)
    }

    /// Takes back what a try that succeeded was counted as.
    pub(crate) fn succeeded(&self, trying: &Trying) {
        let mut failures = self.failures();
        if let Some(tries) = failures.by_address.get_mut(&trying.address) {
            tries.count = tries.count.saturating_sub(1);
        }
        failures.by_email.remove(&trying.email.0);
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tries {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.since).abs() >= WINDOW
    }

    fn over_in(&self, now: Timestamp) -> SignedDuration {
        WINDOW - now.duration_since(self.since)
    }
}

fn look<K: Eq + Hash>(tries: &HashMap<K, Tries>, key: &K, now: Timestamp) -> Tries {
    tries.get(key).copied().filter(|tries| !tries.is_over(now)).unwrap_or(Tries { count: 0, since: now })
}

fn count<K: Eq + Hash>(tries: &mut HashMap<K, Tries>, key: K, before: Tries) -> Result<(), ()> {
    if tries.len() >= REMEMBERED_MAX && !tries.contains_key(&key) {
        let now = before.since;
        tries.retain(|_, tries| tries.count > 0 && !tries.is_over(now));
        if tries.len() >= REMEMBERED_MAX {
            return Err(());
        }
    }
    tries.insert(key, Tries { count: before.count + 1, ..before });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trying(address: u8, email: u8) -> Trying {
        Trying { address: Some(IpAddr::from([192, 0, 2, address])), email: Digest([email; 32]) }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn fail(limit: &SignInLimit, times: u32, trying: &Trying, at: i64) {
        for n in 0..times {
            assert_eq!(limit.take(trying, second(at)), Ok(()), "{n}");
        }
    }

    #[test]
    fn so_many_may_fail_for_one_person_within_the_window() {
        let limit = SignInLimit::default();
        fail(&limit, BY_EMAIL_MAX, &trying(1, 1), 0);
        assert_eq!(limit.take(&trying(1, 1), second(60)), Err(SignedDuration::from_mins(14)));
        // Others are not concerned, nor is the same person from where nobody failed.
        fail(&limit, 1, &trying(1, 2), 60);
        fail(&limit, 1, &trying(2, 1), 60);
        assert!(limit.take(&trying(2, 1), second(60)).is_err());
        assert_eq!(limit.take(&trying(1, 1), second(15 * 60)), Ok(()));
    }

    #[test]
    fn so_many_may_fail_from_one_address() {
        let limit = SignInLimit::default();
        for email in 0..BY_ADDRESS_MAX as u8 {
            fail(&limit, 1, &trying(1, email), 0);
        }
        assert!(limit.take(&trying(1, 200), second(1)).is_err());
        assert_eq!(limit.take(&trying(2, 200), second(1)), Ok(()));
    }

    #[test]
    fn who_gets_in_has_not_failed() {
        let limit = SignInLimit::default();
        for _ in 0..3 {
            fail(&limit, BY_EMAIL_MAX - 1, &trying(1, 1), 0);
            limit.take(&trying(1, 1), second(0)).unwrap();
            limit.succeeded(&trying(1, 1));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let limit = SignInLimit::default();
        fail(&limit, BY_EMAIL_MAX, &trying(1, 1), 10_000);
        assert_eq!(limit.take(&trying(1, 1), second(0)), Ok(()));
    }
}
