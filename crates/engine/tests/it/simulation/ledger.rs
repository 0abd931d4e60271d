//! What ought to be, kept beside what is: every promise is checked at the step that could break it.

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::{Finished, FinishedAttempt, Lease, Next, Outcome};
use domain::event::Event;
use domain::id::{DeliveryId, EventId, WebhookId};
use domain::webhook::Webhook;
use jiff::{SignedDuration, Timestamp};

use super::plan::Plan;

/// The published schedule, less the jitter that a delay may lose; written down here a second time.
const DELAYS_S: [i64; 10] = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The longest delay, whatever a receiver asks for.
const DELAY_MAX_S: i64 = 86_400;

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

/// What is wrong with what was decided at `now` to follow an attempt that is failure number `failures`.
fn follows(attempt: &FinishedAttempt, failures: u32, now: Timestamp) -> Option<String> {
    let FinishedAttempt { outcome, next, lease, .. } = attempt;
    let right = match next {
        Next::Delivered => outcome.is_success(),
        Next::Gone => outcome.is_gone(),
        Next::Exhausted => {
            let is_over = lease.event.deadline_at.is_none_or(|deadline_at| deadline_at <= now);
            !outcome.is_success() && failures as usize > DELAYS_S.len() && is_over
        }
        Next::Retry { at } => !outcome.is_success() && at.duration_since(now) >= least_delay(attempt, failures, now),
    };
    (!right).then(|| format!("{next:?} follows failure {failures}, {outcome:?}, at {now}"))
}

fn least_delay(attempt: &FinishedAttempt, failures: u32, now: Timestamp) -> SignedDuration {
    let scheduled = match DELAYS_S.get(failures as usize - 1) {
        Some(delay_s) => SignedDuration::from_secs(*delay_s),
        None => attempt.lease.event.deadline_at.map_or(SignedDuration::MAX, |at| {
            at.duration_since(now).clamp(SignedDuration::ZERO, SignedDuration::from_secs(DELAY_MAX_S))
        }),
    };
    let asked = match &attempt.outcome {
        Outcome::Answered(answer) if matches!(answer.status, 429 | 503) => answer.retry_after.unwrap_or_default(),
        Outcome::Answered(_) | Outcome::Failed(_) => SignedDuration::ZERO,
    };
    // A tenth is chance, a millisecond is rounding.
    let spread = scheduled / 10 * 9 - SignedDuration::from_millis(1);
    spread.max(asked.min(SignedDuration::from_secs(DELAY_MAX_S)))
}

/// Instants are stored in milliseconds.
fn to_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap()
}
