//! Deletes events that are older than they are kept, a few rows at a time, and rests between: whoever writes meanwhile waits for
//! one step at most, and the writer is free for nearly all of the time.

use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;
use store::event::PruneCursor;

use super::{Step, Task};

/// How many rows at once: a few milliseconds of the writer.
const ROWS_MAX: u32 = 500;
/// How long it rests after each step: so it deletes at most 10,000 rows a second, more than are stored for days on end.
const PAUSES_FOR: SignedDuration = SignedDuration::from_millis(50);
const RESTS_FOR: SignedDuration = SignedDuration::from_mins(15);

pub(super) struct PruneEvents {
    /// For how long events are kept; for ever if there is none.
    pub(super) kept_for: Option<SignedDuration>,
    /// How far the walk has come. Whoever begins at the beginning, after a start, looks at some again and deletes the same.
    pub(super) cursor: AtomicI64,
}

#[async_trait]
impl Task for PruneEvents {
    fn name(&self) -> &'static str {
        "prune_events"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    fn pauses_for(&self) -> SignedDuration {
        PAUSES_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let Some(before) = kept_from(self.kept_for, now) else { return Ok(Step::Done) };
        let cursor = PruneCursor(self.cursor.load(Ordering::Relaxed));
        let next = store.prune_events(cursor, before, ROWS_MAX).await?.next;
        self.cursor.store(next.unwrap_or_default().0, Ordering::Relaxed);
        Ok(if next.is_some() { Step::More } else { Step::Done })
    }
}

/// Before when nothing is kept.
pub(super) fn kept_from(kept_for: Option<SignedDuration>, now: Timestamp) -> Option<Timestamp> {
    now.checked_sub(kept_for?).ok()
}
