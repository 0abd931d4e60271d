//! The scheduled tasks.

use domain::audit::{Action, Actor, Channel, Entry, Noted};
use domain::delivery::DeliveryState;
use domain::id::ClientId;
use domain::oauth::{Digest, OauthClient, Scopes, Token, TokenKind};
use domain::random::Random;
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::SignedDuration;
use store::audit::AuditFilter;
use store::conformance::world::{PAGE, at};
use store::event::EventFilter;
use store::idempotency::{Answer, KEPT_FOR, Keep, KeyedRequest};

use crate::time::at_once;
use crate::world::World;

/// How many tasks come round every ten minutes, every quarter of an hour, every hour. With less of them at rest the clock would be moved
/// before the one that is looked at has begun to wait.
const EVERY_TEN_MINUTES: usize = 4;
const EVERY_QUARTER: usize = 4;
const EVERY_HOUR: usize = 2;

async fn client(world: &World) -> OauthClient {
    let client = OauthClient {
        id: ClientId::draw(&world.platform.random as &dyn Random),
        portal_id: world.platform.customers[0],
        user_account_id: world.platform.learners[0],
        name: "LMS".to_owned(),
        redirect_uri: None,
        secret_digest: Digest([0; 32]),
        scopes: Scopes::all(),
        created_at: at(0),
        revoked_at: None,
    };
    world.store().save_oauth_client(client.clone()).await.unwrap();
    client
}

fn token(client: &OauthClient, n: u8, expires_at: i64) -> Token {
    Token {
        digest: Digest([n; 32]),
        kind: TokenKind::Access,
        client_id: client.id.clone(),
        portal_id: client.portal_id,
        user_account_id: client.user_account_id,
        scopes: client.scopes,
        created_at: at(0),
        expires_at: at(expires_at),
    }
}

