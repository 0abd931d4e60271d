//! Works off the inbox: fetches what is due, and has the inbox record it, let it wait or give it up.
//!
//! There is no "running" state: an entry stays due until it is settled, so a crash in between only means that it is
//! fetched again. Which entries are being fetched right now is known to this process alone.

pub(crate) mod activity;
pub(crate) mod decide;
pub(crate) mod fetch;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Shared;
use crate::inbox::{Due, InboxError, Recorded, State};
use crate::portals::Portals;
use crate::step::Step;
use crate::worker::decide::{Next, decide, delay};

/// How long the worker sleeps at most: what a lost ring of the bell, or a clock that was set, can cost.
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// How long nothing is fetched after the inbox could not be read or written.
const STORAGE_PAUSE: Duration = Duration::from_secs(5);

/// Works off the inbox.
#[derive(Clone)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    portals: Arc<Portals>,
}

/// The entries that are being fetched.
#[derive(Default)]
struct Fetching {
    tasks: JoinSet<Result<(), InboxError>>,
    entries: HashMap<Id, Due>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, portals: Arc<Portals>) -> Self {
        Worker { shared, portals }
    }

    /// Works until `shutdown`, then waits for what is being fetched, up to the limit.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) {
        // A start is when an operator may have added what was waited for.
        if let Err(error) = self.shared.inbox.wake(self.now()).await {
            tracing::error!(%error, "cannot wake what is waiting; it will fall due by itself");
        }
        let mut fetching = Fetching::default();
        let mut resume_at = Instant::now();
        while !shutdown.is_cancelled() {
            if Instant::now() >= resume_at
                && let Err(error) = self.take_due(&mut fetching)
            {
                tracing::error!(%error, "cannot read what is due");
                resume_at = Instant::now() + STORAGE_PAUSE;
            }
            let sleep = self.sleep_for(resume_at);
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.shared.bell.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                Some(ended) = fetching.tasks.join_next_with_id() => {
                    if let Err(error) = self.ended(&mut fetching.entries, ended).await {
                        tracing::error!(%error, "cannot store what became of an event; it stays due");
                        resume_at = Instant::now() + STORAGE_PAUSE;
                    }
                }
            }
        }
        self.finish(fetching).await;
    }

    /// Waits for what is being fetched, up to the limit. What does not end well stays due.
    async fn finish(&self, mut fetching: Fetching) {
        let finished = async {
            while let Some(ended) = fetching.tasks.join_next_with_id().await {
                if let Err(error) = self.ended(&mut fetching.entries, ended).await {
                    tracing::error!(%error, "cannot store what became of an event; it stays due");
                }
            }
        };
        if tokio::time::timeout(self.shared.settings.limits.stop(), finished).await.is_err() {
            tracing::warn!(entries = fetching.entries.len(), "stopped while fetching; these entries stay due");
        }
    }

    /// Works on everything that is due now, each once, and says how many entries that were.
    pub(crate) async fn run_once(&self) -> Result<usize, InboxError> {
        let now = self.now();
        let mut entries = 0;
        loop {
            let due = self.shared.inbox.due(now, self.shared.settings.limits.fetches_max)?;
            if due.is_empty() {
                return Ok(entries);
            }
            entries += due.len();
            let mut tasks = JoinSet::new();
            for due in due {
                tasks.spawn(self.clone().work(due));
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.shared.clock)()
    }

    /// Begins to fetch what is due and is not being fetched, as far as there is room.
    fn take_due(&self, fetching: &mut Fetching) -> Result<(), InboxError> {
        let fetches_max = self.shared.settings.limits.fetches_max;
        let room = fetches_max - fetching.entries.len();
        if room == 0 {
            return Ok(());
        }
        let due = self.shared.inbox.due(self.now(), fetches_max)?;
        let fresh = due.into_iter().filter(|due| fetching.entries.values().all(|other| other.number != due.number));
        for due in fresh.take(room).collect::<Vec<_>>() {
            let task = fetching.tasks.spawn(self.clone().work(due.clone()));
            fetching.entries.insert(task.id(), due);
        }
        Ok(())
    }

    /// Until the pause is over, or until something falls due. What is due already waits for room, not for time.
    fn sleep_for(&self, resume_at: Instant) -> Duration {
        let pause = resume_at.saturating_duration_since(Instant::now());
        if !pause.is_zero() {
            return pause;
        }
        let now = self.now();
        let next = self.shared.inbox.next_due_at(now).ok().flatten();
        let until = next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        until.map_or(SLEEP_MAX, |until| until.min(SLEEP_MAX))
    }

    async fn ended(
        &self,
        entries: &mut HashMap<Id, Due>,
        ended: Result<(Id, Result<(), InboxError>), JoinError>,
    ) -> Result<(), InboxError> {
        match ended {
            Ok((id, outcome)) => {
                entries.remove(&id);
                outcome
            }
            Err(panicked) => match entries.remove(&panicked.id()) {
                Some(due) => self.panicked(due).await,
                None => Ok(()),
            },
        }
    }

    /// Whatever is wrong with this entry, it must not keep the others from being fetched.
    async fn panicked(&self, due: Due) -> Result<(), InboxError> {
        tracing::error!(event_id = due.event_id, "fetching for event {} panicked", due.event_id);
        let due_at = self.now() + delay(&due, None);
        self.wait(due, due_at, "this program has a fault: see its log".to_owned(), false).await
    }

    /// Fetches for one entry, decides, and stores the decision.
    async fn work(self, due: Due) -> Result<(), InboxError> {
        let found = fetch::fetch(&self.portals, &self.shared.steps, &due).await;
        metrics::counter!("companion_fetches_total", "outcome" => found.name()).increment(1);
        let now = self.now();
        let inbox = &self.shared.inbox;
        match decide(&due, found, now) {
            Next::Record(finding) => {
                let pass = finding.details.pass;
                let recorded = inbox.record(&due, finding, now).await?;
                self.tell_recorded(due, pass, recorded);
            }
            Next::Wait { due_at, reason, missed } => self.wait(due, due_at, reason, missed).await?,
            Next::GiveUp { state, reason } => self.give_up(due, state, reason, now).await?,
        }
        Ok(())
    }

    async fn wait(&self, due: Due, due_at: Timestamp, reason: String, missed: bool) -> Result<(), InboxError> {
        self.shared.inbox.postpone(&due, due_at, reason.clone(), missed).await?;
        let Due { event_id, portal_id, enrollment_id, .. } = due;
        tracing::warn!(event_id, portal_id, enrollment_id, %due_at, "event {event_id} waits; the inbox says why");
        self.shared.steps.tell(|| Step::Waiting { event_id, portal_id, enrollment_id, reason, due_at });
        Ok(())
    }

    async fn give_up(&self, due: Due, state: State, reason: String, now: Timestamp) -> Result<(), InboxError> {
        self.shared.inbox.give_up(&due, state, reason.clone(), now).await?;
        let Due { event_id, portal_id, enrollment_id, .. } = due;
        tracing::warn!(event_id, portal_id, enrollment_id, ?state, "event {event_id} is given up; the inbox says why");
        self.shared.steps.tell(|| Step::GivenUp { event_id, portal_id, enrollment_id, state, reason });
        Ok(())
    }

    fn tell_recorded(&self, due: Due, pass: bool, recorded: Recorded) {
        let Due { event_id, portal_id, enrollment_id, .. } = due;
        let changed = recorded != Recorded::Unchanged;
        if changed {
            metrics::counter!("companion_completions_recorded_total").increment(1);
        }
        if recorded == Recorded::Unmatched {
            metrics::counter!("companion_completions_unmatched_total").increment(1);
            tracing::warn!(
                event_id,
                portal_id,
                enrollment_id,
                "nobody in the list of people is the learner of enrollment {enrollment_id}: see /unmatched"
            );
        }
        tracing::info!(
            event_id,
            portal_id,
            enrollment_id,
            changed,
            "recorded the completion that event {event_id} told of"
        );
        self.shared.steps.tell(|| Step::Recorded { event_id, portal_id, enrollment_id, pass, changed });
    }
}
