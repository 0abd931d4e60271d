//! What everybody shares: time, chance, the ledger, the trace; and the boundaries at which a node may die.

use std::fmt::Display;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use domain::clock::Clock;
use jiff::SignedDuration;
use sqlite::rusqlite::Connection;
use tempfile::TempDir;

use super::dice::Dice;
use super::ledger::Ledger;
use super::mutant::Mutant;
use super::plan::Plan;
use super::receivers::Receivers;
use super::time::{NodeClock, Time};
use super::trace::Trace;

#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) time: Arc<Time>,
    pub(crate) receivers: Mutex<Receivers>,
    pub(crate) mutant: Option<Mutant>,
    /// Whether trouble is over.
    is_calm: AtomicBool,
    ledger: Mutex<Ledger>,
    trace: Mutex<Trace>,
    pub(crate) folder: TempDir,
}

impl Stage {
    pub(crate) fn new(seed: u64, mutant: Option<Mutant>, time: Arc<Time>, folder: TempDir) -> Arc<Self> {
        let dice = Dice::new(seed);
        let plan = Plan::draw(&dice);
        let stage = Stage {
            ledger: Mutex::new(Ledger::new(plan.clone())),
            dice,
            time,
            receivers: Mutex::new(Receivers::new(plan.is_grim)),
            mutant,
            is_calm: AtomicBool::new(plan.is_calm()),
            trace: Mutex::default(),
            folder,
            plan,
        };
        stage.say(format_args!("seed {seed}: {:?}", stage.plan));
        Arc::new(stage)
    }

    /// Adds a line to the trace.
    pub(crate) fn say(&self, what: impl Display) {
        self.trace.lock().unwrap().add(self.time.now(), what);
    }

    pub(crate) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap()
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    /// No trouble from now on.
    pub(crate) fn calm(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
    }

    /// Whether trouble of a kind happens now, in so many cases of a hundred.
    pub(crate) fn has_trouble(&self, kind: bool, percent: usize) -> bool {
        kind && !self.is_calm.load(Ordering::Relaxed) && self.dice.percent(percent)
    }

    /// The database, for what no verb does.
    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.folder.path().join("schoolbell.db")).unwrap()
    }
}

/// One life of a node.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) stage: Arc<Stage>,
    pub(crate) node: usize,
    pub(crate) clock: Arc<NodeClock>,
    /// How many boundaries it passes before it dies; negative if it lives.
    fuse: AtomicI64,
    is_dead: AtomicBool,
}

impl Life {
    pub(crate) fn new(stage: Arc<Stage>, node: usize, clock: Arc<NodeClock>) -> Arc<Self> {
        Arc::new(Life { stage, node, clock, fuse: AtomicI64::new(-1), is_dead: AtomicBool::new(false) })
    }

    /// Lets it die after so many boundaries.
    pub(crate) fn dies_in(&self, boundaries: usize) {
        self.fuse.store(boundaries as i64, Ordering::Relaxed);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// A place between two steps: whoever dies here never returns.
    pub(crate) async fn boundary(&self, place: &str) {
        if self.fuse.load(Ordering::Relaxed) >= 0 && self.fuse.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.is_dead.store(true, Ordering::Relaxed);
            self.stage.say(format_args!("node {} dies {place}", self.node));
        }
        if self.is_dead() {
            pending::<()>().await;
        }
    }

    /// Lets others go first, or time pass.
    pub(crate) async fn dawdle(&self) {
        let stage = &self.stage;
        for _ in 0..stage.dice.below(6).saturating_sub(3) {
            tokio::task::yield_now().await;
        }
        if stage.has_trouble(stage.plan.has_slow_store, 4) {
            let most =
                if stage.dice.percent(15) { SignedDuration::from_secs(90) } else { SignedDuration::from_secs(2) };
            let until = self.clock.now() + stage.dice.span(most);
            engine::timer::Timer::sleep_until(&*self.clock, until).await;
        }
    }
}
