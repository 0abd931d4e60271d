//! The rules of lanes: what one receiver does is nothing to the others.

use domain::change::Change;
use domain::clock::Clock;
use domain::delivery::FailureKind;
use domain::id::WebhookId;
use domain::webhook::{UrlPolicy, Webhook, WebhookUrl};
use jiff::SignedDuration;

use crate::metrics::Metrics;
use crate::time::at_once;
use crate::world::{Arrival, World};

/// How many attempts a lane starts with.
pub(crate) const START: usize = 8;
/// How many failures in a row open a circuit.
const FAILURES_MAX: usize = 10;
/// The first pause of a circuit, halfway between the longest and the shortest that chance makes it.
const FIRST_PAUSE_MS: i64 = 4_500;

fn millis(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

/// Makes the receiver one that never answers.
fn poison(webhook: &mut Webhook) {
    webhook.url = WebhookUrl::parse("https://poison.example.com/hook", UrlPolicy::default()).unwrap();
}

fn is_poison(arrival: &Arrival) -> bool {
    arrival.request.url.host_str() == Some("poison.example.com")
}

/// So many arrivals.
pub(crate) async fn arrivals(world: &mut World, count: usize) -> Vec<Arrival> {
    let mut arrivals = Vec::with_capacity(count);
    for _ in 0..count {
        arrivals.push(world.arrival().await);
    }
    arrivals
}

/// A number that the database gives for a webhook, or for those at an address.
fn count(world: &World, of: &str, sql: &str) -> usize {
    let count: u32 = world.database().query_one(sql, [of], |row| row.get(0)).unwrap();
    count as usize
}

/// How many attempts of a webhook's deliveries were begun.
pub(crate) fn begun(world: &World, webhook_id: &WebhookId) -> usize {
    let sql = "SELECT coalesce(sum(attempt_number), 0) FROM deliveries
        WHERE webhook_no = (SELECT no FROM webhooks WHERE id = ?1)";
    count(world, webhook_id.as_str(), sql)
}

/// Returns once so many attempts of a webhook's deliveries are recorded.
#[track_caller]
pub(crate) fn recorded(world: &World, webhook_id: &WebhookId, attempts: usize) -> impl Future<Output = ()> {
    let sql = "SELECT count(*) FROM attempts JOIN deliveries ON deliveries.no = delivery_no
        WHERE webhook_no = (SELECT no FROM webhooks WHERE id = ?1)";
    at_once(async move {
        while count(world, webhook_id.as_str(), sql) != attempts {
            tokio::task::yield_now().await;
        }
    })
}

/// Lets the engine do whatever it wants to do at once: something is delivered elsewhere meanwhile.
pub(crate) async fn settle(world: &mut World, elsewhere: &WebhookId) {
    world.complete(1).await;
    let arrival = world.arrival().await;
    assert_eq!(&arrival.webhook_id(), elsewhere);
    let before = begun(world, elsewhere);
    arrival.answer(200);
    recorded(world, elsewhere, before).await;
}

/// A world with a webhook at customer 0, which has `due` deliveries, and one at customer 1.
async fn world(due: usize) -> (World, WebhookId, WebhookId) {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.customers[0], |_| {}).await;
    let elsewhere = world.add_webhook(world.platform.customers[1], |_| {}).await;
    world.complete_often(0, due).await;
    (world, webhook, elsewhere)
}

/// Such a world in which the circuit of the first webhook has just opened. So many attempts were made.
async fn world_with_open_lane(due: usize) -> (World, WebhookId, WebhookId, usize) {
    let (mut world, webhook, elsewhere) = world(due).await;
    let mut made = 0;
    // One trouble halves the limit once: the second round is half the first, and opens the circuit.
    for round in [START, START / 2] {
        for arrival in arrivals(&mut world, round).await {
            arrival.fail(FailureKind::Connect);
        }
        made += round;
        recorded(&world, &webhook, made).await;
    }
    assert!(made >= FAILURES_MAX);
    (world, webhook, elsewhere, made)
}

#[tokio::test]
async fn a_lane_with_a_large_backlog_leases_what_its_limit_allows() {
    let (mut world, webhook, elsewhere) = world(1_000).await;
    let mut hanging = arrivals(&mut world, START).await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &webhook), START);
    // Each answer makes room for its successor, and for one more.
    hanging.remove(0).answer(200);
    hanging.extend(arrivals(&mut world, 2).await);
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &webhook), START + 2);
}

#[tokio::test]
async fn a_lane_doubles_while_its_receiver_keeps_up_and_halves_when_it_does_not() {
    let (mut world, webhook, elsewhere) = world(1_000).await;
    for arrival in arrivals(&mut world, START).await {
        arrival.answer(200);
    }
    let mut hanging = arrivals(&mut world, 2 * START).await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &webhook), 3 * START);
    // Half of them are less than the lane may have now, so nothing follows.
    hanging.remove(0).answer(429);
    hanging.drain(..START - 1).for_each(|arrival| arrival.answer(200));
    recorded(&world, &webhook, 2 * START).await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &webhook), 3 * START);
    hanging.remove(0).answer(200);
    arrivals(&mut world, 1).await;
}

