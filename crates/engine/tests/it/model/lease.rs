//! Birth, claim, send, record, lapse, crash, pause, replay: three workers, two events, three attempts each.
//!
//! There is no renewal to model: a lease is longer than any exchange, and one that lapsed is lost.

mod mutant;
mod size;

use domain::delivery::{Answer, Next, Outcome};
use domain::retry::RetrySchedule;
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::{SignedDuration, Timestamp};
use stateright::{Model, Property};

use self::mutant::{MUTANTS, Mutant};
use self::size::{BORN, MANY_CHANGES, MANY_WORKERS, SMALL, SOME_BORN, SOME_OF_ALL, Size};
use super::{check, finds};

/// The most events that there are.
const EVENTS: usize = 2;
/// After so many attempts of a delivery it is given up.
const ATTEMPTS: u8 = 3;
/// No number is higher: so often may a delivery be leased.
const NUMBER_MAX: u8 = 3;

struct Leases {
    mutant: Option<Mutant>,
    size: Size,
    schedule: RetrySchedule,
}

/// A row of deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Row {
    event: usize,
    stage: Stage,
    /// Of the last attempt begun.
    number: u8,
    failures: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// Whether it is leased, and whether that lease still holds.
    Pending(Option<bool>),
    Delivered,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Worker {
    Idle,
    Leased { row: usize, number: u8, failures: u8, version: u8 },
    Heard { row: usize, number: u8, failures: u8, version: u8, status: u16 },
}

/// What must never happen, once it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Broken {
    sent_twice: bool,
    out_of_order: bool,
    undone: bool,
    without_lease: bool,
    came_twice: bool,
    stopped_wrongly: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    rows: Vec<Row>,
    /// How many events are still to be born.
    unborn: usize,
    /// What was born leased and is not handed over yet: its row, and the version of the webhook.
    born: Vec<(usize, u8)>,
    workers: Vec<Worker>,
    status: u8,
    version: u8,
    changes: u8,
    /// Of each event: the last number that a receiver saw.
    seen: [u8; EVENTS],
    /// Of each row: whether a receiver took it, and whether a lease has lapsed since or a worker died.
    taken: Vec<bool>,
    excused: Vec<bool>,
    lost: bool,
    broken: Broken,
}

const ACTIVE: u8 = 0;
const PAUSED: u8 = 1;
const GONE: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// An event is stored, its delivery leased.
    Birth,
    /// A worker takes over what was born.
    TakeOver(usize, usize),
    /// Whoever was to hand it over died.
    Forget(usize),
    Lease(usize, usize),
    /// A worker sends, and hears this; 0 is no answer.
    Send(usize, u16),
    Record(usize),
    Die(usize),
    Lapse(usize),
    Pause,
    Resume,
    Replay(usize),
}

impl Leases {
    fn new(mutant: Option<Mutant>, size: Size) -> Self {
        let delays = vec![SignedDuration::from_secs(5); usize::from(ATTEMPTS) - 1];
        Leases { mutant, size, schedule: RetrySchedule::new(delays).unwrap() }
    }

