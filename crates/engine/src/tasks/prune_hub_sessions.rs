//! Deletes sessions of the Hub that are over.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task};

/// How many at once: few enough that nobody waits for it.
const STEP_MAX: u32 = 500;
const RESTS_FOR: SignedDuration = SignedDuration::from_mins(10);

pub(super) struct PruneHubSessions;

#[async_trait]
impl Task for PruneHubSessions {
    fn name(&self) -> &'static str {
        "prune_hub_sessions"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let pruned = store.prune_hub_sessions(now, STEP_MAX).await?;
        Ok(if pruned < u64::from(STEP_MAX) { Step::Done } else { Step::More })
    }
}
