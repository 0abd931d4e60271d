//! Deliveries, their attempts, and telling events again. Ours.

use contract::api::delivery::{Delivery, Replay};
use contract::api::page::Page;
use domain::clock::Clock;
use domain::delivery::{Answer, FinishedAttempt, Next, Outcome};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::delivery::LeaseRequest;

use crate::app::{App, Caller, Tenant};

/// A webhook of the owner's, and an enrollment of the customer that was completed.
pub(crate) async fn told(app: &App, owner: &Tenant) -> String {
    let webhook = json!({"url": "https://receiver.example.com", "event_types": ["enrollment.complete"]});
    let webhook: Value = app.as_(owner).post("/webhooks", webhook).await.expect(201);
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let enrolled = customer.enroll(&learner, &content).await;
    let completed = json!({"status": "completed"});
    customer.patch(&format!("/enrollments/{}", enrolled.id), completed).await.expect::<Value>(200);
    webhook["id"].as_str().unwrap().to_owned()
}

/// Attempts what is due, and gives it up.
pub(crate) async fn give_up(app: &App, webhook_id: &str) {
    let now = app.clock.now();
    let expires_at = now + SignedDuration::from_secs(60);
    let request = LeaseRequest { lanes: vec![(webhook_id.parse().unwrap(), 9)], now, expires_at };
    let outcome = Outcome::Answered(Answer {
        status: 500,
        retry_after: None,
        body: b"<b>\xff".to_vec(),
        truncated: false,
        headers: String::new(),
    });
    let finished = app.store.lease_deliveries(&request).await.unwrap().into_iter().map(|lease| FinishedAttempt {
        lease,
        started_at: now,
        took: SignedDuration::from_millis(7),
        outcome: outcome.clone(),
        next: Next::Exhausted,
    });
    app.store.finish_attempts(finished.collect(), now).await.unwrap();
}

async fn deliveries(caller: &Caller<'_>, query: &str) -> Vec<Delivery> {
    caller.get(&format!("/deliveries{query}")).await.expect::<Page<Delivery>>(200).hits
}

#[tokio::test]
async fn a_delivery_tells_where_it_stands_and_what_was_answered() {
    let app = App::new().await;
    let webhook_id = told(&app, &app.partner).await;
    let partner = app.as_(&app.partner);
    let [pending] = deliveries(&partner, "").await.try_into().unwrap();
    assert_eq!((pending.status.as_str(), pending.attempt_number), ("pending", 0));
    assert_eq!(pending.data["portal_id"], app.customer.portal_id.to_string());
    partner.patch(&format!("/webhooks/{webhook_id}"), json!({"status": "paused"})).await.expect::<Value>(200);
    let [held] = deliveries(&partner, "?status=open").await.try_into().unwrap();
    assert_eq!((held.status.as_str(), held.reason.as_deref()), ("held", Some("paused")));
    partner.patch(&format!("/webhooks/{webhook_id}"), json!({"status": "active"})).await.expect::<Value>(200);
    give_up(&app, &webhook_id).await;
    let shown: Delivery = partner.get(&format!("/deliveries/{}", pending.id)).await.expect(200);
    assert_eq!((shown.status.as_str(), shown.reason.as_deref()), ("failed", Some("exhausted")));
    let [attempt] = shown.attempts.unwrap().try_into().unwrap();
    assert_eq!((attempt.attempt_number, attempt.status, attempt.took_ms), (1, Some(500), 7));
    assert_eq!(attempt.body.as_deref(), Some("<b>\u{fffd}"));
}

#[tokio::test]
async fn deliveries_are_found_by_webhook_event_and_enrollment() {
    let app = App::new().await;
    let webhook_id = told(&app, &app.partner).await;
    let partner = app.as_(&app.partner);
    let [one] = deliveries(&partner, "").await.try_into().unwrap();
    let enrollment = one.data["id"].as_str().unwrap();
    for query in [
        format!("?webhook_id={webhook_id}"),
        format!("?event_id={}", one.event_id),
        format!("?subject_id={enrollment}"),
        format!("?status=open&subject_id={enrollment}"),
    ] {
        assert_eq!(deliveries(&partner, &query).await, std::slice::from_ref(&one), "{query}");
    }
    for query in ["?status=failed", "?subject_id=1", "?event_id=hg4JWUDbT55B", "?limit=0"] {
        assert_eq!(deliveries(&partner, query).await, [], "{query}");
    }
    partner.get("/deliveries?status=lost").await.expect_field("status", "open, delivered or failed");
    partner.get("/deliveries?event_id=1").await.expect_field("event_id", "12 letters");
    assert_eq!(deliveries(&app.as_(&app.customer), "").await, [], "the webhook is the partner's");
}

#[tokio::test]
async fn a_delivery_is_told_again_unless_it_is_under_way() {
    let app = App::new().await;
    let webhook_id = told(&app, &app.partner).await;
    let partner = app.as_(&app.partner);
    let [first] = deliveries(&partner, "").await.try_into().unwrap();
    let path = format!("/deliveries/{}/replay", first.id);
    partner.post(&path, Value::Null).await.expect_refusal(409, "on its way");
    give_up(&app, &webhook_id).await;
    let again: Delivery = partner.post(&path, Value::Null).await.expect(201);
    assert_eq!((again.status.as_str(), again.attempt_number, &again.event_id), ("pending", 1, &first.event_id));
    partner.post("/deliveries/9999/replay", Value::Null).await.expect_refusal(404, "delivery 9999");
}

#[tokio::test]
async fn what_failed_since_a_time_is_told_again() {
    let app = App::new().await;
    let webhook_id = told(&app, &app.partner).await;
    give_up(&app, &webhook_id).await;
    let partner = app.as_(&app.partner);
    let asked = json!({"webhook_id": webhook_id, "since": "2020-01-01T00:00:00Z"});
    let made: Replay = partner.post("/replays", asked).await.expect(201);
    assert_eq!((made.status.as_str(), made.scope.as_str(), made.deliveries), ("running", "failed", 0));
    while app.store.expand_replays(10, app.clock.now()).await.unwrap() {}
    let done: Replay = partner.get(&format!("/replays/{}", made.id)).await.expect(200);
    assert_eq!((done.status.as_str(), done.deliveries), ("finished", 1));
    assert_eq!(deliveries(&partner, "?status=open").await.len(), 1);
}

#[tokio::test]
async fn what_a_replay_cannot_be_names_the_field() {
    let app = App::new().await;
    let webhook_id = told(&app, &app.partner).await;
    let partner = app.as_(&app.partner);
    let since = "2020-01-01T00:00:00Z";
    partner.post("/replays", json!({"since": since})).await.expect_field("webhook_id", "required");
    partner.post("/replays", json!({"webhook_id": webhook_id})).await.expect_field("since", "required");
    let scope = json!({"webhook_id": webhook_id, "since": since, "scope": "some"});
    partner.post("/replays", scope).await.expect_field("scope", "failed or all");
    let future = json!({"webhook_id": webhook_id, "since": "2022-03-29T01:29:37Z"});
    partner.post("/replays", future).await.expect_field("since", "in the future");
    let none = json!({"webhook_id": "hg4JWUDbT55B", "since": since});
    partner.post("/replays", none).await.expect_refusal(404, "webhook hg4JWUDbT55B");
}