    fn has(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The real decision.
    fn decide(&self, status: u16, failures: u8) -> Next {
        let outcome = Outcome::Answered(Answer {
            status,
            retry_after: None,
            body: Vec::new(),
            truncated: false,
            headers: String::new(),
        });
        self.schedule.decide(&outcome, u32::from(failures), None, Timestamp::UNIX_EPOCH, 0.5)
    }

    fn may_lease(&self, state: &State, row: Row) -> bool {
        let is_free = match row.stage {
            Stage::Pending(lease) => lease != Some(true) || self.has(Mutant::NoLease),
            Stage::Delivered | Stage::Failed => false,
        };
        is_free && status(state.status) == WebhookStatus::Active && row.number < NUMBER_MAX
    }

    fn lease(&self, state: &mut State, worker: usize, row: usize) {
        let stored = &mut state.rows[row];
        let number = stored.number + 1;
        if !self.has(Mutant::NumberAfterwards) {
            stored.number = number;
        }
        stored.stage = Stage::Pending(Some(true));
        let (failures, version) = (stored.failures, state.version);
        state.workers[worker] = Worker::Leased { row, number, failures, version };
    }

    /// In one commit: the event, its delivery, the first attempt number and its lease.
    fn bear(&self, state: &mut State) {
        let (row, event) = (state.rows.len(), self.size.events - state.unborn);
        let number = if self.has(Mutant::BornUnnumbered) { 0 } else { 1 };
        let stage = Stage::Pending((!self.has(Mutant::BornDue)).then_some(true));
        state.rows.push(Row { event, stage, number, failures: 0 });
        state.taken.push(false);
        state.excused.push(false);
        state.unborn -= 1;
        state.born.push((row, state.version));
    }

    fn take_over(&self, state: &mut State, worker: usize, place: usize) {
        let (row, version) = state.born[place];
        if !self.has(Mutant::HandedOverTwice) {
            state.born.remove(place);
        }
        state.workers[worker] = Worker::Leased { row, number: 1, failures: 0, version };
    }

    fn send(&self, state: &mut State, worker: usize, status: u16) {
        let Worker::Leased { row, number, failures, version } = state.workers[worker] else { return };
        let event = state.rows[row].event;
        let is_sent = holds(state, row, number) || self.has(Mutant::SendsLate) || self.mutant_leases(state, row);
        if is_sent {
            let seen = &mut state.seen[event];
            state.broken.sent_twice |= *seen == number;
            state.broken.out_of_order |= *seen > number;
            *seen = (*seen).max(number);
        }
        let status = if is_sent { status } else { 0 };
        if status == 200 {
            state.broken.came_twice |= state.taken[row] && !state.excused[row];
            state.taken[row] = true;
        }
        state.workers[worker] = Worker::Heard { row, number, failures, version, status };
    }

    /// Where leases or numbers are not as they should be, whoever has a lease believes in it.
    fn mutant_leases(&self, state: &State, row: usize) -> bool {
        let is_born_wrong = self.has(Mutant::BornDue) || self.has(Mutant::BornUnnumbered);
        let believes = self.has(Mutant::NoLease) || self.has(Mutant::NumberAfterwards) || is_born_wrong;
        believes && matches!(state.rows[row].stage, Stage::Pending(Some(true)))
    }

    fn record(&self, state: &mut State, worker: usize) {
        let Worker::Heard { row, number, failures, version, status } = state.workers[worker] else { return };
        state.workers[worker] = Worker::Idle;
        let stored = state.rows[row];
        let has_lease = holds(state, row, number);
        let lapsed_is_mine = stored.number == number && matches!(stored.stage, Stage::Pending(Some(_)));
        let is_recorded = has_lease
            || self.has(Mutant::NoFence)
            || (self.has(Mutant::NoExpiry) && lapsed_is_mine)
            || self.mutant_leases(state, row);
        if !is_recorded {
            state.lost = true;
            return;
        }
        // The mutants of sending and numbering are to be found by what the receiver sees.
        let is_meant = self.mutant_leases(state, row);
        state.broken.without_lease |= !has_lease && !is_meant;
        state.broken.undone |= stored.stage == Stage::Delivered;
        let next = self.decide(status, failures);
        let stored = &mut state.rows[row];
        stored.number = stored.number.max(number);
        stored.failures = failures + u8::from(next != Next::Delivered);
        stored.stage = match next {
            Next::Delivered => Stage::Delivered,
            Next::Retry { .. } | Next::Gone => Stage::Pending(None),
            Next::Exhausted => Stage::Failed,
        };
        if next == Next::Gone
            && state.status == ACTIVE
            && (version == state.version || self.has(Mutant::StopsAnyVersion))
        {
            state.broken.stopped_wrongly |= version != state.version;
            state.status = GONE;
            state.version += 1;
        }
    }

    fn may_replay(&self, state: &State, event: usize) -> bool {
        let is_under_way = state.rows.iter().any(|row| row.event == event && matches!(row.stage, Stage::Pending(_)));
        let events = self.size.events - state.unborn;
        event < events
            && state.rows.len() < events + self.size.replays
            && (!is_under_way || self.has(Mutant::ReplaysPending))
    }

    /// A new delivery, numbered on from those before it.
    fn replay(&self, state: &mut State, event: usize) {
        let numbers = state.rows.iter().filter(|row| row.event == event).map(|row| row.number);
        let number = if self.has(Mutant::NumbersAnew) { 0 } else { numbers.max().unwrap_or(0) };
        state.rows.push(Row { event, stage: Stage::Pending(None), number, failures: 0 });
        state.taken.push(false);
        state.excused.push(false);
    }
}

/// What the fence asks: this very attempt, under a lease that has not lapsed.
fn holds(state: &State, row: usize, number: u8) -> bool {
    state.rows[row].number == number && state.rows[row].stage == Stage::Pending(Some(true))
}

fn status(status: u8) -> WebhookStatus {
    match status {
        ACTIVE => WebhookStatus::Active,
        PAUSED => WebhookStatus::Inactive(InactiveReason::Paused),
        _ => WebhookStatus::Inactive(InactiveReason::Gone),
    }
}

fn change(state: &mut State, to: u8) {
    state.status = to;
    state.version += 1;
    state.changes += 1;
}

fn let_go(state: &mut State, row: usize) {
    state.rows[row].stage = Stage::Pending(Some(false));
    state.excused[row] = true;
}

impl Model for Leases {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let row = |event| Row { event, stage: Stage::Pending(None), number: 0, failures: 0 };
        vec![State {
            rows: (0..self.size.events - self.size.births).map(row).collect(),
            unborn: self.size.births,
            born: Vec::new(),
            workers: vec![Worker::Idle; self.size.workers],
            status: ACTIVE,
            version: 1,
            changes: 0,
            seen: [0; EVENTS],
            taken: vec![false; self.size.events - self.size.births],
            excused: vec![false; self.size.events - self.size.births],
            lost: false,
            broken: Broken::default(),
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        for (worker, doing) in state.workers.iter().enumerate() {
            match doing {
                Worker::Idle => {
                    let free = (0..state.rows.len()).filter(|row| self.may_lease(state, state.rows[*row]));
                    steps.extend(free.map(|row| Step::Lease(worker, row)));
                    steps.extend((0..state.born.len()).map(|place| Step::TakeOver(worker, place)));
                    continue;
                }
                Worker::Leased { .. } => steps.extend([200, 500, 410].map(|status| Step::Send(worker, status))),
                Worker::Heard { .. } => steps.push(Step::Record(worker)),
            }
            steps.push(Step::Die(worker));
        }
        if state.unborn > 0 && state.status == ACTIVE {
            steps.push(Step::Birth);
        }
        steps.extend((0..state.born.len()).map(Step::Forget));
        let leased = |row: &usize| state.rows[*row].stage == Stage::Pending(Some(true));
        steps.extend((0..state.rows.len()).filter(leased).map(Step::Lapse));
        if state.changes < self.size.changes {
            steps.push(if state.status == ACTIVE { Step::Pause } else { Step::Resume });
        }
        steps.extend((0..self.size.events).filter(|event| self.may_replay(state, *event)).map(Step::Replay));
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Birth => self.bear(&mut state),
            Step::TakeOver(worker, place) => self.take_over(&mut state, worker, place),
            // What it was stays leased until that lapses.
            Step::Forget(place) => drop(state.born.remove(place)),
            Step::Lease(worker, row) => self.lease(&mut state, worker, row),
            Step::Send(worker, status) => self.send(&mut state, worker, status),
            Step::Record(worker) => self.record(&mut state, worker),
            // What it had leased stays leased until that lapses.
            Step::Die(worker) => state.workers[worker] = Worker::Idle,
            Step::Lapse(row) => let_go(&mut state, row),
            Step::Pause => change(&mut state, PAUSED),
            Step::Resume => change(&mut state, ACTIVE),
            Step::Replay(event) => self.replay(&mut state, event),
        }
        // Workers are alike: which of them it is makes no difference.
        state.workers.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no number is sent twice", |_, state: &State| !state.broken.sent_twice),
            Property::always("numbers rise", |_, state: &State| !state.broken.out_of_order),
            Property::always("no success is undone", |_, state: &State| !state.broken.undone),
            Property::always("only the holder of a lease records", |_, state: &State| !state.broken.without_lease),
            Property::always("nothing comes twice without a lapse or a crash", |_, state: &State| {
                !state.broken.came_twice
            }),
            Property::always("an old answer does not stop a new webhook", |_, state: &State| {
                !state.broken.stopped_wrongly
            }),
            Property::always("an event is on its way once", |_, state: &State| {
                let pending = |event| move |row: &&Row| row.event == event && matches!(row.stage, Stage::Pending(_));
                (0..EVENTS).all(|event| state.rows.iter().filter(pending(event)).count() <= 1)
            }),
            Property::always("what was sent is stored", |_, state: &State| {
                let stored = |event| state.rows.iter().filter(move |row| row.event == event).map(|row| row.number);
                (0..EVENTS).all(|event| stored(event).max().unwrap_or(0) >= state.seen[event])
            }),
            Property::always("nothing is given up too early", |_, state: &State| {
                state.rows.iter().all(|row| (row.stage == Stage::Failed) <= (row.failures >= ATTEMPTS))
            }),
            Property::sometimes("reached: all delivered", |_, state: &State| {
                state.unborn == 0 && state.rows.iter().all(|row| row.stage == Stage::Delivered)
            }),
            Property::sometimes("reached: given up", |_, state: &State| {
                state.rows.iter().any(|row| row.stage == Stage::Failed)
            }),
            Property::sometimes("reached: a lease is lost", |_, state: &State| state.lost),
            Property::sometimes("reached: gone", |_, state: &State| state.status == GONE),
        ]
    }
}

#[test]
#[ignore = "cargo xtask prove"]
fn whatever_the_order_of_steps_the_fence_holds() {
    let states: u64 = [MANY_WORKERS, MANY_CHANGES, SOME_OF_ALL, BORN, SOME_BORN]
        .map(|size| check(Leases::new(None, size)))
        .iter()
        .sum();
    proof::held(
        "R18",
        "states of leases: 3 workers, 2 events, 3 attempts",
        states,
        "every way to deliver, give up and lose a lease",
    );
}

#[test]
fn without_any_one_rule_something_breaks() {
    for (mutant, broken) in MUTANTS {
        let is_found = |size| finds(Leases::new(Some(mutant), size), broken);
        assert!(is_found(SMALL) || is_found(BORN), "{mutant:?}");
    }
}
