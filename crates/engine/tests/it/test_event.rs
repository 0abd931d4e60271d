//! Tests of a webhook: real requests, of something that did not happen.

use domain::clock::Clock;
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, WebhookId};
use jiff::SignedDuration;
use store::replay::Replayed;

use crate::world::World;

async fn test(world: &World, id: &WebhookId) -> DeliveryId {
    let webhook = world.store().find_webhook(world.platform.partner, id).await.unwrap().unwrap();
    let test = webhook.test(None, world.platform.event_id(), world.time.now()).unwrap();
    world.store().save_test(id, test, world.time.now()).await.unwrap()
}

#[tokio::test]
async fn a_test_says_so_with_every_attempt_and_to_its_webhook_alone() {
    let mut world = World::new().await;
    let tested = world.add_webhook(world.platform.partner, |_| {}).await;
    let other = world.add_webhook(world.platform.partner, |_| {}).await;
    let delivery_id = test(&world, &tested).await;
    let first = world.arrival().await;
    let body = first.body();
    assert_eq!((first.header("schoolbell-test"), first.webhook_id()), ("true", tested.clone()));
    let portal_id = world.platform.partner.to_string();
    assert_eq!((&body["data"]["id"], &body["data"]["portal_id"]), (&"404".into(), &portal_id.into()));
    first.answer(500);
    world.recorded(&tested, 1).await;
    world.time.pass(SignedDuration::from_secs(5));
    let second = world.arrival().await;
    assert_eq!((second.header("schoolbell-test"), second.attempt_number()), ("true", 2));
    assert_eq!(second.body()["id"], body["id"]);
    second.answer(200);
    world.recorded(&tested, 2).await;
    let again = world.store().replay_delivery(world.platform.partner, delivery_id, world.time.now()).await.unwrap();
    assert!(matches!(again, Replayed::Again(_)), "{again:?}");
    let third = world.arrival().await;
    assert_eq!((third.header("schoolbell-test"), third.attempt_number()), ("true", 3));
    third.answer(200);
    assert!(matches!(world.recorded(&tested, 1).await.1, DeliveryState::Delivered { .. }));
    // What happens is no test.
    world.complete(0).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let arrival = world.arrival().await;
        assert_eq!(arrival.header("schoolbell-test"), "");
        told.push(arrival.webhook_id());
        arrival.answer(200);
    }
    assert!(told.contains(&tested) && told.contains(&other));
}

#[tokio::test]
async fn the_owners_headers_go_out_with_every_attempt() {
    use domain::webhook::headers::Headers;
    let mut world = World::new().await;
    let headers = Headers::parse([("X-Api-Key".to_owned(), "s3cret".to_owned())]).unwrap();
    let id = world.add_webhook(world.platform.partner, |webhook| webhook.headers = headers).await;
    world.complete(0).await;
    for attempt in 1..=2 {
        let arrival = world.arrival().await;
        assert_eq!((arrival.header("x-api-key"), arrival.attempt_number()), ("s3cret", attempt));
        arrival.answer(500);
        world.recorded(&id, attempt as usize).await;
        world.time.pass(SignedDuration::from_secs(5));
    }
}
