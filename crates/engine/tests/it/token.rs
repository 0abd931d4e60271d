//! Deliveries to receivers that want tokens (decision 28).

use domain::delivery::{Attempt, Failure, FailureKind, Outcome};
use domain::id::WebhookId;
use domain::webhook::{Oauth2Credentials, Secret, UrlPolicy, WebhookUrl};
use jiff::SignedDuration;

use crate::world::{Arrival, World};

const SERVER: &str = "https://auth.example.com/token";

async fn world() -> (World, WebhookId) {
    let world = World::new().await;
    let credentials = Oauth2Credentials {
        client_id: "bell".to_owned(),
        client_secret: Secret::parse("s3cret&".to_owned()).unwrap(),
        server_url: WebhookUrl::parse(SERVER, UrlPolicy::default()).unwrap(),
        scope: Some("create+delete".to_owned()),
    };
    let webhook = world.add_webhook(world.platform.partner, |webhook| webhook.oauth2 = Some(credentials)).await;
    (world, webhook)
}

/// The next request is for a token.
#[track_caller]
fn token_request(world: &mut World) -> impl Future<Output = Arrival> {
    let arrival = world.arrival();
    async {
        let arrival = arrival.await;
        assert_eq!(arrival.request.url.as_str(), SERVER);
        assert_eq!(arrival.header("content-type"), "application/x-www-form-urlencoded");
        arrival
    }
}

/// The next request is a delivery with this token.
#[track_caller]
fn delivery(world: &mut World, token: &str) -> impl Future<Output = Arrival> {
    let arrival = world.arrival();
    async move {
        let arrival = arrival.await;
        assert_eq!(arrival.request.url.as_str(), "https://receiver.example.com/hook");
        assert_eq!(arrival.header("authorization"), format!("Bearer {token}"));
        arrival
    }
}

fn give(request: Arrival, token: &str) {
    request.answer_with(
        200,
        &format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":3600,"other":1}}"#),
    );
}

fn failure(attempt: &Attempt) -> &Failure {
    match &attempt.outcome {
        Outcome::Failed(failure) => failure,
        Outcome::Answered(answer) => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_serves_until_it_expires() {
    let (mut world, webhook) = world().await;
    world.complete(0).await;
    let request = token_request(&mut world).await;
    let form = "grant_type=client_credentials&client_id=bell&client_secret=s3cret%26&scope=create+delete";
    assert_eq!(request.request.body, form);
    assert_eq!(request.header("authorization"), "");
    give(request, "one");
    delivery(&mut world, "one").await.answer(200);
    world.recorded(&webhook, 1).await;
    world.time.pass(SignedDuration::from_secs(3_569));
    world.complete(0).await;
    delivery(&mut world, "one").await.answer(200);
    world.recorded(&webhook, 1).await;
    world.time.pass(SignedDuration::from_secs(1));
    world.complete(0).await;
    give(token_request(&mut world).await, "two");
    delivery(&mut world, "two").await.answer(200);
}

#[tokio::test]
async fn many_deliveries_wait_for_one_token() {
    let (mut world, _) = world().await;
    for _ in 0..5 {
        world.complete(0).await;
    }
    give(token_request(&mut world).await, "one");
    for _ in 0..5 {
        delivery(&mut world, "one").await.answer(200);
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_form_is_asked_with_basic() {
    let (mut world, _) = world().await;
    world.complete(0).await;
    token_request(&mut world).await.answer(401);
    let request = token_request(&mut world).await;
    assert_eq!(request.request.body, "grant_type=client_credentials&scope=create+delete");
    // bell:s3cret%26
    assert_eq!(request.header("authorization"), "Basic YmVsbDpzM2NyZXQlMjY=");
    give(request, "one");
    delivery(&mut world, "one").await.answer(200);
}

#[tokio::test]
async fn a_token_that_the_receiver_refuses_is_replaced_for_the_next_attempt() {
    let (mut world, webhook) = world().await;
    world.complete(0).await;
    give(token_request(&mut world).await, "one");
    delivery(&mut world, "one").await.answer(401);
    give(token_request(&mut world).await, "two");
    let (attempts, _) = world.recorded(&webhook, 1).await;
    assert!(matches!(&attempts[0].outcome, Outcome::Answered(answer) if answer.status == 401));
    world.time.pass(SignedDuration::from_secs(6));
    let again = delivery(&mut world, "two").await;
    assert_eq!(again.attempt_number(), 2, "no number goes out twice");
    again.answer(200);
}

#[tokio::test]
async fn a_token_that_cannot_be_had_is_a_failed_attempt_with_its_reason() {
    let (mut world, webhook) = world().await;
    world.complete(0).await;
    token_request(&mut world)
        .await
        .answer_with(400, r#"{"error":"invalid_scope","error_description":"s3cret& is wrong"}"#);
    let (attempts, _) = world.recorded(&webhook, 1).await;
    let detail = "the authorization server gave no token: it answered 400 invalid_scope";
    assert_eq!(failure(&attempts[0]), &Failure { kind: FailureKind::Token, detail: detail.to_owned() });
    // The failure is not kept: the next attempt asks again.
    world.time.pass(SignedDuration::from_secs(5));
    token_request(&mut world).await.fail(FailureKind::Connect);
    let (attempts, _) = world.recorded(&webhook, 2).await;
    let detail = "the authorization server gave no token: connect: so it is";
    assert_eq!(failure(&attempts[1]), &Failure { kind: FailureKind::Token, detail: detail.to_owned() });
}

#[tokio::test]
async fn what_is_no_token_is_not_sent() {
    for answer in ["", "{}", "<html>", r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#] {
        let (mut world, webhook) = world().await;
        world.complete(0).await;
        token_request(&mut world).await.answer_with(200, answer);
        let (attempts, _) = world.recorded(&webhook, 1).await;
        assert_eq!(failure(&attempts[0]).kind, FailureKind::Token, "{answer}");
    }
}

#[tokio::test]
async fn a_webhook_that_changed_gets_a_new_token() {
    let (mut world, webhook) = world().await;
    world.complete(0).await;
    give(token_request(&mut world).await, "one");
    delivery(&mut world, "one").await.answer(200);
    world.recorded(&webhook, 1).await;
    let active = domain::webhook::WebhookStatus::Active;
    world.platform.set_status(world.platform.partner, &webhook, active).await;
    world.complete(0).await;
    give(token_request(&mut world).await, "two");
    delivery(&mut world, "two").await.answer(200);
}

#[tokio::test]
async fn asking_and_sending_together_end_before_the_lease() {
    let (mut world, webhook) = world().await;
    world.complete(0).await;
    let _never_answered = token_request(&mut world).await;
    world.time.is_awaited(domain::clock::Clock::now(&*world.time) + SignedDuration::from_secs(55)).await;
    world.time.pass(SignedDuration::from_secs(55));
    let (attempts, _) = world.recorded(&webhook, 1).await;
    assert_eq!(failure(&attempts[0]).kind, FailureKind::Timeout);
}
