//! Deletes what opened the player and can do so no more.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task};

/// How many of each at once: few enough that nobody waits for it.
const STEP_MAX: u32 = 500;
const RESTS_FOR: SignedDuration = SignedDuration::from_mins(10);

pub(super) struct PrunePlays;

#[async_trait]
impl Task for PrunePlays {
    fn name(&self) -> &'static str {
        "prune_plays"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let pruned = store.prune_plays(now, STEP_MAX).await?;
        Ok(if pruned < u64::from(STEP_MAX) { Step::Done } else { Step::More })
    }
}
