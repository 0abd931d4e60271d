//! Old events told again.

use std::sync::Arc;

use contract::event_type::EventType;
use domain::delivery::{Answer, Delivery, DeliveryState, FinishedAttempt, Lease, Next, Outcome};
use domain::enrollment::Status;
use domain::id::{DeliveryId, PortalId, ReplayId, UserAccountId, WebhookId};
use domain::random::Random;
use domain::replay::{Replay, ReplayScope};
use jiff::SignedDuration;

use super::world::{PAGE, WEBHOOKS_MAX, World, at};
use crate::Store;
use crate::delivery::{DeliveryFilter, DeliveryStage, LeaseRequest};
use crate::error::StoreError;
use crate::replay::Replayed;

const COMPLETE: [EventType; 1] = [EventType::EnrollmentComplete];

async fn lease(world: &World, id: &WebhookId, second: i64) -> Vec<Lease> {
    let request = LeaseRequest { lanes: vec![(id.clone(), 100)], now: at(second), expires_at: at(second + 10) };
    world.store.lease_deliveries(&request).await.unwrap()
}

/// Attempts all that is due at `second`, all with the same outcome.
async fn attempt(world: &World, id: &WebhookId, second: i64, status: u16, next: Next) -> Vec<Lease> {
    let leases = lease(world, id, second).await;
    let outcome = Outcome::Answered(Answer {
        status,
        retry_after: None,
        body: Vec::new(),
        truncated: false,
        headers: String::new(),
    });
    let finish = |lease: &Lease| FinishedAttempt {
        lease: lease.clone(),
        started_at: at(second),
        took: SignedDuration::ZERO,
        outcome: outcome.clone(),
        next,
    };
    world.store.finish_attempts(leases.iter().map(finish).collect(), at(second)).await.unwrap();
    leases
}

async fn told(world: &World, id: &WebhookId) -> Vec<Delivery> {
    let filter = DeliveryFilter { webhook_id: Some(id.clone()), ..Default::default() };
    world.store.list_deliveries(world.partner, &filter, PAGE).await.unwrap().items
}

fn replay(world: &World, webhook_id: &WebhookId, scope: ReplayScope, since: i64) -> Replay {
    Replay {
        id: ReplayId::draw(&world.random as &dyn Random),
        portal_id: world.partner,
        webhook_id: webhook_id.clone(),
        scope,
        since: at(since),
        deliveries: 0,
        finished_at: None,
        created_by: UserAccountId(1),
        created_at: at(100),
    }
}

/// Stores a replay and carries it out in steps of three; gives what it came to.
async fn carry_out(world: &World, replay: Replay) -> Replay {
    let id = replay.id.clone();
    world.store.save_replay(replay).await.unwrap();
    while world.store.expand_replays(3, at(100)).await.unwrap() {}
    world.store.find_replay(world.partner, &id).await.unwrap().unwrap()
}

/// A new delivery of the same event, whose attempts are numbered on.
pub async fn one_delivery_is_told_again(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &COMPLETE).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    let [first] = attempt(&world, &id, 1, 200, Next::Delivered).await.try_into().unwrap();
    let again = world.store.replay_delivery(world.partner, first.delivery_id, at(5)).await.unwrap();
    let Replayed::Again(again) = again else { panic!("{again:?}") };
    let [second] = attempt(&world, &id, 5, 200, Next::Delivered).await.try_into().unwrap();
    assert_eq!((second.delivery_id, second.attempt_number, second.failures), (again, 2, 0));
    assert_eq!(second.event, first.event);
    let states: Vec<_> = told(&world, &id).await.iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::Delivered { at: at(5) }, DeliveryState::Delivered { at: at(1) }]);
    let found = world.store.find_delivery(world.partner, again).await.unwrap().unwrap();
    assert_eq!((found.webhook_id, found.attempt_number), (id, 2));
}

/// Neither one that is pending nor one of another portal is told again.
pub async fn what_is_under_way_is_left_alone(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &COMPLETE).await;
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    let delivery = told(&world, &id).await.remove(0).id;
    let again =
        async |portal_id: PortalId, id: DeliveryId| world.store.replay_delivery(portal_id, id, at(5)).await.unwrap();
    assert_eq!(again(world.partner, delivery).await, Replayed::UnderWay);
    assert_eq!(again(world.customers[0], delivery).await, Replayed::NotFound);
    assert_eq!(again(world.partner, DeliveryId(9_999)).await, Replayed::NotFound);
    let replayed = carry_out(&world, replay(&world, &id, ReplayScope::All, 0)).await;
    assert_eq!(replayed.deliveries, 0);
    assert_eq!(told(&world, &id).await.len(), 1);
    assert_eq!(world.store.find_delivery(world.customers[0], delivery).await.unwrap(), None);
}

