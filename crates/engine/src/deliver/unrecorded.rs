//! Outcomes that are not recorded yet. None is lost while its lease holds, whatever the store says.

use domain::delivery::{Finished, FinishedAttempt, Next};
use jiff::Timestamp;
use store::Store;
use store::error::StoreError;
use tracing::{error, info, warn};

use crate::backoff::Backoff;
use crate::watch::Watch;

/// How many outcomes are recorded at once at most: a batch is one transaction, and others wait for it.
const BATCH_MAX: usize = 512;

/// What the store made of a batch.
pub(super) type Recording = (Vec<FinishedAttempt>, Result<Vec<Finished>, StoreError>);

/// Records a batch.
pub(super) async fn record(store: &dyn Store, batch: Vec<FinishedAttempt>, now: Timestamp) -> Recording {
    crash::point!("engine/before-record");
    let result = store.finish_attempts(batch.clone(), now).await;
    crash::point!("engine/recorded");
    (batch, result)
}

/// Outcomes that wait, and those that the store has in hand.
#[derive(Default)]
pub(super) struct Unrecorded {
    waiting: Vec<FinishedAttempt>,
    in_hand: usize,
    backoff: Backoff,
}

impl Unrecorded {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.in_hand
    }

    pub(super) fn extend(&mut self, attempts: Vec<FinishedAttempt>) {
        if self.waiting.is_empty() {
            self.waiting = attempts;
        } else {
            self.waiting.extend(attempts);
        }
    }

    /// The next batch, oldest first; `None` if there is nothing to record or the store wants to be left alone. What has lost
    /// its lease is dropped: the delivery is attempted again, with a higher number.
    pub(super) fn take(&mut self, now: Timestamp, watch: &Watch) -> Option<Vec<FinishedAttempt>> {
        if self.waiting.is_empty() || self.backoff.waits_until(now).is_some() {
            return None;
        }
        self.waiting.retain(|attempt| attempt.lease.expires_at > now || lost(attempt, watch));
        let batch = if self.waiting.len() > BATCH_MAX {
            self.waiting.drain(..BATCH_MAX).collect()
        } else {
            std::mem::take(&mut self.waiting)
        };
        self.in_hand = batch.len();
        (!batch.is_empty()).then_some(batch)
    }

    /// Takes in what the store made of the batch that it had in hand. Gives back when deliveries in it are due again, and
    /// how many attempts are recorded.
    pub(super) fn recorded(
        &mut self,
        (batch, result): Recording,
        now: Timestamp,
        watch: &Watch,
    ) -> (Option<Timestamp>, usize) {
        self.in_hand = 0;
        match result {
            Ok(finished) => {
                if self.backoff.succeeded() {
                    info!("the store records attempts again");
                }
                let recorded = batch.iter().zip(finished).filter(|(attempt, finished)| match finished {
                    Finished::Recorded => true,
                    Finished::LeaseLost => lost(attempt, watch),
                });
                let (mut due_at, mut count) = (None, 0);
                for (attempt, _) in recorded {
                    count += 1;
                    if let Next::Retry { at } = attempt.next {
                        due_at = Some(due_at.map_or(at, |due_at: Timestamp| due_at.min(at)));
                    }
                }
                (due_at, count)
            }
            Err(error) => {
                if self.backoff.failed(now) {
                    error!(%error, attempts = batch.len(), "the store does not record attempts; trying again until their leases run out");
                }
                let later = std::mem::replace(&mut self.waiting, batch);
                self.waiting.extend(later);
                (None, 0)
            }
        }
    }

    /// When the store may be asked again, if it wants to be left alone.
    pub(super) fn wakes_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.backoff.waits_until(now).filter(|_| !self.waiting.is_empty())
    }
}

/// Speaks of an outcome that is not recorded. Always false: it is not.
fn lost(attempt: &FinishedAttempt, watch: &Watch) -> bool {
    let lease = &attempt.lease;
    watch.leases_lost.increment(1);
    warn!(
        event_id = %lease.event.id,
        webhook_id = %lease.webhook.id,
        attempt_number = lease.attempt_number,
        "attempt {} of event {} is not recorded: its lease ran out",
        lease.attempt_number,
        lease.event.id,
    );
    false
}
