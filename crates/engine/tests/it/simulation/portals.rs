//! What clients of the platform do: learners complete, owners change their webhooks. And, at the end, what they find.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::event_type::EventType;
use domain::change::Change;
use domain::delivery::{Delivery, DeliveryState, FailedReason};
use domain::enrollment::{Enrollment, Status};
use domain::event::Event;
use domain::id::{DeliveryId, EnrollmentId, PortalId, ReplayId, UserAccountId, WebhookId};
use domain::random::Random;
use domain::replay::{Replay, ReplayScope};
use domain::webhook::{InactiveReason, Secret, UrlPolicy, Webhook, WebhookPatch, WebhookStatus, WebhookUrl};
use jiff::{SignedDuration, Timestamp};
use store::Store;
use store::conformance::world::{self, PAGE, WEBHOOKS_MAX, World};
use store::delivery::DeliveryFilter;
use store::error::StoreError;
use store::replay::Replayed;
use tokio::runtime::Handle;

use super::ledger::{Born, End, Pair};
use super::stage::Stage;

/// How many webhooks there are at most at once.
const WEBHOOKS: usize = 7;
const BY: UserAccountId = UserAccountId(1);

pub(crate) struct Portals {
    stage: Arc<Stage>,
    platform: World,
    /// The node whose door they came in by.
    node: usize,
    /// Events that were stored, in their order.
    events: Vec<Event>,
    /// Enrollments that are not completed, and the customer they are of.
    under_way: Vec<(usize, EnrollmentId)>,
    learners: usize,
    webhooks: usize,
    /// Webhooks of which something was told again.
    replayed: BTreeSet<WebhookId>,
    /// Webhooks whose events were all to be told again, and how many there were then.
    back_filled: Vec<(PortalId, WebhookId, usize)>,
}

/// Does it now.
fn now<T>(what: impl Future<Output = T>) -> T {
    Handle::current().block_on(what)
}

impl Portals {
    pub(crate) fn new(stage: Arc<Stage>, platform: World) -> Self {
        Portals {
            stage,
            platform,
            node: 0,
            events: Vec::new(),
            under_way: Vec::new(),
            learners: 0,
            webhooks: 0,
            replayed: BTreeSet::new(),
            back_filled: Vec::new(),
        }
    }

    /// Comes in through this node's door.
    pub(crate) fn enter(&mut self, node: usize, store: Arc<dyn Store>) {
        self.node = node;
        self.platform.store = store;
    }

    /// The node at which something was done last.
    pub(crate) fn node(&self) -> usize {
        self.node
    }

    fn store(&self) -> &dyn Store {
        &*self.platform.store
    }

    fn all(&self) -> [PortalId; 3] {
        let [one, other] = self.platform.customers;
        [self.platform.partner, one, other]
    }

    /// Every webhook there is.
    fn webhooks(&self) -> Vec<Webhook> {
        self.all().into_iter().flat_map(|portal_id| now(self.store().list_webhooks(portal_id)).unwrap()).collect()
    }

    /// A learner enrolls, completes, or both.
    pub(crate) fn publish(&mut self, at: Timestamp) {
        let second = at.duration_since(world::at(0)).as_secs();
        let dice = &self.stage.dice;
        if !self.under_way.is_empty() && dice.percent(40) {
            let (i, id) = self.under_way.swap_remove(dice.below(self.under_way.len()));
            let change = now(self.platform.completion(i, id, second));
            return self.save(change, at);
        }
        let (i, status) = (dice.below(2), *dice.pick(&[Status::InProgress, Status::Completed]));
        let events = if dice.percent(20) { dice.between(2, 15) } else { 0 };
        let mut change = now(self.platform.enrollment(i, status, second));
        self.learners += 1;
        let learner = format!("learner{}", self.learners);
        change.after.user_account_id = now(self.platform.add_learner(self.platform.customers[i], &learner));
        // So memorable that there is more to tell.
        let more = change.events.last().cloned().expect("an enrollment is told of");
        change.events.extend((0..events).map(|_| Event { id: self.platform.event_id(), ..more.clone() }));
        if status == Status::InProgress {
            self.under_way.push((i, change.after.id));
        }
        self.save(change, at);
    }

