//! Applies what the dates of content ask for: out of search at one, gone at another.
//!
//! Content is judged by its dates whenever somebody asks for it, so nothing here has to be in time for it to be gone.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task};

/// How many at once: few enough that nobody waits for it.
const STEP_MAX: u32 = 200;
const RESTS_FOR: SignedDuration = SignedDuration::from_secs(15);

pub(super) struct ExpireContent;

#[async_trait]
impl Task for ExpireContent {
    fn name(&self) -> &'static str {
        "expire_content"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let expired = store.expire_content(STEP_MAX, now).await?;
        Ok(if expired < u64::from(STEP_MAX) { Step::Done } else { Step::More })
    }
}
