//! Noticing that the machine's clock was set back, and seeing to it that nothing waits for it to come there again.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use tokio_util::sync::CancellationToken;

/// How often to look at the clock: what it is set back by is known to this.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What nobody notices. Clocks are slewed by less.
const SLIGHT: SignedDuration = SignedDuration::from_secs(2);

/// Looks at the clock until `shutdown`, and brings forward what waits by it when it was set back.
pub(crate) async fn watch(store: Arc<dyn Store>, clock: Arc<dyn Clock>, shutdown: CancellationToken) {
    let looks = async {
        let mut last = clock.now();
        let mut pace = tokio::time::interval(LOOK_EVERY);
        loop {
            pace.tick().await;
            last = look(&*store, last, clock.now()).await;
        }
    };
    shutdown.run_until_cancelled(looks).await;
}

/// One look, by a clock that said `last` the last time. Gives back what to compare the next with: after a failure the same, so
/// that it is tried again.
async fn look(store: &dyn Store, last: Timestamp, now: Timestamp) -> Timestamp {
    let by = last.duration_since(now);
    if by < SLIGHT {
        return last.max(now);
    }
    match store.bring_forward(last, now).await {
        Ok(moved) => {
            tracing::warn!(
                seconds = by.as_secs(),
                moved,
                "the clock was set back by {} s: {moved} deliveries come so much earlier",
                by.as_secs()
            );
            now
        }
        Err(error) => {
            tracing::error!(%error, "the clock was set back, and deliveries wait by it: trying again");
            last
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandom;
    use crate::data_folder::DataFolder;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn a_step_back_is_told_from_a_clock_that_goes_on_or_trembles() {
        let folder = tempfile::tempdir().unwrap();
        let store = DataFolder::open(folder.path(), &SystemRandom).unwrap().store;
        for (last, now, next) in [(10, 11, 11), (10, 9, 10), (10, 3_600, 3_600), (3_600, 10, 10)] {
            assert_eq!(look(&*store, at(last), at(now)).await, at(next), "from {last} to {now}");
        }
    }
}
