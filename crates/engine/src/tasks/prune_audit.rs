//! Deletes entries of the audit log that are older than they are kept.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task, prune_events};

/// How many at once: few enough that nobody waits for it.
const STEP_MAX: u32 = 500;
const RESTS_FOR: SignedDuration = SignedDuration::from_hours(1);

pub(super) struct PruneAudit {
    /// For how long they are kept; for ever if there is none.
    pub(super) kept_for: Option<SignedDuration>,
}

#[async_trait]
impl Task for PruneAudit {
    fn name(&self) -> &'static str {
        "prune_audit"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let Some(before) = prune_events::kept_from(self.kept_for, now) else { return Ok(Step::Done) };
        let pruned = store.prune_audit_entries(before, STEP_MAX).await?;
        Ok(if pruned < u64::from(STEP_MAX) { Step::Done } else { Step::More })
    }
}
