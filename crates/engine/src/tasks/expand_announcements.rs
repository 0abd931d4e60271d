//! Tells everybody concerned what becomes of content, a few portals at a time.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;

use super::{Step, Task};

/// How many portals at once: few enough that nobody waits for it.
const STEP_MAX: u32 = 200;
/// How long somebody waits at most for the telling to begin.
const RESTS_FOR: SignedDuration = SignedDuration::from_secs(1);

pub(super) struct ExpandAnnouncements;

#[async_trait]
impl Task for ExpandAnnouncements {
    fn name(&self) -> &'static str {
        "expand_announcements"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        Ok(if store.expand_announcements(STEP_MAX, now).await? { Step::More } else { Step::Done })
    }
}