    fn save(&mut self, mut change: Change<Enrollment>, at: Timestamp) {
        let dice = &self.stage.dice;
        for event in &mut change.events {
            event.deadline_at = dice.percent(15).then(|| at + dice.span(SignedDuration::from_hours(200)));
        }
        let (events, customer) = (change.events.clone(), change.after.portal_id);
        let concerned = self.webhooks_of([self.platform.partner, customer]);
        now(self.store().save_enrollments(vec![change])).unwrap();
        let leased = self.born_leased(&events);
        self.stage.spoil_birth(at);
        self.stage.say(format_args!(
            "{} events are stored at node {}, {} webhooks are there, {} deliveries are leased",
            events.len(),
            self.node,
            concerned.len(),
            leased.len()
        ));
        self.stage.ledger().born(&events, &concerned);
        self.stage.ledger().born_leased(self.node, leased, &concerned);
        self.events.extend(events);
    }

    /// What the database says is leased of these events, which nobody can have leased yet.
    fn born_leased(&self, events: &[Event]) -> Vec<Born> {
        if !self.stage.plan.has_births {
            return Vec::new();
        }
        let sql = "SELECT deliveries.no, webhooks.id, attempt_number, lease_expires_at
            FROM events
            JOIN deliveries ON event_no = events.no AND lease_expires_at IS NOT NULL
            JOIN webhooks ON webhooks.no = webhook_no
            WHERE events.id = ?1";
        let database = self.stage.database();
        let mut born = Vec::new();
        for event in events {
            let mut statement = database.prepare_cached(sql).unwrap();
            let rows = statement.query_map([event.id.as_str()], |row| {
                let (id, webhook_id, expires_at): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(3)?);
                Ok(Born {
                    id: DeliveryId(id),
                    pair: (event.id.clone(), webhook_id.parse().unwrap()),
                    number: row.get(2)?,
                    expires_at: Timestamp::from_millisecond(expires_at).unwrap(),
                })
            });
            born.extend(rows.unwrap().map(Result::unwrap));
        }
        born
    }

    fn webhooks_of(&self, portals: [PortalId; 2]) -> Vec<Webhook> {
        self.webhooks().into_iter().filter(|webhook| portals.contains(&webhook.portal_id)).collect()
    }

    /// An owner makes a webhook.
    pub(crate) fn add_webhook(&mut self, at: Timestamp) {
        let dice = &self.stage.dice;
        let event_types: &[EventType] = match dice.below(3) {
            0 => &[EventType::EnrollmentComplete],
            1 => &[EventType::EnrollmentCreate],
            _ => &[EventType::EnrollmentComplete, EventType::EnrollmentCreate],
        };
        self.webhooks += 1;
        let host = format!("receiver{}.example.com", self.webhooks);
        let mut webhook = self.platform.webhook(*dice.pick(&self.all()), event_types);
        webhook.url = WebhookUrl::parse(&format!("https://{host}/hook"), UrlPolicy::default()).unwrap();
        webhook.secret = dice.percent(70).then(|| Secret::parse(format!("first {}", self.webhooks)).unwrap());
        webhook.updated_at = at;
        self.stage.say(format_args!("webhook {} of portal {} is made", webhook.id, webhook.portal_id));
        self.stage.receivers.lock().unwrap().change(&host, dice);
        now(self.store().save_webhook(Change::silent(webhook), WEBHOOKS_MAX)).unwrap();
    }

    /// An owner makes, changes or deletes a webhook.
    pub(crate) fn change_webhook(&mut self, at: Timestamp) {
        let webhooks = self.webhooks();
        let dice = &self.stage.dice;
        if webhooks.len() < WEBHOOKS && (webhooks.is_empty() || dice.percent(15)) {
            return self.add_webhook(at);
        }
        let webhook = dice.pick(&webhooks).clone();
        let patch = match dice.below(10) {
            0 => {
                self.stage.say(format_args!("webhook {} is deleted", webhook.id));
                self.stage.ledger().deleted(webhook.id.clone());
                now(self.store().save_webhook(webhook.delete(BY, at), WEBHOOKS_MAX)).unwrap();
                return;
            }
            1 => status(WebhookStatus::Inactive(InactiveReason::Owner)),
            2 | 3 => status(WebhookStatus::Inactive(InactiveReason::Paused)),
            4..=6 => status(WebhookStatus::Active),
            _ => {
                let secret = dice.percent(85).then(|| Secret::parse(dice.next().to_string()).unwrap());
                WebhookPatch { secret: Some(secret), ..WebhookPatch::default() }
            }
        };
        self.patch(webhook, patch, at);
    }

    fn patch(&self, webhook: Webhook, patch: WebhookPatch, at: Timestamp) {
        let before = webhook.status;
        let change = webhook.update(patch, BY, at).unwrap();
        let Webhook { id, status, .. } = change.after.clone();
        self.stage.say(format_args!("webhook {id} is changed, from {before:?} to {status:?}"));
        now(self.store().save_webhook(change, WEBHOOKS_MAX)).unwrap();
        if before != WebhookStatus::Active && status == WebhookStatus::Active {
            self.stage.ledger().resumed(&id, at);
        }
    }

    /// Owners want what was held back, most of them.
    pub(crate) fn resume_some(&mut self, at: Timestamp) {
        for webhook in self.webhooks() {
            if webhook.status != WebhookStatus::Active && self.stage.dice.percent(70) {
                self.patch(webhook, status(WebhookStatus::Active), at);
            }
        }
    }

    /// A receiver behaves otherwise from now on.
    pub(crate) fn change_receiver(&self) {
        let host = format!("receiver{}.example.com", self.stage.dice.between(1, self.webhooks));
        self.stage.receivers.lock().unwrap().change(&host, &self.stage.dice);
    }

    /// An owner wants to be told again: of one event, of what failed, or of everything.
    pub(crate) fn replay(&mut self, at: Timestamp) {
        if self.stage.dice.percent(50) { self.replay_one(at) } else { self.replay_many(at) }
    }

    fn replay_one(&mut self, at: Timestamp) {
        let portal_id = *self.stage.dice.pick(&self.all());
        let deliveries = self.deliveries(portal_id);
        if deliveries.is_empty() {
            return;
        }
        let delivery = self.stage.dice.pick(&deliveries);
        let replayed = now(self.store().replay_delivery(portal_id, delivery.id, at)).unwrap();
        self.stage.say(format_args!("delivery {} again: {replayed:?}", delivery.id));
        let pair = pair_of(delivery);
        let is_open = |other: &Delivery| {
            pair_of(other) == pair && matches!(other.state, DeliveryState::Pending { .. } | DeliveryState::Held { .. })
        };
        let expected = match replayed {
            Replayed::Again(id) => !deliveries.iter().any(|other| is_open(other) || other.id == id),
            Replayed::UnderWay => deliveries.iter().any(is_open),
            Replayed::NotFound => !self.webhooks().iter().any(|webhook| webhook.id == pair.1),
        };
        self.stage.ledger().check(expected, || format!("{pair:?} is replayed: {replayed:?}, of {deliveries:?}"));
        if let Replayed::Again(_) = replayed {
            self.stage.ledger().counts.replayed += 1;
            self.replayed.insert(pair.1);
        }
    }

    fn replay_many(&mut self, at: Timestamp) {
        let webhooks = self.webhooks();
        if webhooks.is_empty() {
            return;
        }
        let Webhook { id: webhook_id, portal_id, .. } = self.stage.dice.pick(&webhooks).clone();
        let scope = *self.stage.dice.pick(&[ReplayScope::Failed, ReplayScope::All]);
        let replay = Replay {
            id: ReplayId::draw(&self.platform.random as &dyn Random),
            portal_id,
            webhook_id: webhook_id.clone(),
            scope,
            since: Timestamp::UNIX_EPOCH,
            deliveries: 0,
            finished_at: None,
            created_by: BY,
            created_at: at,
        };
        match now(self.store().save_replay(replay)) {
            Ok(()) => {
                self.stage.say(format_args!("what is {scope:?} of webhook {webhook_id} is to be told again"));
                self.stage.ledger().counts.replayed += 1;
                self.replayed.insert(webhook_id.clone());
                if scope == ReplayScope::All {
                    self.back_filled.push((portal_id, webhook_id, self.events.len()));
                }
            }
            Err(StoreError::Taken(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    fn deliveries(&self, portal_id: PortalId) -> Vec<Delivery> {
        now(self.store().list_deliveries(portal_id, &DeliveryFilter::default(), PAGE)).unwrap().items
    }

    /// Whether nothing is to be done any more, but for webhooks that hold theirs back.
    pub(crate) fn have_come_to_their_end(&self) -> bool {
        let sql = "SELECT (SELECT count(*) FROM replays WHERE finished_at IS NULL) + (
                SELECT count(*) FROM deliveries JOIN webhooks ON webhooks.no = webhook_no
                WHERE state = 'pending' AND status IN ('active', 'deleted')
            )";
        let count: u32 = self.stage.database().query_one(sql, [], |row| row.get(0)).unwrap();
        count == 0
    }

    /// Looks through everything that is stored.
    pub(crate) fn audit(&self) {
        let mut times = BTreeMap::<Pair, usize>::new();
        for portal_id in self.all() {
            let deliveries = self.deliveries(portal_id);
            self.stage
                .ledger()
                .check(deliveries.len() < PAGE.limit as usize, || "there are too many to see".to_owned());
            for delivery in deliveries {
                *times.entry(pair_of(&delivery)).or_default() += 1;
                self.audit_delivery(portal_id, &delivery);
            }
        }
        let mut ledger = self.stage.ledger();
        let lost: Vec<_> = ledger.expected.iter().filter(|pair| !times.contains_key(*pair)).cloned().collect();
        ledger.check(lost.is_empty(), || format!("never stored: {lost:?}"));
        for (pair, times) in &times {
            let was_replayed = self.replayed.contains(&pair.1);
            let is_meant = was_replayed || (*times == 1 && ledger.expected.contains(pair));
            ledger.check(is_meant, || format!("{pair:?} is there {times} times, for no reason"));
        }
        for missing in self.missing(&times) {
            ledger.check(false, || format!("not filled in: {missing:?}"));
        }
    }

    /// Events that webhooks which are still there were to be told of again, and were not.
    fn missing(&self, times: &BTreeMap<Pair, usize>) -> Vec<Pair> {
        let webhooks = self.webhooks();
        let mut missing = Vec::new();
        for (portal_id, webhook_id, events) in &self.back_filled {
            let Some(webhook) = webhooks.iter().find(|webhook| webhook.id == *webhook_id) else { continue };
            let concerns = |event: &&Event| {
                let is_near = event.portal_id == *portal_id || *portal_id == self.platform.partner;
                is_near && webhook.event_types.contains(&event.event_type)
            };
            let meant = self.events[..*events].iter().filter(concerns);
            missing.extend(meant.map(|event| (event.id.clone(), webhook_id.clone())));
        }
        missing.retain(|pair| !times.contains_key(pair));
        missing
    }

    fn audit_delivery(&self, portal_id: PortalId, delivery: &Delivery) {
        let attempts = now(self.store().list_attempts(portal_id, delivery.id)).unwrap();
        let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.number).collect();
        let mut ledger = self.stage.ledger();
        let end = ledger.end(delivery.id);
        let recorded = ledger.recorded(delivery.id);
        ledger.check(numbers == recorded, || format!("{delivery:?} has attempts {numbers:?}, not {recorded:?}"));
        ledger.counts.deliveries += 1;
        ledger.counts.delivered += u64::from(end == Some(End::Delivered));
        ledger.counts.held += u64::from(matches!(delivery.state, DeliveryState::Held { .. }));
        let is_right = match delivery.state {
            DeliveryState::Delivered { .. } => end == Some(End::Delivered),
            DeliveryState::Failed { reason: FailedReason::Exhausted, .. } => end == Some(End::Exhausted),
            DeliveryState::Failed { reason: FailedReason::WebhookDeleted, .. } | DeliveryState::Held { .. } => {
                end.is_none()
            }
            DeliveryState::Pending { .. } => false,
        };
        ledger.check(is_right, || format!("{delivery:?} is over, {end:?} was recorded"));
    }
}

fn status(status: WebhookStatus) -> WebhookPatch {
    WebhookPatch { status: Some(status), ..WebhookPatch::default() }
}

fn pair_of(delivery: &Delivery) -> Pair {
    (delivery.event.id.clone(), delivery.webhook_id.clone())
}
