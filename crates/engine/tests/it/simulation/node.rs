//! A node: an engine over the real store, carried step by step.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use domain::clock::Clock;
use domain::random::Random;
use domain::retry::RetrySchedule;
use engine::run::{Engine, Settings, Stopped, run};
use engine::timer::Timer;
use engine::transport::Transport;
use store::Store;
use store_sqlite::testing;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::dice::Dice;
use super::receivers::Wire;
use super::stage::{Life, Stage};
use super::store::NodeStore;
use super::time::NodeClock;

/// How often an engine may be polled until it comes to rest.
const POLLS_MAX: u32 = 20_000;

/// That somebody wants to be polled.
#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A node that runs.
pub(crate) struct Node {
    pub(crate) life: Arc<Life>,
    /// Its own door to the database.
    pub(crate) store: Arc<dyn Store>,
    /// Whether it stands still.
    pub(crate) is_frozen: bool,
    flag: Arc<Flag>,
    shutdown: CancellationToken,
    running: Pin<Box<dyn Future<Output = Stopped>>>,
}

/// What became of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// It waits for something to happen.
    Idle,
    /// It died between two steps.
    Dead,
    /// It stopped as it was told, and left so many attempts behind.
    Stopped(usize),
    /// It does not come to rest.
    Restless,
}

impl Node {
    /// Starts a node, as the binary does: one that is alone ends whatever leases there are.
    pub(crate) fn start(stage: &Arc<Stage>, number: usize, clock: &Arc<NodeClock>) -> Self {
        stage.spoil_start();
        let store = testing::reopen(&stage.folder);
        let now = clock.now();
        if stage.plan.nodes == 1 {
            let ended = Handle::current().block_on(store.expire_leases(now)).unwrap();
            stage.ledger().leases_ended(now);
            stage.say(format_args!("node {number} starts and ends {ended} leases"));
        } else {
            stage.say(format_args!("node {number} starts"));
        }
        let life = Life::new(stage.clone(), number, clock.clone());
        let shutdown = CancellationToken::new();
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let running = Box::pin(run(engine(&life, store.clone()), shutdown.clone()));
        Node { life, store, is_frozen: false, flag, shutdown, running }
    }

    /// Tells it to stop.
    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.shutdown.is_cancelled()
    }

    /// Lets it do all that it can do now.
    pub(crate) fn advance(&mut self) -> Became {
        let waker = Waker::from(self.flag.clone());
        for _ in 0..POLLS_MAX {
            if self.life.is_dead() {
                return Became::Dead;
            }
            if self.is_frozen || !self.flag.0.swap(false, Ordering::SeqCst) {
                return Became::Idle;
            }
            if let Poll::Ready(stopped) = self.running.as_mut().poll(&mut Context::from_waker(&waker)) {
                return if self.life.is_dead() { Became::Dead } else { Became::Stopped(stopped.left) };
            }
        }
        Became::Restless
    }
}

fn engine(life: &Arc<Life>, store: Arc<dyn Store>) -> Engine {
    let (clock, timer): (Arc<dyn Clock>, Arc<dyn Timer>) = (life.clock.clone(), life.clock.clone());
    let transport: Arc<dyn Transport> = Arc::new(Wire(life.clone()));
    let random: Arc<dyn Random> = Arc::new(Dice::new(life.stage.dice.next()));
    let (concurrency, lane_concurrency) = life.stage.plan.concurrency;
    Engine {
        store: Arc::new(NodeStore::new(life.clone(), store)),
        transport,
        mailer: None,
        clock,
        timer,
        random,
        schedule: RetrySchedule::default(),
        settings: Settings { concurrency, lane_concurrency, ..Settings::default() },
    }
}
