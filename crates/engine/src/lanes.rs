//! All lanes: who may begin how many attempts. Pure.
//!
//! Permits are shared out one by one in turns, over portals first and then over the lanes of each portal; whoever had one
//! goes to the end. So a lane with a million due deliveries gets as much as a lane with two, until the others have nothing
//! left. Only lanes that can take one wait for a turn: those that are full or held come back when an attempt of theirs is
//! over, when it is time for a probe, or when their rate allows another.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use domain::delivery::{FinishedAttempt, Lease};
use domain::id::{PortalId, WebhookId};
use domain::random::Random;
use jiff::{SignedDuration, Timestamp};
use store::delivery::{DueLane, Pace};

use self::known::{Entry, Key, Known};
use self::permits::Permits;
pub(crate) use self::standby::Offer;
use self::standby::Standby;
use self::turns::Turns;
use crate::lane::{Lane, SLOW_AFTER, Turned};
use crate::run::Settings;

mod known;
mod permits;
mod standby;
mod turns;

/// How many lanes are remembered before those that have nothing to do are forgotten.
const KNOWN_MAX: usize = 10_000;
/// For how long a lane that has nothing to do is remembered otherwise.
const RESTS_FOR: SignedDuration = SignedDuration::from_mins(10);

/// What is due as far as is known, in the order of turns, and what is in flight.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// The most that the limit of one lane may grow to.
    lane_concurrency: u32,
    /// How many failures in a row open a circuit.
    circuit_failures: u32,
    known: Known,
    /// The lanes that can take a permit, and perhaps some that could until a moment ago.
    turns: Turns,
    permits: Permits,
    standby: Standby,
    /// How many lists there were.
    list: u64,
    /// When time alone lets lanes take a permit again, for a probe or by their rate: soonest first.
    waits: BinaryHeap<Reverse<(Timestamp, Key)>>,
    /// Lanes with something in flight, and when to look whether they were heard from: soonest first.
    listened_to: VecDeque<(Timestamp, Key)>,
    /// How many circuits are not closed.
    open: usize,
    forgot_at: Timestamp,
}

/// What a list of due lanes shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Overview {
    /// Since when the oldest delivery is due that is not held.
    pub(crate) oldest_due_at: Option<Timestamp>,
    /// The mean limit of the lanes whose deliveries are not held; 0 if there are none.
    pub(crate) limit: f64,
}

impl Lanes {
    pub(crate) fn new(settings: &Settings) -> Self {
        Lanes {
            lane_concurrency: settings.lane_concurrency,
            circuit_failures: settings.circuit_failures,
            known: Known::default(),
            turns: Turns::default(),
            permits: Permits::new(settings.concurrency),
            standby: Standby::new(settings.concurrency),
            list: 0,
            waits: BinaryHeap::new(),
            listened_to: VecDeque::new(),
            open: 0,
            forgot_at: Timestamp::MIN,
        }
    }

