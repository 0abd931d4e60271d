//! Deletes notices that are old.

use async_trait::async_trait;
use domain::notice::KEPT_FOR;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task};

/// How many at once: few enough that nobody waits for it.
const STEP_MAX: u32 = 500;
const RESTS_FOR: SignedDuration = SignedDuration::from_hours(1);

pub(super) struct PruneNotices;

#[async_trait]
impl Task for PruneNotices {
    fn name(&self) -> &'static str {
        "prune_notices"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let before = now.saturating_sub(KEPT_FOR).expect("a year ago is an instant");
        let pruned = store.prune_notices(before, STEP_MAX).await?;
        Ok(if pruned < u64::from(STEP_MAX) { Step::Done } else { Step::More })
    }
}