#[tokio::test]
async fn an_open_lane_is_held_and_probed_and_drains_when_it_is_well() {
    let due = 30;
    let (mut world, webhook, elsewhere, made) = world_with_open_lane(due).await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &webhook), made);
    // Nobody has to tell the engine that it is time for the probe.
    let pause = millis(FIRST_PAUSE_MS);
    world.time.is_awaited(world.time.now() + pause).await;
    world.time.pass(pause);
    let probe = world.arrival().await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &webhook), made + 1);
    probe.answer(200);
    // The others were not attempted yet, so none of them waits for its schedule.
    for _ in made + 1..due {
        let arrival = world.arrival().await;
        assert_eq!(arrival.attempt_number(), 1);
        arrival.answer(200);
    }
    recorded(&world, &webhook, due).await;
}

#[tokio::test]
async fn an_owner_who_asks_for_something_again_gives_an_open_lane_a_fresh_chance() {
    for asks in ["a test", "a delivery again", "a replay"] {
        let (mut world, webhook, elsewhere, made) = world_with_open_lane(30).await;
        settle(&mut world, &elsewhere).await;
        assert_eq!(begun(&world, &webhook), made);
        let (store, now) = (world.store(), world.time.now());
        let portal_id = world.platform.customers[0];
        let listed = store.list_recent_deliveries(portal_id, &webhook, 100).await.unwrap();
        match asks {
            "a test" => {
                let test = store.find_webhook(portal_id, &webhook).await.unwrap().unwrap();
                let test = test.test(None, world.platform.event_id(), now).unwrap();
                store.save_test(&webhook, test, now).await.unwrap();
            }
            "a delivery again" => {
                // What is under way is not told again, but that it was asked for counts.
                let tried = listed.iter().find(|delivery| delivery.attempt_number > 0).unwrap();
                store.replay_delivery(portal_id, tried.id, now).await.unwrap();
                world.complete(0).await;
            }
            _ => {
                let replay = domain::replay::Replay {
                    id: "xUjKifleke4u".parse().unwrap(),
                    portal_id,
                    webhook_id: webhook.clone(),
                    scope: domain::replay::ReplayScope::All,
                    since: now,
                    deliveries: 0,
                    finished_at: None,
                    created_by: domain::id::UserAccountId(1),
                    created_at: now,
                };
                store.save_replay(replay).await.unwrap();
                world.complete(0).await;
            }
        }
        let hanging = arrivals(&mut world, START).await;
        settle(&mut world, &elsewhere).await;
        assert_eq!(begun(&world, &webhook), made + START, "{asks}");
        drop(hanging);
    }
}

#[tokio::test]
async fn a_lane_that_answers_again_starts_small() {
    let (mut world, webhook, elsewhere, made) = world_with_open_lane(100).await;
    world.time.pass(millis(FIRST_PAUSE_MS));
    world.arrival().await.answer(404);
    let _hanging = arrivals(&mut world, START).await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(begun(&world, &webhook), made + 1 + START);
}

#[tokio::test]
async fn refusals_do_not_open_a_circuit() {
    let due = 3 * FAILURES_MAX;
    let (mut world, webhook, _) = world(due).await;
    for _ in 0..due {
        world.arrival().await.answer(400);
    }
    recorded(&world, &webhook, due).await;
}

#[tokio::test]
async fn a_deadline_is_not_missed_because_of_an_open_circuit() {
    let mut world = World::new().await;
    let webhook = world.add_webhook(world.platform.partner, |_| {}).await;
    let (born_at, due) = (world.time.now(), 40);
    let deadline_at = born_at + SignedDuration::from_mins(10);
    world.deadline_at = Some(deadline_at);
    world.complete_often(0, due).await;
    let is_well_at = born_at + SignedDuration::from_mins(4);
    let mut made = 0;
    for round in [START, START / 2] {
        for arrival in arrivals(&mut world, round).await {
            arrival.fail(FailureKind::Timeout);
        }
        made += round;
        recorded(&world, &webhook, made).await;
    }
    let mut pause = millis(FIRST_PAUSE_MS);
    loop {
        world.time.pass(pause);
        let probe = world.arrival().await;
        made += 1;
        if world.time.now() >= is_well_at {
            probe.answer(200);
            break;
        }
        probe.fail(FailureKind::Timeout);
        recorded(&world, &webhook, made).await;
        pause *= 2;
    }
    let delivered = "SELECT count(*) FROM deliveries
        WHERE state = 'delivered' AND webhook_no = (SELECT no FROM webhooks WHERE id = ?1)";
    for _ in 1..due {
        world.arrival().await.answer(200);
    }
    recorded(&world, &webhook, made + due - 1).await;
    assert_eq!(count(&world, webhook.as_str(), delivered), due);
    assert!(world.time.now() < deadline_at);
}