    /// How many lanes have their deliveries held because of their circuits.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// When the next lane may take a permit that now waits for its time, if that lies ahead.
    pub(crate) fn next_wait_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.waits.peek().map(|Reverse((at, _))| *at).filter(|at| now < *at)
    }

    /// Takes note of the lanes that have something due, in place of what was known. Who was waiting keeps its turn, who
    /// is new comes last.
    pub(crate) fn listed(&mut self, due: Vec<DueLane>, now: Timestamp) -> Overview {
        self.list += 1;
        let (mut oldest_due_at, mut limits, mut lanes) = (None, 0, 0);
        for DueLane { portal_id, webhook_id, version, rate_limit, oldest_due_at: due_at } in due {
            let key = self.find_or_add(&webhook_id, portal_id, version, now);
            self.renew(key, version);
            self.known[key].list = self.list;
            self.known[key].lane.pace(rate_limit, now);
            self.moved(key);
            let lane = &self.known[key].lane;
            if let Some(limit) = lane.limit() {
                (limits, lanes) = (limits + u64::from(limit), lanes + 1);
                if !lane.is_paced(now) {
                    oldest_due_at = Some(oldest_due_at.map_or(due_at, |oldest: Timestamp| oldest.min(due_at)));
                }
            }
            self.settle(key, now);
        }
        self.forget(now);
        Overview { oldest_due_at, limit: if lanes == 0 { 0.0 } else { limits as f64 / f64::from(lanes) } }
    }

    /// Shares out `free` permits: how many deliveries to lease at most, lane by lane. They stay with the lanes until
    /// [`leased`](Self::leased) or [`not_leased`](Self::not_leased).
    pub(crate) fn share(&mut self, free: usize, now: Timestamp) -> Vec<(WebhookId, u32)> {
        self.look(now);
        let (mut lanes, mut without_permit) = (Vec::new(), Vec::new());
        let mut left = free;
        while left > 0
            && let Some(key) = self.turns.pop()
        {
            let entry = &mut self.known[key];
            entry.queued = false;
            if !entry.can_take(self.list, now) {
                self.settle(key, now);
                continue;
            }
            let portal_id = entry.portal_id;
            if !self.permits.has_room_for(entry.lane.standing()) {
                without_permit.push((portal_id, key));
                continue;
            }
            if self.change(key, Lane::grant) {
                lanes.push(key);
            }
            left -= 1;
            self.turns.pass(portal_id);
            self.settle(key, now);
        }
        for (portal_id, key) in without_permit.into_iter().rev() {
            self.known[key].queued = true;
            self.turns.push_front(portal_id, key);
        }
        lanes.into_iter().map(|key| self.granted(key)).collect()
    }

    /// Takes note of leases: their attempts begin now. A lane that had fewer than it was granted has no more.
    pub(crate) fn leased(&mut self, granted: &[(WebhookId, u32)], leases: &[Lease], now: Timestamp) {
        for lease in leases {
            if let Some(key) = self.known.find(&lease.webhook.id) {
                self.change(key, |lane| lane.began(now));
                self.listen(key, now);
            }
        }
        for (webhook_id, _) in granted {
            if let Some((key, unused)) = self.take_back(webhook_id) {
                if unused > 0 {
                    self.known[key].list = 0;
                    self.moved(key);
                }
                self.settle(key, now);
            }
        }
    }

    /// Takes note that there are no leases, because the store did not answer.
    pub(crate) fn not_leased(&mut self, granted: &[(WebhookId, u32)], now: Timestamp) {
        for (webhook_id, _) in granted {
            if let Some((key, _)) = self.take_back(webhook_id) {
                self.settle(key, now);
            }
        }
    }

    /// Takes note that an attempt is over, and says whether that turned the circuit of its lane.
    pub(crate) fn attempted(
        &mut self,
        attempt: &FinishedAttempt,
        now: Timestamp,
        random: &dyn Random,
    ) -> Option<Turned> {
        let key = self.known.find(&attempt.lease.webhook.id)?;
        let failures_max = self.circuit_failures;
        let turned = self
            .change(key, |lane| lane.heard(&attempt.outcome, attempt.took, failures_max, now, || random.fraction()));
        match turned {
            Some(Turned::Opened { until }) => {
                self.open += 1;
                self.waits.push(Reverse((until, key)));
            }
            Some(Turned::Reopened { until }) => self.waits.push(Reverse((until, key))),
            Some(Turned::Closed) => self.open -= 1,
            None => {}
        }
        self.listen(key, now);
        self.settle(key, now);
        self.moved(key);
        turned
    }

    fn find_or_add(&mut self, webhook_id: &WebhookId, portal_id: PortalId, version: i64, now: Timestamp) -> Key {
        self.known.find(webhook_id).unwrap_or_else(|| {
            self.known.add(Entry {
                webhook_id: webhook_id.clone(),
                portal_id,
                version,
                lane: Lane::new(self.lane_concurrency, now),
                list: 0,
                queued: false,
                listened_to: false,
                wakes_at: None,
                moved: false,
                pace: Pace::Free,
            })
        })
    }

    /// Forgets what was learned of another version of its webhook: its owner has moved, mended or resumed it, and nobody should have
    /// to wait for the next probe.
    fn renew(&mut self, key: Key, version: i64) {
        if self.known[key].version != version {
            self.known[key].version = version;
            self.open -= usize::from(self.change(key, Lane::begin_anew));
        }
    }

    /// Changes a lane, and keeps account of who has how many permits.
    fn change<T>(&mut self, key: Key, change: impl FnOnce(&mut Lane) -> T) -> T {
        let lane = &mut self.known[key].lane;
        self.permits.remove(lane.standing(), lane.permits());
        let changed = change(lane);
        self.permits.add(lane.standing(), lane.permits());
        changed
    }

    /// Lets the lane wait for its turn, if it can take a permit and does not wait already; or for its time, if that is all.
    fn settle(&mut self, key: Key, now: Timestamp) {
        let entry = &mut self.known[key];
        if entry.queued {
            return;
        }
        if entry.can_take(self.list, now) {
            entry.queued = true;
            self.turns.push(entry.portal_id, key);
        } else if let Some(at) = entry.paced_until(self.list, now)
            && entry.wakes_at.is_none_or(|set| at < set)
        {
            entry.wakes_at = Some(at);
            self.waits.push(Reverse((at, key)));
        }
    }

    fn granted(&self, key: Key) -> (WebhookId, u32) {
        let entry = &self.known[key];
        (entry.webhook_id.clone(), entry.lane.granted())
    }

    fn take_back(&mut self, webhook_id: &WebhookId) -> Option<(Key, u32)> {
        let key = self.known.find(webhook_id)?;
        Some((key, self.change(key, Lane::take_back)))
    }

    /// Sees what time alone has changed: lanes whose time has come, lanes that are silent.
    fn look(&mut self, now: Timestamp) {
        while let Some(&Reverse((at, key))) = self.waits.peek()
            && at <= now
        {
            self.waits.pop();
            // If the lane was forgotten meanwhile, this is nobody's number, or somebody else's to whom it does no harm.
            if self.known.has(key) {
                self.known[key].wakes_at.take_if(|set| *set <= at);
                self.settle(key, now);
            }
        }
        // What lies further ahead than was ever asked for, does so because the clock was set back.
        let is_over = |at: Timestamp| at <= now || at.duration_since(now) > SLOW_AFTER;
        while let Some((_, key)) = self.listened_to.pop_front_if(|(at, _)| is_over(*at)) {
            self.known[key].listened_to = false;
            self.change(key, |lane| lane.listen(now));
            self.moved(key);
            self.listen(key, now);
        }
    }

    /// Notices when the lane falls silent.
    fn listen(&mut self, key: Key, now: Timestamp) {
        let entry = &mut self.known[key];
        if !entry.listened_to && entry.lane.is_listened_to() {
            entry.listened_to = true;
            self.listened_to.push_back((now.saturating_add(SLOW_AFTER).unwrap_or(Timestamp::MAX), key));
        }
    }

    /// Forgets lanes that have had nothing to do for long; all that have nothing to do, if there are too many.
    fn forget(&mut self, now: Timestamp) {
        let many = self.known.len() > KNOWN_MAX;
        if !many && now.duration_since(self.forgot_at).abs() < RESTS_FOR {
            return;
        }
        self.forgot_at = now;
        let list = self.list;
        self.known.retain(|entry| !entry.rests(list, now) || (!many && entry.lane.silent_for(now) < RESTS_FOR));
        self.turns.shrink();
        self.open = self.known.iter().filter(|entry| entry.lane.limit().is_none()).count();
    }
}

#[cfg(test)]
mod tests;
