//! Handing deliveries out, and taking them back.

use std::collections::HashSet;
use std::sync::Arc;

use contract::event_type::EventType;
use domain::change::Change;
use domain::delivery::{Answer, DeliveryState, FailedReason, Finished, FinishedAttempt, Lease, Next, Outcome};
use domain::enrollment::Status;
use domain::id::WebhookId;
use domain::webhook::{InactiveReason, UrlPolicy, WebhookStatus, WebhookUrl};
use jiff::SignedDuration;

use super::world::{PAGE, WEBHOOKS_MAX, World, at};
use crate::Store;
use crate::delivery::{DeliveryFilter, LeaseRequest};

/// A world with one webhook of the partner, and `count` deliveries due from second 1 on, a second apart.
async fn with_due(store: Arc<dyn Store>, count: i64) -> (World, WebhookId) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    for i in 0..count {
        world.enroll_somebody(0, &format!("due{i}"), Status::Completed, 1 + i).await;
    }
    (world, id)
}

/// Leases up to `count` at `second`, for ten seconds.
async fn lease(world: &World, id: &WebhookId, count: u32, second: i64) -> Vec<Lease> {
    let request = LeaseRequest { lanes: vec![(id.clone(), count)], now: at(second), expires_at: at(second + 10) };
    world.store.lease_deliveries(&request).await.unwrap()
}

fn finished(lease: Lease, status: u16, next: Next) -> FinishedAttempt {
    let outcome = Outcome::Answered(Answer {
        status,
        retry_after: None,
        body: b"ok".to_vec(),
        truncated: false,
        headers: "server: n\n".to_owned(),
    });
    FinishedAttempt { lease, started_at: at(1), took: SignedDuration::from_millis(7), outcome, next }
}

async fn states(world: &World) -> Vec<DeliveryState> {
    let listed = world.store.list_deliveries(world.partner, &DeliveryFilter::default(), PAGE).await.unwrap();
    listed.items.iter().rev().map(|delivery| delivery.state).collect()
}

/// A lease names the attempt, and carries all that it takes to make it.
pub async fn leasing_raises_the_attempt_number(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 1).await;
    let [lease] = lease(&world, &id, 5, 1).await.try_into().unwrap();
    assert_eq!((lease.attempt_number, lease.failures, lease.expires_at), (1, 0, at(11)));
    assert_eq!(lease.event.event_type, EventType::EnrollmentComplete);
    assert_eq!(Some(&*lease.webhook), world.store.find_webhook(world.partner, &id).await.unwrap().as_ref());
    assert_eq!(states(&world).await, [DeliveryState::Pending { due_at: at(11) }]);
}

/// Many who lease at the same time get each delivery once.
pub async fn a_lease_is_held_by_one(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 40).await;
    let request = LeaseRequest { lanes: vec![(id, 7)], now: at(99), expires_at: at(109) };
    let leases = (0..20).map(|_| {
        let (store, request) = (world.store.clone(), request.clone());
        tokio::spawn(async move { store.lease_deliveries(&request).await.unwrap() })
    });
    let mut leased = Vec::new();
    for lease in leases.collect::<Vec<_>>() {
        leased.extend(lease.await.unwrap().into_iter().map(|lease| lease.delivery_id));
    }
    assert_eq!(leased.len(), 40);
    assert_eq!(leased.iter().collect::<HashSet<_>>().len(), 40);
}

/// Neither after it expired nor after somebody else leased the delivery does an attempt change anything.
pub async fn a_lapsed_lease_records_nothing(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 1).await;
    let [first] = lease(&world, &id, 1, 1).await.try_into().unwrap();
    let late = finished(first.clone(), 200, Next::Delivered);
    assert_eq!(world.store.finish_attempts(vec![late.clone()], at(11)).await.unwrap(), [Finished::LeaseLost]);
    let [second] = lease(&world, &id, 1, 11).await.try_into().unwrap();
    assert_eq!(second.attempt_number, 2);
    assert_eq!(world.store.finish_attempts(vec![late], at(12)).await.unwrap(), [Finished::LeaseLost]);
    assert_eq!(world.store.list_attempts(world.partner, first.delivery_id).await.unwrap(), []);
    assert_eq!(states(&world).await, [DeliveryState::Pending { due_at: at(21) }]);
}

