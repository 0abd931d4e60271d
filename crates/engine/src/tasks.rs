//! Scheduled tasks. A task takes no input, goes in small steps and may run twice: on two nodes, or again after a crash.

use std::sync::atomic::AtomicI64;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::error::StoreError;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use self::mail_notices::MailNotices;
use crate::run::Engine;

mod expand_announcements;
mod expand_replays;
mod expire_content;
mod expire_deliveries;
mod mail_notices;
mod prune_audit;
mod prune_events;
mod prune_hub_sessions;
mod prune_idempotency;
mod prune_notices;
mod prune_packages;
mod prune_plays;
mod prune_replays;
mod prune_tokens;
mod prune_webhooks;

/// Every task that needs no setting.
const ALL: [&dyn Task; 10] = [
    &expand_replays::ExpandReplays,
    &expire_deliveries::ExpireDeliveries,
    &prune_tokens::PruneTokens,
    &prune_notices::PruneNotices,
    &prune_idempotency::PruneIdempotency,
    &prune_packages::PrunePackages,
    &prune_hub_sessions::PruneHubSessions,
    &prune_plays::PrunePlays,
    &expand_announcements::ExpandAnnouncements,
    &expire_content::ExpireContent,
];

/// How many steps a round has at most.
const STEPS_MAX: u32 = 10_000;

/// Work that comes round.
#[async_trait]
trait Task: Sync {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// How long it rests between rounds.
    fn rests_for(&self) -> SignedDuration;

    /// How long it rests between the steps of a round.
    fn pauses_for(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

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
    let kept_for = engine.settings.events_kept_for;
    let prune_events = prune_events::PruneEvents { kept_for, cursor: AtomicI64::default() };
    let prune_replays = prune_replays::PruneReplays { kept_for };
    let prune_webhooks = prune_webhooks::PruneWebhooks { kept_for };
    let prune_audit = prune_audit::PruneAudit { kept_for: engine.settings.audit_kept_for };
    let with_settings: [&dyn Task; 4] = [&prune_events, &prune_replays, &prune_webhooks, &prune_audit];
    let mail_notices = engine.mailer.clone().map(|mailer| MailNotices { mailer, clock: engine.clock.clone() });
    let mail_notices = mail_notices.as_ref().map(|task| task as &dyn Task);
    let all = ALL.into_iter().chain(with_settings).chain(mail_notices);
    let rounds = futures_util::future::join_all(all.map(|task| repeat(task, engine)));
    // A step is one transaction of the store, or goes from one to the next under a lease: wherever it is dropped, nothing is
    // half-done.
    shutdown.run_until_cancelled(rounds).await;
}

async fn repeat(task: &dyn Task, engine: &Engine) {
    loop {
        round(task, engine).await;
        sleep_for(engine, task.rests_for()).await;
    }
}

async fn sleep_for(engine: &Engine, span: SignedDuration) {
    let until = engine.clock.now().saturating_add(span).unwrap_or(Timestamp::MAX);
    engine.timer.sleep_until(until).await;
}

/// Steps until it is done or fails; what is left over is for the next round.
async fn round(task: &dyn Task, engine: &Engine) {
    for steps in 1..=STEPS_MAX {
        crash::point!("engine/before-task-step");
        let stepped = task.step(&*engine.store, engine.clock.now()).await;
        crash::point!("engine/after-task-step");
        match stepped {
            Ok(Step::More) if task.pauses_for().is_zero() => {}
            Ok(Step::More) => sleep_for(engine, task.pauses_for()).await,
            Ok(Step::Done) => return debug!(task = task.name(), steps, "task {} is done", task.name()),
            Err(error) => {
                return error!(task = task.name(), steps, %error, "task {} stopped until its next round", task.name());
            }
        }
    }
}
