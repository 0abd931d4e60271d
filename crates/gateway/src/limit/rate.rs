//! So many at once, and after that one every so often: the generic cell rate algorithm, for each key on its own.
//!
//! Of a key only the instant is kept at which it will have all of its allowance again; one that has is not kept at all. Ours and not
//! a library's, because failures are looked at before they are counted, and what one limit took is given back when another
//! refuses: those that there are can only take.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// How many keys are kept at most: some 100 bytes each.
const KEYS_MAX: usize = 100_000;
/// With fewer keys than this nobody looks which of them are idle.
const SWEPT_FROM: usize = 1_024;
const SECOND_NS: i128 = 1_000_000_000;

/// How much is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    every_ns: i128,
    burst: u32,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many may come at once when there were none before.
    pub(super) limit: u32,
    /// How many may come now.
    pub(super) remaining: u32,
    /// Until there are so many as `limit` again.
    pub(super) whole_in: Duration,
    /// Until there is one.
    pub(super) next_in: Duration,
}

/// Who has come how often.
#[derive(Debug)]
pub(super) struct Limiter<K> {
    rate: Rate,
    cells: Mutex<Cells<K>>,
}

#[derive(Debug)]
struct Cells<K> {
    /// When each key has all of its allowance again, in Unix nanoseconds.
    whole_at: HashMap<K, i128>,
    /// With how many keys the idle ones are looked for.
    sweep_at: usize,
}

impl Rate {
    /// So many in a second, and as many as in two seconds at once.
    pub(super) fn per_second(count: NonZeroU32) -> Self {
        Rate { every_ns: every(SECOND_NS, count), burst: count.get().saturating_mul(2) }
    }

    /// So many in a minute, and all of them at once.
    pub(super) fn per_minute(count: NonZeroU32) -> Self {
        Rate { every_ns: every(60 * SECOND_NS, count), burst: count.get() }
    }

    fn whole_ns(self) -> i128 {
        self.every_ns * i128::from(self.burst)
    }

    /// The standing of one who owes `debt_ns` of waiting.
    fn standing(self, debt_ns: i128) -> Standing {
        let left_ns = self.whole_ns() - debt_ns;
        Standing {
            limit: self.burst,
            remaining: u32::try_from(left_ns / self.every_ns).unwrap_or(0),
            whole_in: duration(debt_ns),
            next_in: duration(self.every_ns - left_ns),
        }
    }
}

fn every(span_ns: i128, count: NonZeroU32) -> i128 {
    (span_ns / i128::from(count.get())).max(1)
}

fn duration(ns: i128) -> Duration {
    Duration::from_nanos(u64::try_from(ns.max(0)).unwrap_or(u64::MAX))
}

impl<K: Clone + Eq + Hash> Limiter<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Limiter { rate, cells: Mutex::new(Cells { whole_at: HashMap::new(), sweep_at: SWEPT_FROM }) }
    }

    /// Where the key stands, and nothing is taken.
    pub(super) fn look(&self, key: &K, now: Timestamp) -> Standing {
        self.rate.standing(self.debt(&mut self.cells(), key, now.as_nanosecond()))
    }

    /// Takes one, or says that there is none.
    pub(super) fn take(&self, key: &K, now: Timestamp) -> Result<Standing, Standing> {
        let now = now.as_nanosecond();
        let mut cells = self.cells();
        let debt = self.debt(&mut cells, key, now);
        if debt + self.rate.every_ns > self.rate.whole_ns() {
            return Err(self.rate.standing(debt));
        }
        cells.set(key, now + debt + self.rate.every_ns, now);
        Ok(self.rate.standing(debt + self.rate.every_ns))
    }

    /// Gives one back that was taken and not used.
    pub(super) fn give_back(&self, key: &K) {
        if let Some(whole_at) = self.cells().whole_at.get_mut(key) {
            *whole_at -= self.rate.every_ns;
        }
    }

    /// How long it takes until the key has all of its allowance. Never longer than if it had nothing, from now on: the clock may
    /// have been set back.
    fn debt(&self, cells: &mut Cells<K>, key: &K, now: i128) -> i128 {
        let Some(whole_at) = cells.whole_at.get_mut(key) else { return 0 };
        *whole_at = (*whole_at).min(now + self.rate.whole_ns());
        (*whole_at - now).max(0)
    }

    fn cells(&self) -> MutexGuard<'_, Cells<K>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> Cells<K> {
    fn set(&mut self, key: &K, at: i128, now: i128) {
        if let Some(whole_at) = self.whole_at.get_mut(key) {
            *whole_at = at;
            return;
        }
        if self.whole_at.len() >= self.sweep_at {
            self.sweep(now);
        }
        self.whole_at.insert(key.clone(), at);
    }

    /// Forgets who is idle. If there are too many others, all are forgotten and begin anew.
    fn sweep(&mut self, now: i128) {
        self.whole_at.retain(|_, whole_at| *whole_at > now);
        if self.whole_at.len() > KEYS_MAX / 2 {
            self.whole_at.clear();
        }
        self.sweep_at = (2 * self.whole_at.len()).max(SWEPT_FROM);
        self.whole_at.shrink_to(self.sweep_at);
    }
}

#[cfg(test)]
mod tests;
