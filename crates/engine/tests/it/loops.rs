//! The rules of the loop.

use std::collections::HashMap;

use domain::clock::Clock;
use domain::delivery::{DeliveryState, FailedReason, FailureKind};
use domain::webhook::{InactiveReason, Secret, WebhookStatus};
use engine::run::Stopped;
use jiff::SignedDuration;

use crate::time::{Time, at_once};
use crate::world::World;

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn the_first_attempt_leaves_at_once() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    let arrival = world.arrival().await;
    assert_eq!(arrival.request.url.as_str(), "https://receiver.example.com/hook");
    assert_eq!(arrival.body()["webhook_id"], webhook.as_str());
    assert_eq!(arrival.body()["event_type"], "enrollment.complete");
    assert_eq!(arrival.attempt_number(), 1);
    arrival.answer(204);
    let (attempts, state) = world.recorded(&webhook, 1).await;
    assert_eq!(attempts[0].number, 1);
    assert_eq!(state, DeliveryState::Delivered { at: world.time.now() });
}

#[tokio::test]
async fn what_was_due_before_the_start_is_found() {
    let mut world = World::new().await;
    world.add_webhook(world.platform.partner, |_| {}).await;
    world.stop().await;
    world.complete(0).await;
    world.start();
    assert_eq!(world.arrival().await.attempt_number(), 1);
}

#[tokio::test]
async fn retries_follow_the_schedule_and_count_up() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    let delays = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (failures, delay) in delays.into_iter().enumerate() {
        let arrival = world.arrival().await;
        assert_eq!(arrival.attempt_number(), failures as u64 + 1);
        arrival.fail(FailureKind::Connect);
        let (_, state) = world.recorded(&webhook, failures + 1).await;
        assert_eq!(state, DeliveryState::Pending { due_at: world.time.now() + seconds(delay) });
        world.time.pass(seconds(delay));
    }
    world.arrival().await.answer(500);
    let (attempts, state) = world.recorded(&webhook, 11).await;
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
    assert_eq!(state, DeliveryState::Failed { at: world.time.now(), reason: FailedReason::Exhausted });
}

#[tokio::test]
async fn a_retry_is_rendered_and_signed_anew() {
    let mut world = World::new().await;
    let webhook = world
        .add_webhook(world.platform.partner, |webhook| {
            webhook.secret = Some(Secret::parse("MyS3cretK#y".to_owned()).unwrap());
        })
        .await;
    world.complete(0).await;
    let first = world.arrival().await;
    let (body, signature) = (first.body(), first.header("go1-signature").to_owned());
    first.answer(500);
    world.recorded(&webhook, 1).await;
    world.time.pass(seconds(5));
    let second = world.arrival().await;
    assert_eq!(
        (second.body()["id"].clone(), second.body()["data"].clone()),
        (body["id"].clone(), body["data"].clone())
    );
    assert_ne!(second.body()["sent"], body["sent"]);
    assert_ne!(second.header("go1-signature"), signature);
    assert!(second.header("go1-signature").starts_with(&format!("t={}", world.time.now().as_second())));
}

#[tokio::test]
async fn gone_stops_the_webhook_and_holds_its_deliveries() {
    let mut world = World::new().await;
    let partner = world.platform.partner;
    let webhook = world.add_webhook(partner, |_| {}).await;
    world.complete(0).await;
    world.arrival().await.answer(410);
    let (_, state) = world.recorded(&webhook, 1).await;
    assert!(matches!(state, DeliveryState::Held { reason: InactiveReason::Gone }), "{state:?}");
    let stored = world.store().find_webhook(partner, &webhook).await.unwrap().unwrap();
    assert_eq!(stored.status, WebhookStatus::Inactive(InactiveReason::Gone));
    // What happens meanwhile is held, too; both go out when it is active again.
    world.complete(0).await;
    world.platform.set_status(partner, &webhook, WebhookStatus::Active).await;
    let mut numbers = [world.arrival().await.attempt_number(), world.arrival().await.attempt_number()];
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn a_lapsed_lease_records_nothing() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    let first = world.arrival().await;
    world.time.pass(seconds(61));
    // The lease ran out, so the delivery is due; somebody has to look.
    world.complete(1).await;
    let arrivals = [world.arrival().await, world.arrival().await];
    let mut numbers = arrivals.each_ref().map(|arrival| arrival.attempt_number());
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2]);
    first.answer(200);
    for arrival in arrivals {
        arrival.answer(500);
    }
    let deliveries = world.deliveries(world.platform.partner, &webhook).await;
    let (partner, oldest) = (world.platform.partner, deliveries[1].id);
    world.recorded(&webhook, 1).await;
    at_once(async {
        while world.store().list_attempts(partner, oldest).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let attempts = world.store().list_attempts(partner, oldest).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [2]);
    assert!(!attempts[0].outcome.is_success());
}

#[tokio::test]
async fn a_slow_lane_does_not_hold_another() {
    let mut world = World::with(|settings| (settings.concurrency, settings.lane_concurrency) = (5, 2)).await;
    let slow = world.add_webhook(world.platform.partner, |_| {}).await;
    let quick = world.add_webhook(world.platform.customers[0], |_| {}).await;
    let count = 6;
    for _ in 0..count {
        world.complete(0).await;
    }
    let mut waiting = Vec::new();
    let mut arrived: HashMap<String, usize> = HashMap::new();
    while arrived.get(quick.as_str()) != Some(&count) {
        let arrival = world.arrival().await;
        let webhook_id = arrival.body()["webhook_id"].as_str().unwrap().to_owned();
        *arrived.entry(webhook_id.clone()).or_default() += 1;
        if webhook_id == slow.as_str() { waiting.push(arrival) } else { arrival.answer(200) }
    }
    assert_eq!(arrived[slow.as_str()], 2);
    // Each answer makes room for one more.
    for _ in 2..count {
        waiting.remove(0).answer(200);
        waiting.push(world.arrival().await);
    }
    let stopping = world.stop();
    world.time.is_awaited(world.time.now() + seconds(15)).await;
    world.time.pass(seconds(15));
    assert_eq!(stopping.await.left, 2);
}

