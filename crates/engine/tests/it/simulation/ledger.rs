//! What ought to be, kept beside what is: every promise is checked at the step that could break it.

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::{Finished, FinishedAttempt, Lease, Next, Outcome};
use domain::event::Event;
use domain::id::{DeliveryId, EventId, WebhookId};
use domain::webhook::{Webhook, WebhookStatus};
use jiff::Timestamp;

use super::plan::Plan;
use super::schedule::follows;

/// One event for one webhook.
pub(crate) type Pair = (EventId, WebhookId);

/// A delivery, from its first lease on.
#[derive(Debug)]
struct Told {
    pair: Pair,
    failures: u32,
    leased: Option<Hold>,
    /// Not to be leased before this.
    allowed_from: Timestamp,
    /// How it ended.
    end: Option<End>,
    /// Attempts that were recorded, in their order.
    recorded: Vec<u32>,
    /// Attempts that nobody recorded.
    unrecorded: usize,
    /// Attempts that the receiver answered with a success, as far as the engine heard.
    successes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Delivered,
    Exhausted,
}

#[derive(Clone, Copy, Debug)]
struct Hold {
    node: usize,
    number: u32,
    expires_at: Timestamp,
}

/// What was born leased, as it is stored.
#[derive(Debug)]
pub(crate) struct Born {
    pub(crate) id: DeliveryId,
    pub(crate) pair: Pair,
    pub(crate) number: u32,
    pub(crate) expires_at: Timestamp,
}

/// What was born leased at a node and for a webhook as it was then, and is not handed over yet.
#[derive(Debug)]
struct Newborn {
    node: usize,
    expires_at: Timestamp,
    webhook: Webhook,
}

/// An attempt that a node may make, made or not.
#[derive(Debug)]
struct Permit {
    node: usize,
    lease: Lease,
    is_sent: bool,
    /// What the engine heard, and when by its clock.
    answer: Option<(Outcome, Timestamp)>,
}

/// What was counted, to show that something happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) leases: u64,
    pub(crate) born: u64,
    pub(crate) orphaned: u64,
    pub(crate) sends: u64,
    pub(crate) recorded: u64,
    pub(crate) lost_leases: u64,
    pub(crate) duplicates: u64,
    pub(crate) unrecorded: u64,
    pub(crate) crashes: u64,
    pub(crate) crashed_in_flight: u64,
    pub(crate) gone: u64,
    pub(crate) exhausted: u64,
    pub(crate) replayed: u64,
    pub(crate) delivered: u64,
    pub(crate) deliveries: u64,
    pub(crate) held: u64,
    pub(crate) steps: u64,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    plan: Plan,
    /// Pairs that must be there, because the webhook was to be told when the event was stored.
    pub(crate) expected: BTreeSet<Pair>,
    /// The last attempt number of each pair, and the last that was sent.
    numbers: BTreeMap<Pair, (u32, u32)>,
    told: BTreeMap<DeliveryId, Told>,
    /// Webhooks whose deliveries are given up, also while they are leased.
    deleted: BTreeSet<WebhookId>,
    permits: BTreeMap<(Pair, u32), Permit>,
    newborn: BTreeMap<DeliveryId, Newborn>,
    /// Attempts in flight of each node, by webhook.
    in_flight: Vec<BTreeMap<WebhookId, usize>>,
    pub(crate) counts: Counts,
    violation: Option<String>,
}

impl Ledger {
    pub(crate) fn new(plan: Plan) -> Self {
        Ledger {
            in_flight: vec![BTreeMap::new(); plan.nodes],
            plan,
            expected: BTreeSet::new(),
            numbers: BTreeMap::new(),
            told: BTreeMap::new(),
            deleted: BTreeSet::new(),
            permits: BTreeMap::new(),
            newborn: BTreeMap::new(),
            counts: Counts::default(),
            violation: None,
        }
    }

    /// The first promise that was broken.
    pub(crate) fn violation(&self) -> Option<&str> {
        self.violation.as_deref()
    }

    pub(crate) fn check(&mut self, holds: bool, broken: impl FnOnce() -> String) {
        if !holds && self.violation.is_none() {
            self.violation = Some(broken());
        }
    }

