//! A clock that stands still until it is moved, and the timer that goes with it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::clock::Clock;
use engine::timer::Timer;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// How long, at most, something may take in real time that should happen at once. No test waits for it unless it fails.
const AT_ONCE: Duration = Duration::from_secs(20);

/// Waits for what should happen at once.
#[track_caller]
pub(crate) fn at_once<T>(what: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(AT_ONCE, what).await {
            Ok(value) => value,
            Err(_) => panic!("what {caller} waits for does not happen"),
        }
    }
}

/// A clock and a timer.
#[derive(Debug)]
pub(crate) struct Time {
    now: watch::Sender<Timestamp>,
    /// Everything that anybody ever waited for.
    awaited: watch::Sender<Vec<Timestamp>>,
}

impl Time {
    /// Time that stands at `now`.
    pub(crate) fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Time { now: watch::Sender::new(now), awaited: watch::Sender::new(Vec::new()) })
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, span: SignedDuration) {
        self.now.send_modify(|now| *now += span);
    }

    /// Returns once the engine waits for `at`.
    #[track_caller]
    pub(crate) fn is_awaited(&self, at: Timestamp) -> impl Future<Output = ()> {
        self.is_awaited_by(1, at)
    }

    /// Returns once so many parts of the engine wait for `at`: tasks with the same rest come to it one after another.
    #[track_caller]
    pub(crate) fn is_awaited_by(&self, parts: usize, at: Timestamp) -> impl Future<Output = ()> {
        let mut awaited = self.awaited.subscribe();
        at_once(async move {
            let wait = awaited.wait_for(|awaited| awaited.iter().filter(|&&until| until == at).count() >= parts);
            wait.await.expect("the sender is in this very struct");
        })
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }
}

#[async_trait]
impl Timer for Time {
    async fn sleep_until(&self, at: Timestamp) {
        self.awaited.send_modify(|awaited| awaited.push(at));
        self.now.subscribe().wait_for(|now| *now >= at).await.expect("the sender is in this very struct");
    }
}
