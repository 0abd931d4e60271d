//! Carries a simulation from its seed to its end: what happens next, and that everybody has done what they can before
//! anything else happens.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use store::conformance::world::{self, World};
use store_sqlite::testing;
use tokio::runtime::{Builder, Handle};

use super::ledger::Counts;
use super::mutant::Mutant;
use super::node::{Became, Node};
use super::portals::Portals;
use super::stage::Stage;
use super::time::{NodeClock, Time};

/// How often time may pass until everything has come to its end.
const ENDING_MAX: u32 = 10_000;
/// After how many steps nothing is published any more where nothing is ever taken: each delivery has eleven attempts then.
const GRIM_STEPS: usize = 25;
/// How many answers are waited for until somebody publishes something.
const ANSWERS_MAX: usize = 8;

/// How a simulation went.
#[derive(Debug)]
pub(crate) struct Played {
    /// Another one if anything happened otherwise.
    pub(crate) hash: u64,
    /// The first promise that was broken.
    pub(crate) violation: Option<String>,
    pub(crate) counts: Counts,
    /// The last steps, to be read.
    pub(crate) trace: String,
}

/// Plays a seed, with a bug planted or without.
pub(crate) fn play(seed: u64, mutant: Option<Mutant>) -> Played {
    let runtime = Builder::new_current_thread().build().unwrap();
    let _entered = runtime.enter();
    let mut driver = Driver::new(seed, mutant);
    driver.play();
    let (trace, mut ledger) = (driver.stage.trace(), driver.stage.ledger());
    ledger.counts.steps = trace.steps();
    Played {
        hash: trace.hash(),
        violation: ledger.violation().map(str::to_owned),
        counts: ledger.counts.clone(),
        trace: trace.text(),
    }
}

struct Driver {
    stage: Arc<Stage>,
    portals: Portals,
    clocks: Vec<Arc<NodeClock>>,
    nodes: Vec<Place>,
}

/// Where a node runs, or is about to.
enum Place {
    Up(Box<Node>),
    /// It starts again after so many steps.
    Down(usize),
}

