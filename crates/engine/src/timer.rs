//! Waiting for an instant, as something that is handed over.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::clock::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

/// How long [`ClockTimer`] sleeps before it looks at the clock again: the clock may have been set meanwhile.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits for instants of the clock that goes with it. The binary hands over [`ClockTimer`]; tests hand over one that they move.
#[async_trait]
pub trait Timer: Debug + Send + Sync {
    /// Returns once the clock says `at` or later; or once as much time has passed as there was until then, for a clock that was set
    /// back holds nobody up.
    async fn sleep_until(&self, at: Timestamp);

    /// This instant by a watch that only runs forward, however the clock is set: two of them say how long something took.
    fn instant(&self) -> std::time::Instant {
        std::time::Instant::now()
    }
}

/// Sleeps in real time and follows a clock that may jump: it is late by at most [`LOOK_EVERY`] when that is ahead, and never
/// sleeps for longer than was asked for.
#[derive(Debug)]
pub struct ClockTimer(pub Arc<dyn Clock>);

#[async_trait]
impl Timer for ClockTimer {
    async fn sleep_until(&self, at: Timestamp) {
        let mut left = at.duration_since(self.0.now());
        let started = Instant::now();
        let asked_for = left.unsigned_abs();
        while left.is_positive() && started.elapsed() < asked_for {
            let rest = asked_for.saturating_sub(started.elapsed());
            tokio::time::sleep(left.unsigned_abs().min(rest).min(LOOK_EVERY)).await;
            left = at.duration_since(self.0.now());
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

    /// Was right once, and says an hour less ever since.
    #[derive(Debug)]
    struct SetBack(AtomicI64);

    impl Clock for SetBack {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(3_600 - 3_600 * self.0.fetch_add(1, Ordering::Relaxed).min(1)).unwrap()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_back_makes_nobody_sleep_longer() {
        let timer = ClockTimer(Arc::new(SetBack(AtomicI64::new(0))));
        let before = Instant::now();
        timer.sleep_until(Timestamp::from_second(3_605).unwrap()).await;
        assert_eq!(before.elapsed().as_secs(), 5);
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
