//! Deletes packages whose upload was never finished, and those that others took the place of a while ago: a little at a time, and it
//! rests between, so that the writer is free for nearly all of the time.

use async_trait::async_trait;
use domain::package::{REPLACED_FOR, UNFINISHED_FOR};
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task};

/// How many rows at once; those that hold files are fewer, by their length.
const ROWS_MAX: u32 = 500;
const PAUSES_FOR: SignedDuration = SignedDuration::from_millis(50);
const RESTS_FOR: SignedDuration = SignedDuration::from_mins(15);

pub(super) struct PrunePackages;

#[async_trait]
impl Task for PrunePackages {
    fn name(&self) -> &'static str {
        "prune_packages"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    fn pauses_for(&self) -> SignedDuration {
        PAUSES_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let [unfinished_before, replaced_before] = [UNFINISHED_FOR, REPLACED_FOR]
            .map(|kept_for| now.saturating_sub(kept_for).expect("a day ago is an instant"));
        let pruned = store.prune_packages(unfinished_before, replaced_before, ROWS_MAX).await?;
        Ok(if pruned == 0 { Step::Done } else { Step::More })
    }
}