/// A node that died is made up for: what it held is due again when its lease runs out, under a higher number.
pub async fn a_lease_that_lapsed_is_leased_again(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 1).await;
    assert_eq!(lease(&world, &id, 1, 1).await.len(), 1);
    assert_eq!(lease(&world, &id, 1, 10).await, []);
    assert_eq!(world.store.list_due_lanes(at(10)).await.unwrap().next_due_at, Some(at(11)));
    assert_eq!(lease(&world, &id, 1, 11).await[0].attempt_number, 2);
}

/// An attempt is recorded with what it met, once.
pub async fn an_attempt_is_recorded_once(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 1).await;
    let [lease] = lease(&world, &id, 1, 1).await.try_into().unwrap();
    let attempt = finished(lease.clone(), 204, Next::Delivered);
    assert_eq!(world.store.finish_attempts(vec![attempt.clone()], at(2)).await.unwrap(), [Finished::Recorded]);
    assert_eq!(world.store.finish_attempts(vec![attempt.clone()], at(2)).await.unwrap(), [Finished::LeaseLost]);
    assert_eq!(states(&world).await, [DeliveryState::Delivered { at: at(2) }]);
    let [recorded] = world.store.list_attempts(world.partner, lease.delivery_id).await.unwrap().try_into().unwrap();
    assert_eq!((recorded.number, recorded.outcome), (1, attempt.outcome));
    assert_eq!((recorded.started_at, recorded.took), (at(1), SignedDuration::from_millis(7)));
    assert_eq!(world.store.list_attempts(world.customers[0], lease.delivery_id).await.unwrap(), []);
    assert_eq!(world.store.list_due_lanes(at(99)).await.unwrap(), Default::default());
}

/// What is to be retried is due at its time, with one failure more; what is given up is due never.
pub async fn retries_wait_for_their_time(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 1).await;
    let [first] = lease(&world, &id, 1, 1).await.try_into().unwrap();
    let retry = finished(first, 500, Next::Retry { at: at(60) });
    world.store.finish_attempts(vec![retry], at(2)).await.unwrap();
    assert_eq!(lease(&world, &id, 1, 59).await, []);
    world.enroll_somebody(0, "due", Status::Completed, 50).await;
    let lanes = world.store.list_due_lanes(at(59)).await.unwrap();
    assert_eq!((lanes.due.len(), lanes.next_due_at), (1, Some(at(60))), "also of a lane that is due already");
    assert_eq!(lease(&world, &id, 1, 59).await.len(), 1);
    let [second] = lease(&world, &id, 1, 60).await.try_into().unwrap();
    assert_eq!((second.attempt_number, second.failures), (2, 1));
    let delivery_id = second.delivery_id;
    world.store.finish_attempts(vec![finished(second, 500, Next::Exhausted)], at(61)).await.unwrap();
    assert_eq!(states(&world).await[0], DeliveryState::Failed { at: at(61), reason: FailedReason::Exhausted });
    assert_eq!(world.store.list_attempts(world.partner, delivery_id).await.unwrap().len(), 2);
}

/// After 410 the webhook is inactive, its deliveries wait, and they go out when it is active again.
pub async fn gone_stops_the_webhook_and_keeps_its_deliveries(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 2).await;
    let [first] = lease(&world, &id, 1, 1).await.try_into().unwrap();
    world.store.finish_attempts(vec![finished(first, 410, Next::Gone)], at(2)).await.unwrap();
    let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    assert_eq!(webhook.status, WebhookStatus::Inactive(InactiveReason::Gone));
    assert_eq!(lease(&world, &id, 5, 99).await, []);
    world.set_status(world.partner, &id, WebhookStatus::Active).await;
    let numbers: Vec<_> = lease(&world, &id, 5, 99).await.iter().map(|lease| lease.attempt_number).collect();
    assert_eq!(numbers.iter().sum::<u32>(), 3);
}

/// What an attempt at the old address met says nothing about the new one.
pub async fn an_answer_of_the_old_address_does_not_stop_the_new_one(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 1).await;
    let [old] = lease(&world, &id, 1, 1).await.try_into().unwrap();
    let mut moved = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    moved.url = WebhookUrl::parse("https://new.example.com/", UrlPolicy::default()).unwrap();
    world.store.save_webhook(Change::silent(moved), WEBHOOKS_MAX).await.unwrap();
    let gone = finished(old, 410, Next::Gone);
    assert_eq!(world.store.finish_attempts(vec![gone], at(2)).await.unwrap(), [Finished::Recorded]);
    let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    assert_eq!(webhook.status, WebhookStatus::Active);
    let [new] = lease(&world, &id, 1, 3).await.try_into().unwrap();
    assert_eq!((new.webhook.url.as_str(), new.attempt_number), ("https://new.example.com/", 2));
}

