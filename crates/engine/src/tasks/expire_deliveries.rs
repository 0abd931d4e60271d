//! Gives up what is pending for deleted webhooks, a few deliveries at a time.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task};

/// How many at once: few enough that nobody waits for it.
const STEP_MAX: u32 = 500;
const RESTS_FOR: SignedDuration = SignedDuration::from_secs(30);

pub(super) struct ExpireDeliveries;

#[async_trait]
impl Task for ExpireDeliveries {
    fn name(&self) -> &'static str {
        "expire_deliveries"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let expired = store.expire_deliveries(STEP_MAX, now).await?;
        Ok(if expired < u64::from(STEP_MAX) { Step::Done } else { Step::More })
    }
}