    /// Takes note of events that were stored while these were the webhooks of their portal and those above it.
    pub(crate) fn born(&mut self, events: &[Event], webhooks: &[Webhook]) {
        for event in events {
            let concerned = webhooks
                .iter()
                .filter(|webhook| webhook.status.receives_events() && webhook.event_types.contains(&event.event_type));
            self.expected.extend(concerned.map(|webhook| (event.id.clone(), webhook.id.clone())));
        }
    }

    /// Takes note of what was born leased at a node while these were the webhooks.
    pub(crate) fn born_leased(&mut self, node: usize, born: Vec<Born>, webhooks: &[Webhook]) {
        for Born { id, pair, number, expires_at } in born {
            self.counts.born += 1;
            let is_first = number == 1 && !self.numbers.contains_key(&pair) && !self.told.contains_key(&id);
            self.check(is_first, || format!("{pair:?} is born leased as attempt {number} of what is there already"));
            self.numbers.insert(pair.clone(), (number, 0));
            let hold = Hold { node, number, expires_at };
            self.told.insert(id, Told { leased: Some(hold), ..Told::new(pair.clone()) });
            let webhook =
                webhooks.iter().find(|webhook| webhook.id == pair.1 && webhook.status == WebhookStatus::Active);
            match webhook.cloned() {
                Some(webhook) => drop(self.newborn.insert(id, Newborn { node, expires_at, webhook })),
                None => self.check(false, || format!("{pair:?} is born leased, and is not to be delivered now")),
            }
        }
    }

    /// Takes note that a node was handed what was born leased.
    pub(crate) fn handed_over(&mut self, node: usize, lease: &Lease) {
        self.counts.leases += 1;
        let pair = (lease.event.id.clone(), lease.webhook.id.clone());
        let newborn = self.newborn.remove(&lease.delivery_id);
        let is_true = newborn.as_ref().is_some_and(|newborn| {
            let is_same = newborn.node == node && newborn.expires_at == to_millis(lease.expires_at);
            is_same && newborn.webhook == *lease.webhook && (lease.attempt_number, lease.failures) == (1, 0)
        });
        self.check(is_true, || format!("{lease:?} is handed over to node {node}, what was born is {newborn:?}"));
        self.permits.insert((pair, 1), Permit { node, lease: lease.clone(), is_sent: false, answer: None });
    }

    /// Takes note of a lease, which was asked for at `now` while the webhook was stored like this.
    pub(crate) fn leased(&mut self, node: usize, now: Timestamp, lease: &Lease, webhook: Option<&Webhook>) {
        self.counts.leases += 1;
        let pair = (lease.event.id.clone(), lease.webhook.id.clone());
        let number = lease.attempt_number;
        let (last, _) = self.numbers.get(&pair).copied().unwrap_or_default();
        self.check(webhook == Some(&*lease.webhook), || format!("{pair:?} is leased for {webhook:?}, which is stored"));
        self.check(number == last + 1, || format!("{pair:?} is leased as attempt {number} after {last}"));
        self.numbers.entry(pair.clone()).or_default().0 = number;
        let told = self.told.entry(lease.delivery_id).or_insert_with(|| Told::new(pair.clone()));
        let broken = told.lease(node, now, lease);
        self.check(broken.is_none(), || format!("delivery {} of {pair:?}: {}", lease.delivery_id, broken.unwrap()));
        self.permits.insert((pair, number), Permit { node, lease: lease.clone(), is_sent: false, answer: None });
    }

    /// Takes note of a request that reached its receiver at `now`. Gives back what was leased, if it may come.
    pub(crate) fn sent(&mut self, node: usize, now: Timestamp, pair: &Pair, number: u32) -> Option<Lease> {
        self.counts.sends += 1;
        let Some(permit) = self.permits.get_mut(&(pair.clone(), number)) else {
            self.check(false, || format!("attempt {number} of {pair:?} is sent before it is stored"));
            return None;
        };
        let was_sent = std::mem::replace(&mut permit.is_sent, true);
        let (holder, lease) = (permit.node, permit.lease.clone());
        self.check(!was_sent, || format!("attempt {number} of {pair:?} is sent twice"));
        self.check(holder == node, || format!("attempt {number} of {pair:?} is sent by another node"));
        self.check(now < lease.expires_at, || format!("attempt {number} of {pair:?} is sent without a lease"));
        let sent = &mut self.numbers.entry(pair.clone()).or_default().1;
        let last = std::mem::replace(sent, number);
        // Two nodes whose clocks differ do not agree on when a lease is over.
        let in_order = last < number || (self.plan.nodes > 1 && self.plan.has_skew);
        self.check(in_order, || format!("attempt {number} of {pair:?} is sent after {last}"));
        self.take_off(node, &pair.1);
        Some(lease)
    }

