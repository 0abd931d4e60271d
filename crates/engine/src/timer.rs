//! Waiting for an instant, as something that is handed over.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::clock::Clock;
use jiff::Timestamp;

/// How long [`ClockTimer`] sleeps before it looks at the clock again: the clock may have been set meanwhile.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits for instants of the clock that goes with it. The binary hands over [`ClockTimer`]; tests hand over one that they move.
#[async_trait]
pub trait Timer: Debug + Send + Sync {
    /// Returns once the clock says `at` or later.
    async fn sleep_until(&self, at: Timestamp);
}

/// Sleeps in real time and follows a clock that may jump: it is late by at most [`LOOK_EVERY`] when that happens.
#[derive(Debug)]
pub struct ClockTimer(pub Arc<dyn Clock>);

#[async_trait]
impl Timer for ClockTimer {
    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let left = at.duration_since(self.0.now());
            if !left.is_positive() {
                return;
            }
            tokio::time::sleep(left.unsigned_abs().min(LOOK_EVERY)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// Says what it is told to, later by an hour each time it is asked.
    #[derive(Debug)]
    struct Jumping(AtomicI64);

    impl Clock for Jumping {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(3_600 * self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_ahead_is_noticed() {
        let timer = ClockTimer(Arc::new(Jumping(AtomicI64::new(0))));
        let hour = Timestamp::from_second(3_600).unwrap();
        let before = tokio::time::Instant::now();
        timer.sleep_until(hour).await;
        assert_eq!(before.elapsed(), LOOK_EVERY);
    }
}
