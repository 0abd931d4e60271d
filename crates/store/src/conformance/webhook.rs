//! Webhooks.

use std::sync::Arc;

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::change::Change;
use domain::delivery::{Answer, Delivery, DeliveryState, FinishedAttempt, Lease, Next, Outcome};
use domain::enrollment::Status;
use domain::event::Event;
use domain::id::{ReplayId, UserAccountId, WebhookId};
use domain::random::Random;
use domain::replay::{Replay, ReplayScope};
use domain::webhook::headers::Headers;
use domain::webhook::rate_limit::RateLimit;
use domain::webhook::test_event::{PENDING_MAX, SUBJECT_ID};
use domain::webhook::{InactiveReason, Oauth2Credentials, Secret, WebhookStatus};
use jiff::SignedDuration;

use super::world::{PAGE, WEBHOOKS_MAX, World, at};
use crate::Store;
use crate::delivery::{DeliveryFilter, LeaseRequest};
use crate::error::StoreError;
use crate::id::Sequence;
use crate::replay::Replayed;

/// Every field comes back as it was saved, secrets included.
pub async fn webhooks_keep_all_they_are_given(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let plain = world.webhook(world.partner, &[EventType::EnrollmentComplete]);
    let mut full = world.webhook(world.partner, &EventType::ALL);
    full.name = Some("Zoë's webhook".to_owned());
    full.secret = Some(Secret::parse("clé-secrète-✓".to_owned()).unwrap());
    full.previous_secrets =
        ["old", "older", "o\"ldest"].map(|text| (Secret::parse(text.to_owned()).unwrap(), at(77))).into();
    full.timestamp_unit = TimestampUnit::Milliseconds;
    full.integration_system_id = Some("int_AzuTsRz".to_owned());
    full.rate_limit = RateLimit::per_second(1_000).ok();
    full.headers = Headers::restore([("X-Api-Key".to_owned(), "k\"e,y".to_owned()), ("a".to_owned(), "b".to_owned())]);
    full.oauth2 = Some(Oauth2Credentials {
        client_id: "id".to_owned(),
        client_secret: Secret::parse("s".to_owned()).unwrap(),
        server_url: full.url.clone(),
        scope: Some("create+delete".to_owned()),
    });
    for mut webhook in [plain, full] {
        world.store.save_webhook(Change::silent(webhook.clone()), WEBHOOKS_MAX).await.unwrap();
        webhook.version = 1;
        assert_eq!(world.store.find_webhook(world.partner, &webhook.id).await.unwrap(), Some(webhook));
    }
}