#[tokio::test]
async fn no_more_attempts_are_begun_than_there_are_permits() {
    let mut world = World::with(|settings| settings.concurrency = 3).await;
    world.add_webhook(world.platform.partner, |_| {}).await;
    for _ in 0..10 {
        world.complete(0).await;
    }
    let _never_answered = [world.arrival().await, world.arrival().await, world.arrival().await];
    let stopping = world.stop();
    world.time.is_awaited(world.time.now() + seconds(15)).await;
    world.time.pass(seconds(15));
    assert_eq!(stopping.await, Stopped { finished: 0, left: 3 });
}

#[tokio::test]
async fn everything_arrives_once() {
    let mut world = World::with(|settings| settings.concurrency = 7).await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.add_webhook(world.platform.customers[1], |_| {}).await;
    let count = 40;
    for n in 0..count {
        world.complete(n % 2).await;
    }
    let mut arrived = HashMap::new();
    for _ in 0..count + count / 2 {
        let arrival = world.arrival().await;
        assert_eq!(arrival.attempt_number(), 1);
        let body = arrival.body();
        *arrived.entry((body["id"].to_string(), body["webhook_id"].to_string())).or_insert(0) += 1;
        arrival.answer(200);
    }
    assert_eq!(world.stop().await.left, 0);
    assert!(arrived.values().all(|&times| times == 1));
    let deliveries = world.deliveries(world.platform.partner, &webhook).await;
    assert_eq!(deliveries.len(), count);
    assert!(deliveries.iter().all(|delivery| matches!(delivery.state, DeliveryState::Delivered { .. })));
}

#[tokio::test]
async fn a_stop_waits_for_what_is_in_flight() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    let arrival = world.arrival().await;
    let stopping = world.stop();
    arrival.answer(200);
    assert_eq!(stopping.await, Stopped { finished: 1, left: 0 });
    let (_, state) = world.recorded(&webhook, 1).await;
    assert!(matches!(state, DeliveryState::Delivered { .. }), "{state:?}");
}

#[tokio::test]
async fn a_stop_leaves_what_takes_too_long_to_whoever_comes_next() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    let _never_answered = world.arrival().await;
    let stopping = world.stop();
    world.time.is_awaited(world.time.now() + seconds(15)).await;
    world.time.pass(seconds(15));
    assert_eq!(stopping.await, Stopped { finished: 0, left: 1 });
    world.time.pass(seconds(46));
    world.start();
    let arrival = world.arrival().await;
    assert_eq!(arrival.attempt_number(), 2);
    arrival.answer(200);
    let (attempts, _) = world.recorded(&webhook, 1).await;
    assert_eq!(attempts[0].number, 2);
}

#[tokio::test]
async fn an_idle_engine_stops_at_once() {
    let mut world = World::new().await;
    assert_eq!(world.stop().await, Stopped { finished: 0, left: 0 });
}

/// Makes the store fail at everything that has to do with this table, until the returned guard is called.
fn break_table(world: &World, table: &'static str) -> impl FnOnce() + use<> {
    let database = world.database();
    database.execute_batch(&format!("ALTER TABLE {table} RENAME TO gone")).unwrap();
    move || database.execute_batch(&format!("ALTER TABLE gone RENAME TO {table}")).unwrap()
}

/// Returns once the engine waits to try the store again after so many failures.
async fn failed_times(time: &Time, failures: u32) {
    let pauses = [100, 200, 400, 800];
    for pause in &pauses[..failures as usize] {
        let at = time.now() + SignedDuration::from_millis(*pause);
        time.is_awaited(at).await;
        time.pass(SignedDuration::from_millis(*pause));
    }
}

#[tokio::test]
async fn an_outcome_outlives_a_store_that_does_not_record() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    let arrival = world.arrival().await;
    let mend = break_table(&world, "attempts");
    arrival.answer(200);
    failed_times(&world.time, 3).await;
    world.time.is_awaited(world.time.now() + SignedDuration::from_millis(800)).await;
    mend();
    world.time.pass(SignedDuration::from_millis(800));
    let (attempts, state) = world.recorded(&webhook, 1).await;
    assert_eq!(attempts[0].number, 1);
    assert!(matches!(state, DeliveryState::Delivered { .. }), "{state:?}");
}

#[tokio::test]
async fn an_outcome_whose_lease_ran_out_meanwhile_is_let_go() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    world.complete(0).await;
    let arrival = world.arrival().await;
    let mend = break_table(&world, "attempts");
    arrival.answer(200);
    world.time.is_awaited(world.time.now() + SignedDuration::from_millis(100)).await;
    mend();
    world.time.pass(seconds(60));
    world.complete(1).await;
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let arrival = world.arrival().await;
        numbers.push(arrival.attempt_number());
        arrival.answer(200);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2]);
    world.recorded(&webhook, 1).await;
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_asked_again() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    let mend = break_table(&world, "deliveries");
    // A webhook that becomes active wakes the engine.
    world.platform.set_status(world.platform.partner, &webhook, WebhookStatus::Active).await;
    failed_times(&world.time, 2).await;
    world.time.is_awaited(world.time.now() + SignedDuration::from_millis(400)).await;
    mend();
    world.time.pass(SignedDuration::from_millis(400));
    world.complete(0).await;
    assert_eq!(world.arrival().await.attempt_number(), 1);
}
