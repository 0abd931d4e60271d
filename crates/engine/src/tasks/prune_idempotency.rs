//! Forgets idempotency keys whose day is over.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;
use store::idempotency::KEPT_FOR;

use super::{Step, Task};

/// How many at once: few enough that nobody waits for it. Their answers may be long.
const STEP_MAX: u32 = 100;
const RESTS_FOR: SignedDuration = SignedDuration::from_mins(10);

pub(super) struct PruneIdempotency;

#[async_trait]
impl Task for PruneIdempotency {
    fn name(&self) -> &'static str {
        "prune_idempotency"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let Ok(until) = now.checked_sub(KEPT_FOR) else { return Ok(Step::Done) };
        let pruned = store.prune_idempotency_keys(until, STEP_MAX).await?;
        Ok(if pruned < u64::from(STEP_MAX) { Step::Done } else { Step::More })
    }
}