    fn take_off(&mut self, node: usize, webhook: &WebhookId) {
        let in_lane = self.in_flight[node].entry(webhook.clone()).or_default();
        *in_lane += 1;
        let (in_lane, all) = (*in_lane, self.in_flight_of(node));
        let (most, lane_most) = self.plan.concurrency;
        self.check(all <= most && in_lane <= lane_most as usize, || {
            format!("{all} attempts are in flight, {in_lane} of them of {webhook}")
        });
    }

    /// How many attempts of a node are in flight.
    pub(crate) fn in_flight_of(&self, node: usize) -> usize {
        self.in_flight[node].values().sum()
    }

    /// Takes note of what the engine hears of an attempt.
    pub(crate) fn answered(&mut self, node: usize, now: Timestamp, pair: &Pair, number: u32, outcome: &Outcome) {
        if let Some(in_lane) = self.in_flight[node].get_mut(&pair.1) {
            *in_lane -= 1;
        }
        let Some(permit) = self.permits.get_mut(&(pair.clone(), number)) else { return };
        permit.answer = Some((outcome.clone(), now));
        let delivery = permit.lease.delivery_id;
        if outcome.is_success() {
            let told = self.told.get_mut(&delivery).expect("it was leased");
            told.successes += 1;
            let is_again = told.successes > 1;
            let is_excused = told.successes - 1 <= told.unrecorded;
            self.counts.duplicates += u64::from(is_again);
            self.check(is_excused, || format!("{pair:?} is delivered again as attempt {number} without a reason"));
        }
    }

    /// Takes note of what the store says of outcomes that it was given at `now`.
    pub(crate) fn finished(&mut self, now: Timestamp, attempt: &FinishedAttempt, finished: Finished) {
        let lease = &attempt.lease;
        let pair = (lease.event.id.clone(), lease.webhook.id.clone());
        let told = self.told.get_mut(&lease.delivery_id).expect("it was leased");
        let holds = told.leased.is_some_and(|hold| hold.number == lease.attempt_number && now < hold.expires_at);
        let name = || format!("attempt {} of {pair:?}", lease.attempt_number);
        if finished == Finished::LeaseLost && self.deleted.contains(&pair.1) {
            return;
        }
        if finished == Finished::LeaseLost {
            self.counts.lost_leases += 1;
            return self.check(!holds, || format!("{} is not recorded, though its lease holds", name()));
        }
        self.counts.recorded += 1;
        told.leased = None;
        told.recorded.push(lease.attempt_number);
        told.failures += u32::from(attempt.next != Next::Delivered);
        let failures = told.failures;
        match attempt.next {
            Next::Delivered => told.end = Some(End::Delivered),
            Next::Exhausted => told.end = Some(End::Exhausted),
            Next::Retry { at } => told.allowed_from = to_millis(at),
            Next::Gone => told.allowed_from = to_millis(now),
        }
        self.counts.gone += u64::from(attempt.next == Next::Gone);
        self.counts.exhausted += u64::from(attempt.next == Next::Exhausted);
        self.check(holds, || format!("{} is recorded without a lease", name()));
        let heard = self.permits.get(&(pair.clone(), lease.attempt_number)).and_then(|permit| permit.answer.clone());
        // What never left has an outcome of the engine's own.
        let is_true = heard.as_ref().map_or(!attempt.outcome.is_success(), |(heard, _)| *heard == attempt.outcome);
        let decided_at = heard.as_ref().map_or(attempt.started_at, |(_, at)| *at);
        self.check(is_true, || format!("{} is recorded with {:?}, not {heard:?}", name(), attempt.outcome));
        let broken = follows(attempt, failures, decided_at);
        self.check(broken.is_none(), || format!("{}: {}", name(), broken.unwrap()));
    }

