//! Webhooks that are told no faster than their owners want, and those beside them.

use domain::change::Change;
use domain::clock::Clock;
use domain::id::WebhookId;
use domain::webhook::Webhook;
use domain::webhook::rate_limit::RateLimit;
use jiff::SignedDuration;

use crate::lanes::{START, arrivals, begun, recorded, settle};
use crate::metrics::Metrics;
use crate::world::World;

fn millis(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

fn at_most(requests: u32) -> impl FnOnce(&mut Webhook) {
    move |webhook| webhook.rate_limit = RateLimit::per_second(requests).ok()
}

/// A world with a webhook at customer 0 that wants at most so many requests a second and has `due` deliveries, and one at
/// customer 1 that wants what there is.
async fn world(requests: u32, due: usize) -> (World, WebhookId, WebhookId) {
    let mut world = World::new().await;
    let paced = world.add_webhook(world.platform.customers[0], at_most(requests)).await;
    let elsewhere = world.add_webhook(world.platform.customers[1], |_| {}).await;
    world.complete_often(0, due).await;
    (world, paced, elsewhere)
}

/// Lets time pass up to when the engine wants to be woken, which is to be in so long.
async fn wait(world: &World, span: SignedDuration) {
    world.time.is_awaited(world.time.now() + span).await;
    world.time.pass(span);
}

async fn set_rate(world: &World, id: &WebhookId, requests: Option<u32>) {
    let owner = world.platform.customers[0];
    let mut webhook = world.store().find_webhook(owner, id).await.unwrap().unwrap();
    webhook.rate_limit = requests.map(|requests| RateLimit::per_second(requests).unwrap());
    world.store().save_webhook(Change::silent(webhook), 50).await.unwrap();
}

#[tokio::test]
async fn deliveries_go_out_at_the_rate() {
    let due = 30;
    let (mut world, paced, elsewhere) = world(10, due).await;
    let began_at = world.time.now();
    for sent in 1..=due {
        world.arrival().await.answer(200);
        recorded(&world, &paced, sent).await;
        settle(&mut world, &elsewhere).await;
        assert_eq!(begun(&world, &paced), sent, "not one before its time");
        if sent < due {
            wait(&world, millis(100)).await;
        }
    }
    assert_eq!(world.time.now().duration_since(began_at), millis(2_900));
}

#[tokio::test]
async fn after_a_rest_so_many_go_at_once_and_then_the_rate_holds() {
    let burst = 4;
    let (mut world, paced, elsewhere) = world(40, burst).await;
    for arrival in arrivals(&mut world, burst).await {
        arrival.answer(200);
    }
    recorded(&world, &paced, burst).await;
    world.time.pass(millis(60_000));
    world.complete_often(0, 100).await;
    // A tenth of a second's worth, and one every 25 ms; receivers that hang do not make it slower.
    let mut hanging = arrivals(&mut world, burst).await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &paced), 2 * burst);
    for _ in burst..START {
        wait(&world, millis(25)).await;
        hanging.push(world.arrival().await);
    }
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &paced), burst + START);
    // Now the lane is full, which no time changes.
    world.time.pass(millis(1_000));
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &paced), burst + START);
    hanging.remove(0).answer(200);
    hanging.extend(arrivals(&mut world, 2).await);
}

#[tokio::test]
async fn retries_count_too() {
    let (mut world, paced, elsewhere) = world(1, 6).await;
    // Each fails, and is due again after five seconds.
    for sent in 1..=6 {
        world.arrival().await.answer(500);
        recorded(&world, &paced, sent).await;
        wait(&world, millis(1_000)).await;
    }
    // The clock stands at six seconds: two are due, one may go.
    assert_eq!(world.arrival().await.attempt_number(), 2);
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &paced), 7);
    wait(&world, millis(1_000)).await;
    assert_eq!(world.arrival().await.attempt_number(), 2);
}

#[tokio::test]
async fn lanes_beside_it_are_not_slowed_and_nobody_is_asked_for_nothing() {
    let (metrics, _guard) = Metrics::collect();
    let permits = 16;
    let mut world = World::with(|settings| settings.concurrency = permits).await;
    // In the same portal, and more of them than there are permits.
    let mut paced = Vec::new();
    for _ in 0..2 * permits {
        paced.push(world.add_webhook(world.platform.customers[0], at_most(1)).await);
    }
    world.complete_often(0, 5).await;
    for _ in &paced {
        world.arrival().await.answer(200);
    }
    for id in &paced {
        recorded(&world, id, 1).await;
    }
    let free = world.add_webhook(world.platform.customers[0], |_| {}).await;
    let due = 300;
    world.complete_often(0, due).await;
    for _ in 0..due {
        let arrival = world.arrival().await;
        assert_eq!(arrival.webhook_id(), free);
        arrival.answer(200);
    }
    recorded(&world, &free, due).await;
    let questions = || (metrics.verbs("list_due_lanes"), metrics.verbs("lease_deliveries"));
    let before = questions();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(questions(), before);
    assert!(paced.iter().all(|id| begun(&world, id) == 1));
    // Each has its turn when its time has come.
    world.time.pass(millis(1_000));
    for _ in &paced {
        world.arrival().await.answer(200);
    }
    for id in &paced {
        recorded(&world, id, 2).await;
    }
}

#[tokio::test]
async fn another_rate_holds_from_the_next_lease_on() {
    let (mut world, paced, elsewhere) = world(1, 100).await;
    world.arrival().await.answer(200);
    recorded(&world, &paced, 1).await;
    set_rate(&world, &paced, Some(5)).await;
    wait(&world, millis(200)).await;
    world.arrival().await.answer(200);
    recorded(&world, &paced, 2).await;
    set_rate(&world, &paced, Some(1)).await;
    settle(&mut world, &elsewhere).await;
    world.time.pass(millis(999));
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &paced), 2);
    wait(&world, millis(1)).await;
    world.arrival().await.answer(200);
    recorded(&world, &paced, 3).await;
    set_rate(&world, &paced, None).await;
    let _hanging = arrivals(&mut world, START).await;
}
