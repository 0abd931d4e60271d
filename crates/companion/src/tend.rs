//! Tends content that ends: has it removed in time, asks the platform about it, tells people.
//!
//! Three loops that do not wait for one another: a platform that is away keeps nothing from being removed, a mail server that
//! is slow keeps nothing from being fetched. Nothing is "running" in the database: what was begun and not recorded is due still.

mod notify;
pub(crate) mod plan;
mod refresh;
pub(crate) mod remove;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::Shared;
use crate::inbox::InboxError;
use crate::portals::Portals;
use crate::step::Step;
use crate::worker::decide::{delay_after, shortened};

/// How long a loop sleeps at most: what a lost ring of the bell, or a clock that was set, can cost.
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// How often is looked who is to be told.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How much is begun at the same time.
const AT_ONCE_MAX: usize = 4;
/// How many rounds of [`AT_ONCE_MAX`] one look takes at most before it looks anew.
const ROUNDS_MAX: usize = 10_000;

/// Tends content that ends.
#[derive(Clone)]
pub(crate) struct Tender {
    shared: Arc<Shared>,
    portals: Arc<Portals>,
}

/// What is done over and over.
#[derive(Clone, Copy, Debug)]
enum Task {
    Remove,
    Refresh,
    Notify,
}

impl Task {
    fn words(self) -> &'static str {
        match self {
            Task::Remove => "have content removed",
            Task::Refresh => "ask about content",
            Task::Notify => "tell people",
        }
    }

    fn pace(self) -> Duration {
        match self {
            Task::Remove | Task::Refresh => SLEEP_MAX,
            Task::Notify => LOOK_EVERY,
        }
    }
}

impl Tender {
    pub(crate) fn new(shared: Arc<Shared>, portals: Arc<Portals>) -> Self {
        Tender { shared, portals }
    }

    /// Works until `shutdown`. What is being done then is done to its end, up to the limit.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) {
        self.start().await;
        let every = |task| self.every(task, shutdown);
        tokio::join!(every(Task::Remove), every(Task::Refresh), every(Task::Notify));
    }

    /// Everything that is due now, once.
    pub(crate) async fn once(&self) -> Result<(), InboxError> {
        self.replay().await?;
        for task in [Task::Remove, Task::Refresh, Task::Notify] {
            self.look(task).await?;
        }
        Ok(())
    }

    async fn look(&self, task: Task) -> Result<(), InboxError> {
        match task {
            Task::Remove => self.remove_due().await,
            Task::Refresh => self.refresh_due().await,
            Task::Notify => self.notify_due().await,
        }
    }

    /// A start is when an operator may have mended what was waited for.
    async fn start(&self) {
        let started = async {
            self.replay().await?;
            self.shared.inbox.wake_retirements(self.shared.now()).await
        };
        if let Err(error) = started.await {
            tracing::error!(%error, "cannot wake what waits about content that ends; it will fall due by itself");
        }
    }

    async fn replay(&self) -> Result<(), InboxError> {
        self.shared.link_key().await?;
        let replayed = self.shared.inbox.replay_news(self.shared.now()).await?;
        if replayed > 0 {
            tracing::info!(replayed, "read {replayed} content events that had arrived before");
        }
        Ok(())
    }

    async fn every(&self, task: Task, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            let rung = self.shared.retirement_bell.notified();
            let looked = async {
                if let Err(error) = self.look(task).await {
                    tracing::error!(%error, "cannot {}; it stays due", task.words());
                }
            };
            let stop = async {
                shutdown.cancelled().await;
                tokio::time::sleep(self.shared.settings.limits.stop()).await;
            };
            tokio::select! {
                () = looked => {}
                () = stop => break,
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = rung => {}
                () = tokio::time::sleep(task.pace()) => {}
            }
        }
    }

    fn tell(&self, portal_id: &str, lo_id: &str, what: &str) {
        tracing::info!(portal_id, lo_id, "content {lo_id} of portal {portal_id}: {what}");
        self.shared.steps.tell(|| Step::Retirement {
            portal_id: portal_id.to_owned(),
            lo_id: lo_id.to_owned(),
            what: what.to_owned(),
        });
    }
}

/// When to try again what has this number, after so many tries without success.
fn again(number: i64, tries: u32, retry_after: Option<Duration>, now: Timestamp) -> Timestamp {
    later(now, delay_after(number, tries, retry_after))
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// A reason that is not too long to keep.
fn reason(text: impl Into<String>) -> String {
    shortened(text.into())
}
