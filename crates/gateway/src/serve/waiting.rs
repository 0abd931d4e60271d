//! Connections that wait for a request, so that one of them can go when there is room for no other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// In which order they go: those that never made a request first, the longest waiting of them before the others.
type Turn = (bool, u64);

/// All that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    turns: AtomicU64,
    connections: Mutex<BTreeMap<Turn, CancellationToken>>,
    more: Notify,
}

/// One connection's place among them. It waits from the beginning, but for the time of its requests.
#[derive(Debug)]
pub(super) struct Place {
    waiting: Arc<Waiting>,
    end: CancellationToken,
    turn: Mutex<Option<Turn>>,
}

impl Waiting {
    /// A connection that waits for its first request, and is to end when the token is cancelled.
    pub(super) fn join(self: Arc<Self>, end: CancellationToken) -> Place {
        let place = Place { waiting: self, end, turn: Mutex::default() };
        place.waits(false);
        place
    }

    /// Ends the connection whose turn it is; returns once there was one.
    pub(super) async fn end_one(&self) {
        loop {
            let more = self.more.notified();
            let first = self.connections.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
            if let Some((_, end)) = first {
                return end.cancel();
            }
            more.await;
        }
    }
}

impl Place {
    /// A request has come.
    pub(super) fn is_busy(&self) {
        if let Some(turn) = self.turn.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.waiting.connections.lock().unwrap_or_else(PoisonError::into_inner).remove(&turn);
        }
    }

    /// Its answer is there.
    pub(super) fn waits_again(&self) {
        self.waits(true);
    }

    fn waits(&self, has_asked: bool) {
        let turn = (has_asked, self.waiting.turns.fetch_add(1, Ordering::Relaxed));
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        self.waiting.connections.lock().unwrap_or_else(PoisonError::into_inner).insert(turn, self.end.clone());
        self.waiting.more.notify_one();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_busy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_that_never_asked_go_first_and_the_busy_stay() {
        let waiting = Arc::new(Waiting::default());
        let ends = [(); 5].map(|()| CancellationToken::new());
        let places = ends.clone().map(|end| waiting.clone().join(end));
        let has_ended = |expected: [bool; 5]| assert_eq!(ends.clone().map(|end| end.is_cancelled()), expected);
        places[0].is_busy();
        places[1].is_busy();
        places[1].waits_again();
        let [_busy, _asked, _first, gone, _last] = places;
        drop(gone);
        waiting.end_one().await;
        has_ended([false, false, true, false, false]);
        waiting.end_one().await;
        has_ended([false, false, true, false, true]);
        waiting.end_one().await;
        has_ended([false, true, true, false, true]);
        let nobody = tokio::time::timeout(std::time::Duration::from_millis(1), waiting.end_one()).await;
        assert!(nobody.is_err());
        _busy.waits_again();
        waiting.end_one().await;
        has_ended([true, true, true, false, true]);
    }
}
