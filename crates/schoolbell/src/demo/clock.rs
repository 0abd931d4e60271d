//! A clock that runs fast, and shows nothing false: it stands still while anything happens, and then goes to the next instant at
//! which something is due.
//!
//! A clock that raced would let leases lapse while a request is on its way, and signatures be minutes old when they arrive.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::clock::Clock;
use engine::timer::Timer;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// How often it goes on where it goes as others do.
const TICK: Duration = Duration::from_secs(1);

/// Goes where it is told to, and never back.
#[derive(Debug)]
pub(super) struct FastClock(watch::Sender<Timestamp>);

/// Waits for it.
#[derive(Debug)]
struct FastTimer(watch::Receiver<Timestamp>);

impl FastClock {
    pub(super) fn new(at: Timestamp) -> Self {
        FastClock(watch::channel(at).0)
    }

    /// Waits for its instants.
    pub(super) fn timer(&self) -> Arc<dyn Timer> {
        Arc::new(FastTimer(self.0.subscribe()))
    }

    pub(super) fn go_to(&self, at: Timestamp) {
        self.0.send_modify(|now| *now = at.max(*now));
    }

    pub(super) fn go_on(&self, by: SignedDuration) {
        self.go_to(self.now().saturating_add(by).unwrap_or(Timestamp::MAX));
    }

    /// Goes as other clocks do, for ever.
    pub(super) async fn run_on(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            self.go_on(SignedDuration::try_from(TICK).unwrap_or(SignedDuration::ZERO));
        }
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
}

#[async_trait]
impl Timer for FastTimer {
    async fn sleep_until(&self, at: Timestamp) {
        // Without a clock nobody waits any more.
        let _ = self.0.clone().wait_for(|now| *now >= at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn whoever_waits_for_an_instant_is_woken_by_it_and_by_none_before() {
        let clock = FastClock::new(at(0));
        let timer = clock.timer();
        let mut waiting = tokio::spawn(async move { timer.sleep_until(at(10)).await });
        clock.go_to(at(9));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.go_on(SignedDuration::from_secs(1));
        (&mut waiting).await.unwrap();
    }

    #[test]
    fn it_never_goes_back() {
        let clock = FastClock::new(at(10));
        clock.go_to(at(9));
        assert_eq!(clock.now(), at(10));
    }
}