#[tokio::test]
async fn a_restart_starts_afresh() {
    let (mut world, webhook, _, made) = world_with_open_lane(30).await;
    world.stop().await;
    world.start();
    let _hanging = arrivals(&mut world, START).await;
    assert_eq!(begun(&world, &webhook), made + START);
}

#[tokio::test]
async fn full_and_open_lanes_do_not_make_the_engine_ask() {
    let (metrics, _guard) = Metrics::collect();
    let (mut world, open, elsewhere, made) = world_with_open_lane(30).await;
    let full = world.add_webhook(world.platform.customers[0], poison).await;
    world.complete_often(0, 30).await;
    let _hanging = arrivals(&mut world, START).await;
    settle(&mut world, &elsewhere).await;
    assert_eq!(metrics.gauge("lanes_open"), 1.0);
    let questions = || (metrics.verbs("list_due_lanes"), metrics.verbs("lease_deliveries"));
    let before = questions();
    let idle = async || {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    };
    idle().await;
    assert_eq!(questions(), before);
    // When there is news, it looks once.
    let news = 5;
    for n in 1..=news {
        world.complete(0).await;
        at_once(async {
            while questions().0 < before.0 + n {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    idle().await;
    assert_eq!(questions(), (before.0 + news, before.1));
    assert_eq!((begun(&world, &open), begun(&world, &full)), (made, START));
}

fn in_flight(hanging: &[Arrival], webhook_id: &WebhookId) -> usize {
    hanging.iter().filter(|arrival| arrival.webhook_id() == *webhook_id).count()
}

/// Answers what is healthy until there was so much of it; the rest never gets an answer.
async fn answer_healthy(world: &mut World, count: usize, hanging: &mut Vec<Arrival>) {
    let mut answered = 0;
    while answered < count {
        let arrival = world.arrival().await;
        if is_poison(&arrival) {
            hanging.push(arrival);
        } else {
            assert_eq!(arrival.attempt_number(), 1);
            arrival.answer(200);
            answered += 1;
        }
    }
}

#[tokio::test]
async fn a_thousand_healthy_lanes_do_not_notice_ten_that_hang() {
    let (metrics, _guard) = Metrics::collect();
    // Few permits: the ten could have them all, if they were let.
    let concurrency = 128;
    let mut world = World::with(|settings| settings.concurrency = concurrency).await;
    let portals = [world.platform.partner, world.platform.customers[0]];
    let mut poisonous = Vec::new();
    for n in 0..10 {
        poisonous.push(world.add_webhook(portals[n % 2], poison).await);
    }
    world.complete_often(0, 100).await;
    let healthy = 1_000;
    for n in 0..healthy {
        world.add_webhook(portals[n % 2], |_| {}).await;
    }
    let mut hanging = Vec::new();
    // What they start with; then a quarter of all, being in trouble; then nothing, being open.
    for expected in [10 * START, concurrency / 4, 0] {
        world.complete_often(0, 2).await;
        answer_healthy(&mut world, 2 * healthy, &mut hanging).await;
        let most = poisonous.iter().map(|id| in_flight(&hanging, id)).max();
        assert!(hanging.len() == expected && most <= Some(START), "{} and {most:?}", hanging.len());
        let made: Vec<usize> = poisonous.iter().map(|id| begun(&world, id)).collect();
        // As long as an exchange may take.
        world.time.pass(SignedDuration::from_secs(10));
        hanging.drain(..).for_each(|arrival| arrival.fail(FailureKind::Timeout));
        for (id, made) in poisonous.iter().zip(made) {
            recorded(&world, id, made).await;
        }
    }
    assert_eq!(metrics.gauge("lanes_open"), 10.0);
    assert_eq!(world.stop().await.left, 0);
    let undelivered = "SELECT count(*) FROM deliveries JOIN webhooks ON webhooks.no = webhook_no
        WHERE webhooks.url = ?1 AND deliveries.state <> 'delivered'";
    assert_eq!(count(&world, "https://receiver.example.com/hook", undelivered), 0);
}

#[tokio::test]
async fn a_webhook_that_its_owner_changes_does_not_wait_for_the_probe() {
    let (mut world, webhook, _, made) = world_with_open_lane(30).await;
    let owner = world.platform.customers[0];
    let mut moved = world.platform.store.find_webhook(owner, &webhook).await.unwrap().unwrap();
    moved.url = WebhookUrl::parse("https://moved.example.com/", UrlPolicy::default()).unwrap();
    world.platform.store.save_webhook(Change::silent(moved), 50).await.unwrap();
    for arrival in arrivals(&mut world, START).await {
        arrival.answer(200);
    }
    recorded(&world, &webhook, made + START).await;
}
