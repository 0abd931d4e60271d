//! Scheduled tasks. A task takes no input, goes in small steps and may run twice: on two nodes, or again after a crash.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::run::Engine;

mod expand_replays;
mod expire_deliveries;
mod prune_tokens;

/// Every task.
const ALL: [&dyn Task; 3] =
    [&expand_replays::ExpandReplays, &expire_deliveries::ExpireDeliveries, &prune_tokens::PruneTokens];

/// How many steps a round has at most.
const STEPS_MAX: u32 = 10_000;

/// Work that comes round.
#[async_trait]
trait Task: Sync {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// How long it rests between rounds.
    fn rests_for(&self) -> SignedDuration;

    /// Does a little of it, and says whether there is more.
    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError>;
}

/// Whether a round goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    More,
    Done,
}

/// Runs every task in its own rhythm until `shutdown`.
pub(crate) async fn repeat_all(engine: &Engine, shutdown: &CancellationToken) {
    let rounds = futures_util::future::join_all(ALL.map(|task| repeat(task, engine)));
    // A step is one transaction of the store: wherever it is dropped, nothing is half-done.
    shutdown.run_until_cancelled(rounds).await;
}

async fn repeat(task: &dyn Task, engine: &Engine) {
    loop {
        round(task, engine).await;
        let rested_at = engine.clock.now().saturating_add(task.rests_for()).unwrap_or(Timestamp::MAX);
        engine.timer.sleep_until(rested_at).await;
    }
}

/// Steps until it is done or fails; what is left over is for the next round.
async fn round(task: &dyn Task, engine: &Engine) {
    for steps in 1..=STEPS_MAX {
        match task.step(&*engine.store, engine.clock.now()).await {
            Ok(Step::More) => {}
            Ok(Step::Done) => return debug!(task = task.name(), steps, "task {} is done", task.name()),
            Err(error) => {
                return error!(task = task.name(), steps, %error, "task {} stopped until its next round", task.name());
            }
        }
    }
}