/// After five days and twenty attempts with nothing but failures the webhook is inactive, and its deliveries wait; when its owner
/// activates it, it has all the time again.
pub async fn nothing_but_failures_stops_the_webhook(store: Arc<dyn Store>) {
    const DAY: i64 = 86_400;
    let (world, id) = with_due(store, 1).await;
    let status = async || world.store.find_webhook(world.partner, &id).await.unwrap().unwrap().status;
    let fail = async |second: i64| {
        let [lease] = lease(&world, &id, 1, second).await.try_into().unwrap();
        let attempt = finished(lease, 500, Next::Retry { at: at(second + 1) });
        world.store.finish_attempts(vec![attempt], at(second)).await.unwrap();
    };
    for second in 100..119 {
        fail(second).await;
    }
    fail(100 + 5 * DAY - 1).await;
    assert_eq!(status().await, WebhookStatus::Active, "not yet five days");
    fail(100 + 5 * DAY).await;
    assert_eq!(status().await, WebhookStatus::Inactive(InactiveReason::Failing));
    assert_eq!(world.store.list_due_lanes(at(9 * DAY)).await.unwrap(), Default::default());
    world.set_status(world.partner, &id, WebhookStatus::Active).await;
    fail(6 * DAY).await;
    assert_eq!(status().await, WebhookStatus::Active);
}

/// What waits for its next attempt is due when its webhook is made active again, but not what is being attempted.
pub async fn making_active_again_makes_due(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 2).await;
    let mut leases = lease(&world, &id, 2, 2).await;
    let under_way = leases.remove(1);
    let retry = finished(leases.remove(0), 500, Next::Retry { at: at(3_600) });
    world.store.finish_attempts(vec![retry], at(3)).await.unwrap();
    world.set_status(world.partner, &id, WebhookStatus::Inactive(InactiveReason::Owner)).await;
    let mut active = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    active.status = WebhookStatus::Active;
    active.updated_at = at(5);
    world.store.save_webhook(Change::silent(active), WEBHOOKS_MAX).await.unwrap();
    let [again] = lease(&world, &id, 9, 5).await.try_into().unwrap();
    assert_eq!(again.attempt_number, 2);
    assert_ne!(again.delivery_id, under_way.delivery_id);
}

/// Whoever asks for something to be told while a webhook fails gives its lane a fresh start; one that does not fail needs none.
pub async fn asking_again_is_a_fresh_start_for_what_fails(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 2).await;
    let version = async || world.store.list_due_lanes(at(9)).await.unwrap().due[0].version;
    let test = async || {
        let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
        let test = webhook.test(None, world.event_id(), at(2)).unwrap();
        world.store.save_test(&id, test, at(2)).await.unwrap();
    };
    let first = version().await;
    test().await;
    assert_eq!(version().await, first);
    let failed = lease(&world, &id, 1, 1).await.remove(0);
    let delivery_id = failed.delivery_id;
    let retry = finished(failed, 500, Next::Retry { at: at(3) });
    world.store.finish_attempts(vec![retry], at(2)).await.unwrap();
    assert_eq!(version().await, first);
    test().await;
    let second = version().await;
    assert!(second > first);
    world.store.replay_delivery(world.partner, delivery_id, at(3)).await.unwrap();
    assert!(version().await > second);
    // It is no change of the webhook.
    assert_eq!(world.store.find_webhook(world.partner, &id).await.unwrap().unwrap().version, 1);
}

/// Each lane gives as many as were asked of it, the oldest first, and lanes of one portal are listed together.
pub async fn lanes_are_shared_as_asked(store: Arc<dyn Store>) {
    let (world, crowded) = with_due(store, 5).await;
    let quiet = world.add_webhook(world.customers[1], &[EventType::EnrollmentComplete]).await;
    world.enroll_somebody(1, "quiet", Status::Completed, 50).await;
    let lanes = world.store.list_due_lanes(at(99)).await.unwrap();
    let listed: Vec<_> = lanes.due.iter().map(|lane| (lane.portal_id, &lane.webhook_id, lane.oldest_due_at)).collect();
    let mut expected = [(world.partner, &crowded, at(1)), (world.customers[1], &quiet, at(50))];
    expected.sort();
    assert_eq!(listed, expected);
    let request = LeaseRequest { lanes: vec![(crowded, 2), (quiet, 2)], now: at(49), expires_at: at(60) };
    let due: Vec<_> =
        world.store.lease_deliveries(&request).await.unwrap().iter().map(|lease| lease.event.occurred_at).collect();
    assert_eq!(due, [at(1), at(2)]);
}

