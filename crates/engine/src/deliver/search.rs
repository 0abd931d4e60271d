//! Finding work: when to list due lanes, when to lease, when to leave the store alone.

use domain::delivery::{FinishedAttempt, Lease};
use domain::random::Random;
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::delivery::{DueLanes, LeaseRequest};
use store::error::StoreError;
use tracing::{error, info};

use crate::backoff::Backoff;
use crate::lane::Turned;
use crate::lanes::{Lanes, Offer};
use crate::run::Settings;
use crate::watch::Watch;

/// How long a list of due lanes serves while lanes on it have more to do: how long, at most, a lane that becomes due waits
/// to be noticed while others keep the engine busy.
const LIST_FRESH_FOR: SignedDuration = SignedDuration::from_millis(10);

/// What is asked of the store.
pub(super) enum Question {
    /// What is due?
    DueLanes {
        /// By when.
        now: Timestamp,
    },
    /// May these be attempted?
    Leases(LeaseRequest),
}

/// What the store answered.
pub(super) enum Found {
    DueLanes(Result<DueLanes, StoreError>),
    Leases(LeaseRequest, Result<Vec<Lease>, StoreError>),
}

impl Found {
    /// Whether there are attempts to make.
    pub(super) fn has_leases(&self) -> bool {
        matches!(self, Found::Leases(_, Ok(leases)) if !leases.is_empty())
    }
}

/// Asks the store.
pub(super) async fn ask(store: &dyn Store, question: Question) -> Found {
    match question {
        Question::DueLanes { now } => Found::DueLanes(store.list_due_lanes(now).await),
        Question::Leases(request) => {
            let leases = store.lease_deliveries(&request).await;
            Found::Leases(request, leases)
        }
    }
}

/// What is known of the work there is.
pub(super) struct Search {
    lanes: Lanes,
    lease_for: SignedDuration,
    poll_for: SignedDuration,
    /// Whether there may be due lanes that are not listed.
    stale: bool,
    listed_at: Timestamp,
    /// When to list again, whether somebody says so or not.
    look_at: Timestamp,
    backoff: Backoff,
    /// How many leases are being asked for.
    asked: usize,
}

impl Search {
    pub(super) fn new(settings: &Settings) -> Self {
        Search {
            lanes: Lanes::new(settings),
            lease_for: settings.lease_for,
            poll_for: settings.poll_for,
            stale: true,
            listed_at: Timestamp::MIN,
            look_at: Timestamp::MIN,
            backoff: Backoff::default(),
            asked: 0,
        }
    }

    /// What to ask now, with so many permits free.
    pub(super) fn next(&mut self, now: Timestamp, free: usize) -> Option<Question> {
        if self.look_at <= now {
            self.stale = true;
            self.look_at = after(now, self.poll_for);
        }
        // A clock that was set back must not put the next look off.
        self.look_at = self.look_at.min(after(now, self.poll_for));
        // What lies with the store is free for what is found to be due.
        if free + self.lanes.standing_by() == 0 || self.backoff.waits_until(now).is_some() {
            return None;
        }
        let fresh = (SignedDuration::ZERO..LIST_FRESH_FOR).contains(&now.duration_since(self.listed_at));
        if !self.stale || fresh {
            let lanes = self.lanes.share(free, now);
            if !lanes.is_empty() {
                self.asked = lanes.iter().map(|(_, count)| *count as usize).sum();
                return Some(Question::Leases(LeaseRequest { lanes, now, expires_at: after(now, self.lease_for) }));
            }
        }
        if !self.stale {
            return None;
        }
        self.stale = false;
        self.listed_at = now;
        Some(Question::DueLanes { now })
    }

