//! Until when a request may take.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Until when a request may take, in its extensions: whoever carries out one that takes long by its nature moves it, and then limits
/// it in another way.
#[derive(Clone, Debug)]
pub(crate) struct Deadline(Arc<Mutex<Instant>>);

impl Deadline {
    /// So long from now.
    pub(super) fn within(span: Duration) -> Self {
        Deadline(Arc::new(Mutex::new(Instant::now() + span)))
    }

    /// So long from now, if that is later than it was.
    pub(crate) fn extend(&self, span: Duration) {
        let mut at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *at = (*at).max(Instant::now() + span);
    }

    /// Returns when it is over, wherever it was moved to meanwhile.
    pub(super) async fn passed(&self) {
        loop {
            let at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if at <= Instant::now() {
                return;
            }
            sleep_until(at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_passes_where_it_was_moved_to_and_never_comes_nearer() {
        let deadline = Deadline::within(Duration::from_secs(30));
        let started = Instant::now();
        let moves = async {
            tokio::time::sleep(Duration::from_secs(29)).await;
            deadline.extend(Duration::from_secs(60));
            deadline.extend(Duration::from_secs(1));
        };
        tokio::join!(deadline.passed(), moves);
        assert_eq!(started.elapsed(), Duration::from_secs(89));
    }
}
