//! Where the loop stands: what it knows of the work, what it has not recorded, whether it is to end.

use domain::delivery::{FinishedAttempt, Lease};
use jiff::{SignedDuration, Timestamp};
use store::delivery::Work;
use tracing::info;

use super::search::{Found, Question, Search, after};
use super::unrecorded::{Recording, Unrecorded};
use crate::run::{Engine, Stopped};
use crate::watch::Watch;

/// How often to ask for permits back that were about to be used when it was to end.
const STAND_DOWN_EVERY: SignedDuration = SignedDuration::from_millis(50);

pub(super) struct State<'a> {
    engine: &'a Engine,
    search: Search,
    unrecorded: Unrecorded,
    stop: Option<Stop>,
    watch: Watch,
}

/// That it is to end.
struct Stop {
    /// At the latest.
    at: Timestamp,
    /// Attempts recorded since it was said.
    finished: usize,
}

impl<'a> State<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        State {
            engine,
            search: Search::new(&engine.settings),
            unrecorded: Unrecorded::default(),
            stop: None,
            watch: Watch::new(),
        }
    }

    /// The outcomes to record next.
    pub(super) fn batch(&mut self, now: Timestamp) -> Option<Vec<FinishedAttempt>> {
        self.unrecorded.take(now, &self.watch)
    }

    /// What to ask the store next: permits before leases, and no leases once it is to end.
    pub(super) fn question(&mut self, now: Timestamp, in_flight: usize) -> Option<Question> {
        let free = self.free(in_flight);
        if self.stop.is_some() { None } else { self.search.next(now, free) }
    }

    /// Takes permits back from the store, before others ask for them.
    pub(super) fn withdraw(&mut self, now: Timestamp, in_flight: usize) {
        let free = self.free(in_flight);
        self.search.withdraw(&*self.engine.store, free, self.stop.is_some(), now);
    }

    /// Leaves permits with the store for what is about to be born, once others have asked for theirs.
    pub(super) fn offer(&mut self, now: Timestamp, in_flight: usize) {
        let free = self.free(in_flight);
        if self.stop.is_none() {
            self.search.offer(&*self.engine.store, free, now);
        }
    }

    fn free(&self, in_flight: usize) -> usize {
        let taken = in_flight + self.unrecorded.len();
        self.watch.in_flight.set(taken as f64);
        self.engine.settings.concurrency.saturating_sub(taken + self.search.standing_by())
    }

    /// When to look at the clock again.
    pub(super) fn wakes_at(&self, now: Timestamp) -> Timestamp {
        let look_at = match &self.stop {
            None => self.search.wakes_at(now),
            Some(stop) if self.search.standing_by() > 0 => after(now, STAND_DOWN_EVERY).min(stop.at),
            Some(stop) => stop.at,
        };
        self.unrecorded.wakes_at(now).map_or(look_at, |at| at.min(look_at))
    }

    pub(super) fn found(&mut self, found: Found) -> Vec<Lease> {
        let leases = self.search.found(found, self.engine.clock.now(), &self.watch);
        self.watch.lanes_open.set(self.search.lanes_open() as f64);
        leases
    }

    pub(super) fn landed(&mut self, landed: Vec<FinishedAttempt>) {
        let now = self.engine.clock.now();
        for attempt in &landed {
            self.watch.attempted(attempt);
            if let Some(turned) = self.search.attempted(attempt, now, &*self.engine.random) {
                self.watch.turned(attempt, turned);
            }
        }
        self.watch.lanes_open.set(self.search.lanes_open() as f64);
        self.unrecorded.extend(landed);
    }

    pub(super) fn recorded(&mut self, recording: Recording) {
        let (due_at, count) = self.unrecorded.recorded(recording, self.engine.clock.now(), &self.watch);
        if let Some(due_at) = due_at {
            self.search.due_at(due_at);
        }
        if let Some(stop) = &mut self.stop {
            stop.finished += count;
        }
    }

    /// Takes in what there is to do; the attempts of these leases begin now.
    pub(super) fn nudged(&mut self, work: Work) -> Vec<Lease> {
        if work.due {
            self.search.nudged();
        }
        self.search.born(&work.born, self.engine.clock.now());
        work.born
    }

    /// Takes note that it is to end.
    pub(super) fn stop(&mut self, now: Timestamp) {
        let at = now.saturating_add(self.engine.settings.stop_for).unwrap_or(Timestamp::MAX);
        self.stop = Some(Stop { at, finished: 0 });
    }

    /// Whether it has ended: all is recorded, or the time for that is over. Leases that are still being asked for are waited
    /// for: whoever gets one must use it.
    pub(super) fn stopped(&self, now: Timestamp, in_flight: usize, asked: bool) -> Option<Stopped> {
        let &Stop { at, finished } = self.stop.as_ref()?;
        let left = in_flight + self.unrecorded.len();
        if now < at && (left > 0 || self.search.standing_by() > 0 || !asked) {
            return None;
        }
        info!(finished, left, "deliveries stopped");
        Some(Stopped { finished, left })
    }
}
