//! One alarm for whatever the loop waits for by the clock.

use std::future::pending;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::timer::Timer;

/// Rings once, at the earliest of the instants that it was set to. It may ring for an instant that nobody waits for any
/// more: setting it anew for each turn of a busy loop would cost more than that.
pub(super) struct Alarm<'a> {
    timer: &'a dyn Timer,
    set: Option<(Timestamp, BoxFuture<'a, ()>)>,
}

impl<'a> Alarm<'a> {
    pub(super) fn new(timer: &'a dyn Timer) -> Self {
        Alarm { timer, set: None }
    }

    /// Makes it ring at `at`, unless it rings earlier anyway.
    pub(super) fn set(&mut self, at: Timestamp) {
        if self.set.as_ref().is_none_or(|(set, _)| at < *set) {
            self.set = Some((at, self.timer.sleep_until(at)));
        }
    }

    /// Returns when it rings. Dropping this and asking again loses nothing.
    pub(super) async fn ring(&mut self) {
        match &mut self.set {
            Some((_, sleep)) => sleep.await,
            None => pending().await,
        }
        self.set = None;
    }
}