/// Of sixty that are made at the same time fifty are stored, listed oldest first.
pub async fn the_limit_holds_under_contention(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let saves = (0..60).map(|_| {
        let (store, webhook) = (world.store.clone(), world.webhook(world.partner, &[EventType::ContentAdd]));
        tokio::spawn(async move { store.save_webhook(Change::silent(webhook), WEBHOOKS_MAX).await })
    });
    let mut stored = 0;
    for save in saves.collect::<Vec<_>>() {
        match save.await.unwrap() {
            Ok(()) => stored += 1,
            Err(StoreError::LimitReached(WEBHOOKS_MAX)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(stored, WEBHOOKS_MAX);
    assert_eq!(world.store.list_webhooks(world.partner).await.unwrap().len(), WEBHOOKS_MAX);
    // Another portal has its own limit, and a deleted webhook makes room.
    world.add_webhook(world.stranger, &[EventType::ContentAdd]).await;
    let oldest = world.store.list_webhooks(world.partner).await.unwrap().remove(0);
    world.store.save_webhook(oldest.delete(UserAccountId(1), at(1)), WEBHOOKS_MAX).await.unwrap();
    world.add_webhook(world.partner, &[EventType::ContentAdd]).await;
}

/// A deleted webhook is neither found nor listed.
pub async fn deleted_webhooks_are_gone(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    world.store.save_webhook(webhook.delete(UserAccountId(1), at(1)), WEBHOOKS_MAX).await.unwrap();
    assert_eq!(world.store.find_webhook(world.partner, &id).await.unwrap(), None);
    assert_eq!(world.store.list_webhooks(world.partner).await.unwrap(), []);
}

/// Another portal neither finds a webhook nor can change it, and a stale change is refused.
pub async fn webhooks_belong_to_their_portal(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    assert_eq!(world.store.find_webhook(world.customers[0], &id).await.unwrap(), None);
    let read = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    let mut moved = read.clone();
    moved.portal_id = world.customers[0];
    for wrong in [moved, domain::webhook::Webhook { version: 9, ..read }] {
        let refused = world.store.save_webhook(Change::silent(wrong), WEBHOOKS_MAX).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
}

/// A test of the webhook that is not stored yet.
async fn test_of(world: &World, id: &WebhookId, second: i64) -> Event {
    let webhook = world.store.find_webhook(world.partner, id).await.unwrap().unwrap();
    webhook.test(None, world.event_id(), at(second)).unwrap()
}

async fn told(world: &World, id: &WebhookId) -> Vec<Delivery> {
    let filter = DeliveryFilter { webhook_id: Some(id.clone()), ..Default::default() };
    world.store.list_deliveries(world.partner, &filter, PAGE).await.unwrap().items
}

/// A test is told to its webhook alone, due at once, also where others are told of the same event type; what it tells of has
/// a number that is never given; and it is held like any other.
pub async fn a_test_reaches_its_webhook_alone(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let complete = [EventType::EnrollmentComplete];
    let [id, other] =
        [world.add_webhook(world.partner, &complete).await, world.add_webhook(world.partner, &complete).await];
    world.store.wait_for_work().await;
    let test = test_of(&world, &id, 3).await;
    let delivery_id = world.store.save_test(&id, test.clone(), at(4)).await.unwrap();
    world.store.wait_for_work().await;
    let delivery = world.store.find_delivery(world.partner, delivery_id).await.unwrap().unwrap();
    assert_eq!((&*delivery.event, delivery.attempt_number), (&test, 0));
    assert_eq!(delivery.state, DeliveryState::Pending { due_at: at(4) });
    assert_eq!((told(&world, &id).await, told(&world, &other).await), (vec![delivery], vec![]));
    let request = LeaseRequest { lanes: vec![(id.clone(), 9), (other, 9)], now: at(4), expires_at: at(9) };
    let [lease] = world.store.lease_deliveries(&request).await.unwrap().try_into().unwrap();
    assert!(lease.event.is_test);
    for sequence in Sequence::ALL {
        assert!(world.store.next_id(sequence).await.unwrap() > SUBJECT_ID, "{sequence:?}");
    }
    world.set_status(world.partner, &id, WebhookStatus::Inactive(InactiveReason::Owner)).await;
    let held = world.store.save_test(&id, test_of(&world, &id, 5).await, at(5)).await.unwrap();
    let held = world.store.find_delivery(world.partner, held).await.unwrap().unwrap();
    assert_eq!(held.state, DeliveryState::Held { reason: InactiveReason::Owner });
    // Nobody tests what is another's, or gone.
    let foreign = Event { portal_id: world.stranger, ..test_of(&world, &id, 6).await };
    assert!(matches!(world.store.save_test(&id, foreign, at(6)).await, Err(StoreError::Conflict)));
    let test = test_of(&world, &id, 7).await;
    let webhook = world.store.find_webhook(world.partner, &id).await.unwrap().unwrap();
    world.store.save_webhook(webhook.delete(UserAccountId(1), at(7)), WEBHOOKS_MAX).await.unwrap();
    assert!(matches!(world.store.save_test(&id, test, at(7)).await, Err(StoreError::Conflict)));
}

/// Replays of many events leave tests out, whether they failed or not; the replay of a test's own delivery is a test.
pub async fn tests_are_told_again_one_by_one(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let id = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    let delivery_id = world.store.save_test(&id, test_of(&world, &id, 1).await, at(1)).await.unwrap();
    world.enroll_somebody(0, "grace", Status::Completed, 1).await;
    for lease in lease_all(&world, &id, 2).await {
        let outcome = Outcome::Answered(Answer {
            status: 500,
            retry_after: None,
            body: vec![],
            truncated: false,
            headers: String::new(),
        });
        let next = Next::Exhausted;
        let failed = FinishedAttempt { lease, started_at: at(2), took: SignedDuration::ZERO, outcome, next };
        world.store.finish_attempts(vec![failed], at(2)).await.unwrap();
    }
    let young = world.add_webhook(world.partner, &[EventType::EnrollmentComplete]).await;
    for (webhook_id, scope) in [(&id, ReplayScope::Failed), (&id, ReplayScope::All), (&young, ReplayScope::All)] {
        let replay = Replay {
            id: ReplayId::draw(&world.random as &dyn Random),
            portal_id: world.partner,
            webhook_id: webhook_id.clone(),
            scope,
            since: at(0),
            deliveries: 0,
            finished_at: None,
            created_by: UserAccountId(1),
            created_at: at(9),
        };
        world.store.save_replay(replay).await.unwrap();
        while world.store.expand_replays(3, at(9)).await.unwrap() {}
        let tests: Vec<_> = told(&world, webhook_id).await.iter().map(|delivery| delivery.event.is_test).collect();
        // The test and what happened, and what happened once more.
        let expected = if *webhook_id == id { vec![false, false, true] } else { vec![false] };
        assert_eq!(tests, expected, "{scope:?}");
    }
    let again = world.store.replay_delivery(world.partner, delivery_id, at(10)).await.unwrap();
    assert!(matches!(again, Replayed::Again(_)), "{again:?}");
    let tests = lease_all(&world, &id, 10).await.into_iter().filter(|lease| lease.event.is_test);
    assert_eq!(tests.map(|lease| lease.attempt_number).collect::<Vec<_>>(), [2]);
}

async fn lease_all(world: &World, id: &WebhookId, second: i64) -> Vec<Lease> {
    let request = LeaseRequest { lanes: vec![(id.clone(), 100)], now: at(second), expires_at: at(second + 60) };
    world.store.lease_deliveries(&request).await.unwrap()
}

/// Whoever asks for more than so many tests at once has not looked at the others; what is over makes room.
pub async fn so_many_tests_may_be_under_way(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let [id, other] = [
        world.add_webhook(world.partner, &[EventType::ContentAdd]).await,
        world.add_webhook(world.partner, &[EventType::ContentAdd]).await,
    ];
    let save =
        async |id: &WebhookId, second| world.store.save_test(id, test_of(&world, id, second).await, at(second)).await;
    for _ in 0..PENDING_MAX {
        save(&id, 1).await.unwrap();
    }
    assert!(matches!(save(&id, 2).await, Err(StoreError::LimitReached(PENDING_MAX))));
    save(&other, 2).await.unwrap();
    let lease = lease_all(&world, &id, 3).await.pop().unwrap();
    let outcome = Outcome::Answered(Answer {
        status: 200,
        retry_after: None,
        body: vec![],
        truncated: false,
        headers: String::new(),
    });
    let arrived =
        FinishedAttempt { lease, started_at: at(3), took: SignedDuration::ZERO, outcome, next: Next::Delivered };
    world.store.finish_attempts(vec![arrived], at(3)).await.unwrap();
    save(&id, 4).await.unwrap();
    assert!(matches!(save(&id, 5).await, Err(StoreError::LimitReached(PENDING_MAX))));
}