/// All that failed since a time, however many there are, and nothing twice.
pub async fn failed_ones_are_told_again_once(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &COMPLETE).await;
    for i in 0..8 {
        world.enroll_somebody(0, &format!("learner{i}"), Status::Completed, i).await;
        let next = if i == 4 { Next::Delivered } else { Next::Exhausted };
        attempt(&world, &id, i, if i == 4 { 200 } else { 500 }, next).await;
    }
    let replayed = carry_out(&world, replay(&world, &id, ReplayScope::Failed, 2)).await;
    assert_eq!((replayed.deliveries, replayed.finished_at), (5, Some(at(100))));
    let replayed = carry_out(&world, replay(&world, &id, ReplayScope::Failed, 2)).await;
    assert_eq!(replayed.deliveries, 0, "they are under way");
    let numbers: Vec<_> =
        attempt(&world, &id, 100, 200, Next::Delivered).await.iter().map(|lease| lease.attempt_number).collect();
    assert_eq!(numbers, [2; 5]);
    let replayed = carry_out(&world, replay(&world, &id, ReplayScope::Failed, 0)).await;
    assert_eq!(replayed.deliveries, 2, "those from before, and not those that have arrived meanwhile");
    let failed = DeliveryFilter { stage: Some(DeliveryStage::Failed), ..Default::default() };
    assert_eq!(world.store.list_deliveries(world.partner, &failed, PAGE).await.unwrap().total, 7);
}

/// Back-fill: every event that it would have been told of, from its portal and those below, and no other.
pub async fn a_young_webhook_hears_of_old_events(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for second in 0..5 {
        world.enroll_somebody(0, &format!("a{second}"), Status::Completed, second).await;
        world.enroll_somebody(1, &format!("b{second}"), Status::Completed, second).await;
    }
    let young = world.add_webhook(world.partner, &COMPLETE).await;
    let elsewhere = world.add_webhook(world.customers[1], &COMPLETE).await;
    let replayed = carry_out(&world, replay(&world, &young, ReplayScope::All, 3)).await;
    assert_eq!(replayed.deliveries, 4);
    let told = told(&world, &young).await;
    assert!(told.iter().all(|delivery| delivery.event.event_type == EventType::EnrollmentComplete));
    assert!(told.iter().all(|delivery| delivery.event.occurred_at >= at(3)));
    let mut of_customer = replay(&world, &elsewhere, ReplayScope::All, 0);
    of_customer.portal_id = world.customers[1];
    let id = of_customer.id.clone();
    world.store.save_replay(of_customer).await.unwrap();
    while world.store.expand_replays(3, at(100)).await.unwrap() {}
    let replayed = world.store.find_replay(world.customers[1], &id).await.unwrap().unwrap();
    assert_eq!(replayed.deliveries, 5, "its own only");
}

/// Neither another portal's webhook is replayed nor its replay seen.
pub async fn replays_belong_to_their_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &COMPLETE).await;
    let mut foreign = replay(&world, &id, ReplayScope::All, 0);
    foreign.portal_id = world.stranger;
    assert!(world.store.save_replay(foreign).await.is_err());
    let own = replay(&world, &id, ReplayScope::All, 0);
    world.store.save_replay(own.clone()).await.unwrap();
    assert_eq!(world.store.find_replay(world.stranger, &own.id).await.unwrap(), None);
    assert_eq!(world.store.find_replay(world.partner, &own.id).await.unwrap(), Some(own));
    let second = world.store.save_replay(replay(&world, &id, ReplayScope::Failed, 0)).await;
    assert!(matches!(second, Err(StoreError::Taken("replay"))), "one at a time: {second:?}");
}

/// A webhook that is deleted meanwhile hears of nothing more.
pub async fn a_replay_ends_with_its_webhook(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    for i in 0..5 {
        world.enroll_somebody(0, &format!("learner{i}"), Status::Completed, i).await;
    }
    let id = world.add_webhook(world.partner, &COMPLETE).await;
    let all = replay(&world, &id, ReplayScope::All, 0);
    world.store.save_replay(all.clone()).await.unwrap();
    assert!(world.store.expand_replays(4, at(100)).await.unwrap());
    let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    world.store.save_webhook(webhook.delete(UserAccountId(1), at(100)), WEBHOOKS_MAX).await.unwrap();
    let before = told(&world, &id).await.len();
    while world.store.expand_replays(4, at(100)).await.unwrap() {}
    assert_eq!(told(&world, &id).await.len(), before);
    assert!(world.store.find_replay(world.partner, &all.id).await.unwrap().unwrap().finished_at.is_some());
}

/// The newest first, those of one webhook, and of the portal that owns it.
pub async fn replays_of_a_webhook_are_listed(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &COMPLETE).await;
    let other = world.add_webhook(world.partner, &COMPLETE).await;
    let first = carry_out(&world, replay(&world, &id, ReplayScope::All, 0)).await;
    carry_out(&world, replay(&world, &other, ReplayScope::All, 0)).await;
    let second = replay(&world, &id, ReplayScope::Failed, 5);
    world.store.save_replay(second.clone()).await.unwrap();
    let listed = async |portal_id, limit| world.store.list_replays(portal_id, &id, limit).await.unwrap();
    assert_eq!(listed(world.partner, 9).await, [second.clone(), first]);
    assert_eq!(listed(world.partner, 1).await, [second]);
    assert_eq!(listed(world.customers[0], 9).await, []);
}