    /// Takes note that a node ended without recording what it had leased: how many attempts that were.
    pub(crate) fn crashed(&mut self, node: usize) -> usize {
        self.counts.crashes += 1;
        let in_flight = self.in_flight_of(node);
        self.counts.crashed_in_flight += in_flight as u64;
        self.in_flight[node].clear();
        let before = self.newborn.len();
        self.newborn.retain(|_, newborn| newborn.node != node);
        self.counts.orphaned += (before - self.newborn.len()) as u64;
        in_flight
    }

    /// Takes note that every lease was ended, by whoever is alone with the database.
    pub(crate) fn leases_ended(&mut self, now: Timestamp) {
        for told in self.told.values_mut().filter(|told| told.leased.is_some_and(|hold| hold.expires_at > now)) {
            told.let_go(now);
        }
    }

    /// Takes note that a webhook was deleted.
    pub(crate) fn deleted(&mut self, webhook: WebhookId) {
        self.deleted.insert(webhook);
    }

    /// Takes note that a webhook became active: what waited for it is due.
    pub(crate) fn resumed(&mut self, webhook: &WebhookId, now: Timestamp) {
        for told in self.told.values_mut().filter(|told| told.pair.1 == *webhook && told.leased.is_none()) {
            told.allowed_from = told.allowed_from.min(to_millis(now));
        }
    }

    /// The next instant at which something may be leased.
    pub(crate) fn next_due_at(&self, now: Timestamp) -> Option<Timestamp> {
        let open = self.told.values().filter(|told| told.end.is_none() && !self.deleted.contains(&told.pair.1));
        open.map(|told| told.leased.map_or(told.allowed_from, |hold| hold.expires_at)).filter(|at| now < *at).min()
    }

    /// How a delivery ended as far as is known here.
    pub(crate) fn end(&self, id: DeliveryId) -> Option<End> {
        self.told.get(&id).and_then(|told| told.end)
    }

    /// The attempts of a delivery that were recorded.
    pub(crate) fn recorded(&self, id: DeliveryId) -> Vec<u32> {
        self.told.get(&id).map(|told| told.recorded.clone()).unwrap_or_default()
    }

    /// What must hold of the whole, when everything has calmed down.
    pub(crate) fn close(&mut self) {
        self.counts.unrecorded = self.told.values().map(|told| told.unrecorded as u64).sum();
        let Counts { unrecorded, duplicates, lost_leases, .. } = self.counts;
        let is_clean = unrecorded + duplicates + lost_leases == 0;
        self.check(!self.plan.is_calm() || is_clean, || {
            format!("nothing went wrong, but {unrecorded} attempts are lost, {duplicates} came twice, {lost_leases} were late")
        });
    }
}

impl Told {
    fn new(pair: Pair) -> Self {
        Told {
            pair,
            failures: 0,
            leased: None,
            allowed_from: Timestamp::MIN,
            end: None,
            recorded: Vec::new(),
            unrecorded: 0,
            successes: 0,
        }
    }

    /// Takes note of a lease, and says what is wrong with it.
    fn lease(&mut self, node: usize, now: Timestamp, lease: &Lease) -> Option<String> {
        let (end, allowed_from, failures) = (self.end, self.allowed_from, self.failures);
        if let Some(hold) = self.leased {
            if hold.expires_at > now {
                return Some(format!("leased while node {} holds it until {}", hold.node, hold.expires_at));
            }
            self.unrecorded += 1;
        }
        self.leased = Some(Hold { node, number: lease.attempt_number, expires_at: lease.expires_at });
        if end.is_some() {
            return Some(format!("leased after its end, {end:?}"));
        }
        if now < allowed_from {
            return Some(format!("leased at {now}, not before {allowed_from} is allowed"));
        }
        (lease.failures != failures).then(|| format!("has {} failures, not {failures}", lease.failures))
    }

    /// Its lease is over, and nothing came of it.
    fn let_go(&mut self, now: Timestamp) {
        self.leased = None;
        self.unrecorded += 1;
        self.allowed_from = to_millis(now);
    }
}

/// Instants are stored in milliseconds.
fn to_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap()
}