    /// Takes in what the store answered; the attempts of these leases begin now.
    pub(super) fn found(&mut self, found: Found, now: Timestamp, watch: &Watch) -> Vec<Lease> {
        self.asked = 0;
        match found {
            Found::DueLanes(Ok(lanes)) => {
                self.store_is_well();
                self.look_at = self.look_at.min(lanes.next_due_at.unwrap_or(self.look_at));
                let overview = self.lanes.listed(lanes.due, now);
                let lag = overview.oldest_due_at.map_or(SignedDuration::ZERO, |due_at| now.duration_since(due_at));
                watch.lag_seconds.set(lag.as_secs_f64().max(0.0));
                watch.lane_limit.set(overview.limit);
                Vec::new()
            }
            Found::Leases(request, Ok(leases)) => {
                self.store_is_well();
                self.lanes.leased(&request.lanes, &leases, now);
                leases
            }
            Found::DueLanes(Err(error)) => self.store_is_ill(&error, now),
            Found::Leases(request, Err(error)) => {
                self.lanes.not_leased(&request.lanes, now);
                self.store_is_ill(&error, now)
            }
        }
    }

    /// Takes note that an attempt is over, and says whether that turned the circuit of its lane.
    pub(super) fn attempted(
        &mut self,
        attempt: &FinishedAttempt,
        now: Timestamp,
        random: &dyn Random,
    ) -> Option<Turned> {
        self.lanes.attempted(attempt, now, random)
    }

    /// Takes permits back that lie with the store and are needed elsewhere; once it is to end, all of them. So many are free.
    pub(super) fn withdraw(&mut self, store: &dyn Store, free: usize, ends: bool, now: Timestamp) {
        let withdrawals = if ends { self.lanes.withdraw_all() } else { self.lanes.withdrawals(free) };
        for (webhook_id, pace) in withdrawals {
            let count = store.withdraw_permits(&webhook_id, pace);
            self.lanes.withdrawn(&webhook_id, count, now);
        }
    }

    /// Leaves permits with the store that nobody has asked for, out of so many.
    pub(super) fn offer(&mut self, store: &dyn Store, free: usize, now: Timestamp) {
        for Offer { webhook_id, count, pace } in self.lanes.offers(free.saturating_sub(self.asked), now) {
            store.offer_permits(&webhook_id, count, self.lease_for, pace);
        }
    }

    /// How many permits lie with the store.
    pub(super) fn standing_by(&self) -> usize {
        self.lanes.standing_by()
    }

    /// Takes note of deliveries that were born leased: their attempts begin now.
    pub(super) fn born(&mut self, leases: &[Lease], now: Timestamp) {
        self.lanes.born(leases, now);
    }

    /// How many lanes have their deliveries held because of their circuits.
    pub(super) fn lanes_open(&self) -> usize {
        self.lanes.open()
    }

    /// Takes note that there may be work.
    pub(super) fn nudged(&mut self) {
        self.stale = true;
    }

    /// Takes note that there is work at `at`.
    pub(super) fn due_at(&mut self, at: Timestamp) {
        self.look_at = self.look_at.min(at);
    }

    /// When to look at the clock again. What is overdue is not for the clock: it waits for the store or for a permit, and is
    /// seen to when one of these comes.
    pub(super) fn wakes_at(&self, now: Timestamp) -> Timestamp {
        if let Some(at) = self.backoff.waits_until(now) {
            return at;
        }
        let look_at = if now < self.look_at { self.look_at } else { after(now, self.poll_for) };
        self.lanes.next_wait_until(now).map_or(look_at, |at| at.min(look_at))
    }

    fn store_is_well(&mut self) {
        if self.backoff.succeeded() {
            info!("the store says again what is due");
        }
    }

    fn store_is_ill(&mut self, error: &StoreError, now: Timestamp) -> Vec<Lease> {
        self.stale = true;
        if self.backoff.failed(now) {
            error!(%error, "the store does not say what is due; asking again until it does");
        }
        Vec::new()
    }
}

pub(super) fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overdue_is_not_for_the_clock() {
        let (now, settings) = (Timestamp::UNIX_EPOCH, Settings::default());
        let mut search = Search::new(&settings);
        assert!(matches!(search.next(now, 1), Some(Question::DueLanes { .. })));
        let polls_at = now + settings.poll_for;
        assert_eq!(search.wakes_at(now), polls_at);
        // The store is still being asked when something else becomes due, and no clock makes it answer.
        search.due_at(now);
        assert_eq!(search.wakes_at(now), polls_at);
        assert!(matches!(search.next(now, 1), Some(Question::DueLanes { .. })));
        assert!(search.next(now, 1).is_none());
    }
}