#[tokio::test]
async fn expired_tokens_are_pruned_and_others_stay() {
    let world = World::new().await;
    let client = client(&world).await;
    let day = 24 * 3_600;
    world.store().save_tokens(vec![token(&client, 1, 60), token(&client, 2, day)]).await.unwrap();
    // As it was when both were good: what is found then is still stored.
    let stored = async |n| world.store().find_access_token(&Digest([n; 32]), at(0)).await.unwrap().is_some();
    assert!(stored(1).await && stored(2).await);
    world.time.is_awaited_by(EVERY_TEN_MINUTES, at(1) + SignedDuration::from_mins(10)).await;
    world.time.pass(SignedDuration::from_mins(10));
    at_once(async {
        while stored(1).await {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(stored(2).await);
}

/// How long the platform that is pruned keeps its events.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How many events the partner sees.
async fn events(world: &World) -> u64 {
    world.store().list_events(world.platform.partner, &EventFilter::default(), PAGE).await.unwrap().total
}

/// Returns once there are so many events.
#[track_caller]
fn events_are(world: &World, expected: u64) -> impl Future<Output = ()> {
    at_once(async move {
        while events(world).await != expected {
            tokio::task::yield_now().await;
        }
    })
}

#[tokio::test]
async fn old_events_are_pruned_and_held_ones_stay() {
    let mut world = World::with(|settings| settings.events_kept_for = Some(DAY)).await;
    let told = world.add_webhook(world.platform.customers[0], |_| {}).await;
    let paused = WebhookStatus::Inactive(InactiveReason::Paused);
    let held = world.add_webhook(world.platform.customers[1], |webhook| webhook.status = paused).await;
    for i in [0, 1] {
        world.complete(i).await;
    }
    world.arrival().await.answer(200);
    let delivered = async |world: &World| {
        let deliveries = world.deliveries(world.platform.customers[0], &told).await;
        deliveries.iter().all(|delivery| matches!(delivery.state, DeliveryState::Delivered { .. }))
    };
    at_once(async {
        while !delivered(&world).await {
            tokio::task::yield_now().await;
        }
    })
    .await;
    world.time.is_awaited_by(EVERY_QUARTER, at(1) + SignedDuration::from_mins(15)).await;
    assert_eq!(events(&world).await, 2);
    world.time.pass(DAY + SignedDuration::from_mins(1));
    events_are(&world, 1).await;
    assert_eq!(world.deliveries(world.platform.customers[0], &told).await, []);
    let [kept] = world.deliveries(world.platform.customers[1], &held).await.try_into().unwrap();
    assert_eq!(kept.state, DeliveryState::Held { reason: InactiveReason::Paused });
}

#[tokio::test]
async fn pruning_rests_between_its_steps() {
    let mut world = World::with(|settings| settings.events_kept_for = Some(DAY)).await;
    world.complete_often(0, 1_200).await;
    let pruned_at = at(1) + DAY + SignedDuration::from_mins(1);
    world.time.is_awaited_by(EVERY_QUARTER, at(1) + SignedDuration::from_mins(15)).await;
    world.time.pass(pruned_at.duration_since(at(1)));
    let pause = SignedDuration::from_millis(50);
    // The last event stays.
    for (steps, left) in [(1, 700), (2, 200), (3, 1)] {
        events_are(&world, left).await;
        if left > 1 {
            world.time.is_awaited(pruned_at + pause * steps).await;
            assert_eq!(events(&world).await, left, "nothing goes while it rests");
            world.time.pass(pause);
        }
    }
}

#[tokio::test]
async fn what_is_to_be_kept_for_ever_is_kept() {
    let mut world = World::with(|settings| settings.events_kept_for = None).await;
    world.complete_often(0, 3).await;
    world.time.is_awaited_by(EVERY_QUARTER, at(1) + SignedDuration::from_mins(15)).await;
    let years = DAY * 4_000;
    world.time.pass(years);
    world.time.is_awaited_by(EVERY_QUARTER, at(1) + years + SignedDuration::from_mins(15)).await;
    assert_eq!(events(&world).await, 3);
}

#[tokio::test]
async fn idempotency_keys_are_forgotten_after_their_day_and_others_stay() {
    let world = World::new().await;
    let client = client(&world).await;
    let key = |n| Digest([n; 32]);
    let hour = 3_600;
    // Some of them as old as a day at the first round, which is ten minutes after the start; more than are pruned at once.
    for n in 0..=250_u8 {
        let begun_at = if n < 250 { at(600) - KEPT_FOR } else { at(hour) - KEPT_FOR };
        let request =
            KeyedRequest { client_id: client.id.clone(), key: key(n), request: key(n), run: [n; 16], begun_at };
        let answer = Answer { status: 201, content: None };
        world.store().save_idempotent_answer(&request, answer, Keep::Always).await.unwrap();
    }
    // As it was when all were known: what is found then is still stored.
    let stored = async |n| world.store().find_idempotency_key(&client.id, &key(n), at(0)).await.unwrap().is_some();
    assert!(stored(0).await && stored(249).await && stored(250).await);
    world.time.is_awaited_by(EVERY_TEN_MINUTES, at(1) + SignedDuration::from_mins(10)).await;
    world.time.pass(SignedDuration::from_mins(10));
    at_once(async {
        for n in 0..250 {
            while stored(n).await {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    assert!(stored(250).await);
}

#[tokio::test]
async fn old_entries_of_the_audit_log_are_pruned_and_others_stay() {
    let world = World::with(|settings| settings.audit_kept_for = Some(DAY)).await;
    let portal_id = world.platform.partner;
    // More than go at once.
    for n in 0..=1_100 {
        let noted = Noted::done(Action::PortalUpdate, portal_id, portal_id, at(if n < 1_100 { 0 } else { 7_200 }));
        let entry = Entry { actor: Actor::operator("ada"), channel: Channel::Cli, noted };
        world.store().save_audit_entry(entry).await.unwrap();
    }
    let stored = async || {
        let all = AuditFilter::default();
        world.store().list_audit_entries(portal_id, &all, PAGE).await.unwrap().total
    };
    world.time.is_awaited_by(EVERY_HOUR, at(1) + SignedDuration::from_hours(1)).await;
    assert_eq!(stored().await, 1_101);
    world.time.pass(DAY + SignedDuration::from_hours(1));
    at_once(async {
        while stored().await > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(stored().await, 1);
}