/// The others are recorded all the same, and the answers are in order.
pub async fn one_lost_lease_does_not_spoil_a_batch(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 3).await;
    let leases = lease(&world, &id, 3, 9).await;
    let mut batch: Vec<_> = leases.into_iter().map(|lease| finished(lease, 200, Next::Delivered)).collect();
    batch[1].lease.attempt_number = 9;
    let finished = world.store.finish_attempts(batch, at(10)).await.unwrap();
    assert_eq!(finished, [Finished::Recorded, Finished::LeaseLost, Finished::Recorded]);
}

/// What a node that is gone had leased is due at once, under a higher number; what waits for a retry goes on waiting.
pub async fn a_node_that_starts_alone_ends_old_leases(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 3).await;
    let [retried] = lease(&world, &id, 1, 1).await.try_into().unwrap();
    world.store.finish_attempts(vec![finished(retried, 500, Next::Retry { at: at(60) })], at(2)).await.unwrap();
    let [left] = lease(&world, &id, 1, 2).await.try_into().unwrap();
    assert_eq!(world.store.expire_leases(at(5)).await.unwrap(), 1);
    assert_eq!(world.store.expire_leases(at(5)).await.unwrap(), 0);
    let mut again: Vec<_> =
        lease(&world, &id, 9, 5).await.iter().map(|lease| (lease.delivery_id, lease.attempt_number)).collect();
    again.sort();
    assert_eq!(again.len(), 2);
    assert!(again.contains(&(left.delivery_id, 2)));
    let late = world.store.finish_attempts(vec![finished(left, 200, Next::Delivered)], at(5)).await.unwrap();
    assert_eq!(late, [Finished::LeaseLost]);
}

/// What waits by a clock that was set back waits no longer than it was to: leases end and retries are due so much earlier.
/// What was scheduled since keeps its time.
pub async fn a_clock_that_is_set_back_holds_nothing_up(store: Arc<dyn Store>) {
    let (world, id) = with_due(store, 4).await;
    let [retried, since] = lease(&world, &id, 2, 1_000).await.try_into().unwrap();
    world.store.finish_attempts(vec![finished(retried, 500, Next::Retry { at: at(1_030) })], at(1_000)).await.unwrap();
    let [left] = lease(&world, &id, 1, 1_000).await.try_into().unwrap();
    // The clock was set back from 1,000 to 100, and somebody was quicker than whoever noticed.
    world.store.finish_attempts(vec![finished(since, 500, Next::Retry { at: at(105) })], at(100)).await.unwrap();
    let [fresh] = lease(&world, &id, 1, 100).await.try_into().unwrap();
    assert_eq!(world.store.bring_forward(at(1_000), at(100)).await.unwrap(), 2);
    assert_eq!(world.store.bring_forward(at(1_000), at(100)).await.unwrap(), 0);
    let due =
        async |second| lease(&world, &id, 9, second).await.iter().map(|lease| lease.delivery_id).collect::<Vec<_>>();
    assert_eq!(due(104).await.len(), 0);
    assert_eq!(due(105).await.len(), 1, "as scheduled since");
    let fresh = world.store.finish_attempts(vec![finished(fresh, 200, Next::Delivered)], at(109)).await.unwrap();
    assert_eq!(fresh, [Finished::Recorded]);
    assert_eq!(due(110).await, [left.delivery_id], "its lease was for ten seconds");
    assert_eq!(due(129).await.len(), 2, "those whose leases ended since");
    assert_eq!(due(130).await.len(), 1, "the retry in half a minute");
}

/// Whoever waits is woken by a commit that left something due, also one from before the wait began.
pub async fn work_wakes_whoever_waits(store: Arc<dyn Store>) {
    let (world, _) = with_due(store, 1).await;
    world.store.wait_for_work().await;
    let waiting = tokio::spawn({
        let store = world.store.clone();
        async move { store.wait_for_work().await }
    });
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    waiting.await.unwrap();
}