impl Driver {
    fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let (store, folder) = testing::open();
        let platform = Handle::current().block_on(World::new(store));
        let stage = Stage::new(seed, mutant, Time::at(world::at(0)), folder);
        let clocks: Vec<_> = (0..stage.plan.nodes).map(|_| NodeClock::new(stage.time.clone())).collect();
        let nodes = clocks.iter().map(|_| Place::Down(0)).collect();
        let mut portals = Portals::new(stage.clone(), platform);
        for _ in 0..stage.plan.webhooks {
            portals.add_webhook(world::at(0));
        }
        Driver { stage, portals, clocks, nodes }
    }

    fn is_broken(&self) -> bool {
        self.stage.ledger().violation().is_some()
    }

    fn play(&mut self) {
        for number in 0..self.stage.plan.steps {
            self.step(number);
            self.settle();
            if self.is_broken() {
                return;
            }
        }
        self.end();
        if !self.is_broken() {
            self.portals.audit();
            self.stage.ledger().close();
        }
    }

    /// Something happens.
    fn step(&mut self, number: usize) {
        self.restart();
        match self.stage.dice.below(100) {
            0..38 => self.pass(),
            38..60 if self.stage.plan.is_grim && number > GRIM_STEPS => self.pass(),
            38..60 => self.publish(),
            60..70 => self.ask(Portals::change_webhook),
            70..76 if self.stage.plan.has_replays => self.ask(Portals::replay),
            76..82 => self.portals.change_receiver(),
            82..100 => self.trouble(),
            _ => {}
        }
    }

    /// Lets a learner do something. Where deliveries may be born leased, this often happens while there is nothing else to do, and
    /// at a node that is about to die.
    fn publish(&mut self) {
        let stage = self.stage.clone();
        let (plan, dice) = (&stage.plan, &stage.dice);
        if !plan.has_births || dice.percent(30) {
            return self.ask(Portals::publish);
        }
        self.rest();
        for _ in 0..dice.between(1, 3) {
            self.ask(Portals::publish);
        }
        if plan.has_crashes
            && dice.percent(15)
            && let Place::Up(node) = &self.nodes[self.portals.node()]
        {
            node.life.dies_in(dice.below(5));
        }
    }

    /// Lets what is under way come to its end, mostly.
    fn rest(&mut self) {
        for _ in 0..ANSWERS_MAX {
            let answer_at = self.stage.receivers.lock().unwrap().next_answer_at();
            let Some(answer_at) = answer_at else { return };
            self.jump(answer_at.duration_since(self.stage.time.now()).max(SignedDuration::ZERO));
            self.settle();
        }
    }

    /// Lets a client of the platform do something, at a node that is up.
    fn ask(&mut self, something: fn(&mut Portals, Timestamp)) {
        let up: Vec<_> = self.nodes.iter().filter_map(Place::node).filter(|node| !node.is_frozen).collect();
        if up.is_empty() {
            return;
        }
        let node = up[self.stage.dice.below(up.len())];
        self.portals.enter(node.life.node, node.store.clone());
        something(&mut self.portals, domain::clock::Clock::now(&*node.life.clock));
    }

    fn trouble(&mut self) {
        let stage = self.stage.clone();
        let (plan, dice) = (&stage.plan, &stage.dice);
        let number = dice.below(plan.nodes);
        match (dice.below(6), &mut self.nodes[number]) {
            (0 | 1, Place::Up(node)) if plan.has_crashes => node.life.dies_in(dice.below(12)),
            (2, Place::Up(node)) if plan.has_crashes && !node.is_stopping() => {
                stage.say(format_args!("node {number} is told to stop"));
                node.stop();
            }
            (3, Place::Up(node)) if plan.has_freezes => {
                node.is_frozen = !node.is_frozen;
                stage.say(format_args!("node {number} stands still: {}", node.is_frozen));
            }
            (4, _) if plan.has_jumps => self.jump(dice.span(SignedDuration::from_hours(72))),
            (5, _) if plan.has_skew => {
                let ahead = SignedDuration::from_millis(dice.between(0, 10_000) as i64 - 5_000);
                stage.say(format_args!("the clock of node {number} is set to {ahead} ahead"));
                self.clocks[number].set(ahead);
            }
            _ => {}
        }
    }

    /// Starts the nodes whose time has come.
    fn restart(&mut self) {
        for number in 0..self.nodes.len() {
            if let Place::Down(steps) = &mut self.nodes[number] {
                if *steps > 0 {
                    *steps -= 1;
                } else {
                    let node = Node::start(&self.stage, number, &self.clocks[number]);
                    self.nodes[number] = Place::Up(Box::new(node));
                }
            }
        }
    }

    /// Lets time pass up to the next answer, or if nobody waits for one, to whatever is next or some way beyond.
    fn pass(&mut self) {
        let now = self.stage.time.now();
        let answer_at = self.stage.receivers.lock().unwrap().next_answer_at();
        let due_at = self.stage.ledger().next_due_at(now);
        let dice = &self.stage.dice;
        let span = match (answer_at, due_at) {
            (Some(answer_at), _) if now < answer_at => answer_at.duration_since(now),
            // Its node stands still, or has a clock that is late.
            (Some(_), _) => dice.span(SignedDuration::from_secs(10)),
            (None, Some(due_at)) if dice.percent(60) => due_at.duration_since(now),
            (None, _) => dice.span(SignedDuration::from_hours(30)),
        };
        self.jump(span);
    }

    fn jump(&mut self, span: SignedDuration) {
        self.stage.say(format_args!("{span} pass"));
        self.stage.time.pass(span);
    }

    /// Lets every node do what it can do now.
    fn settle(&mut self) {
        let first = self.stage.dice.below(self.nodes.len());
        for i in 0..self.nodes.len() {
            let number = (first + i) % self.nodes.len();
            let Place::Up(node) = &mut self.nodes[number] else { continue };
            match node.advance() {
                Became::Idle => {}
                Became::Dead => self.bury(number),
                Became::Stopped(0) => {
                    self.stage.say(format_args!("node {number} stopped"));
                    self.nodes[number] = Place::Down(self.stage.dice.below(3));
                }
                Became::Stopped(_) => self.bury(number),
                Became::Restless => {
                    self.stage.ledger().check(false, || format!("node {number} does not come to rest"));
                }
            }
        }
    }

    /// Takes a node away that has ended with work in its hands.
    fn bury(&mut self, number: usize) {
        self.nodes[number] = Place::Down(self.stage.dice.below(4));
        let in_flight = self.stage.ledger().crashed(number);
        self.stage.say(format_args!("node {number} is gone, with {in_flight} requests under way"));
    }

    /// No more trouble: everything comes to its end.
    fn end(&mut self) {
        self.stage.say("all is calm");
        self.stage.calm();
        self.stage.receivers.lock().unwrap().calm();
        self.clocks.iter().for_each(|clock| clock.set(SignedDuration::ZERO));
        for place in &mut self.nodes {
            match place {
                Place::Up(node) => node.is_frozen = false,
                Place::Down(steps) => *steps = 0,
            }
        }
        self.restart();
        self.settle();
        self.restart();
        self.ask(Portals::resume_some);
        for _ in 0..ENDING_MAX {
            self.restart();
            self.settle();
            if self.is_broken() || self.portals.have_come_to_their_end() {
                return;
            }
            let now = self.stage.time.now();
            let answer_at = self.stage.receivers.lock().unwrap().next_answer_at();
            let next = answer_at.or_else(|| self.stage.ledger().next_due_at(now)).unwrap_or(now);
            // An answer may be overdue by the clock of its node, a circuit may be open, a task may rest.
            let span = next.duration_since(now);
            let rest = SignedDuration::from_secs(if answer_at.is_some() { 1 } else { 60 });
            self.jump(if span.is_positive() { span } else { rest });
        }
        self.stage.ledger().check(false, || "deliveries do not come to their end".to_owned());
    }
}

impl Place {
    fn node(&self) -> Option<&Node> {
        match self {
            Place::Up(node) => Some(node),
            Place::Down(_) => None,
        }
    }
}
