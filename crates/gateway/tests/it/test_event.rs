//! Tests of webhooks. Ours.

use axum::http::Method;
use contract::api::delivery::Delivery;
use contract::api::page::Page;
use domain::webhook::test_event::PENDING_MAX;
use serde_json::{Value, json};

use crate::app::{App, Caller};

/// A webhook of the caller that is told of these event types.
async fn webhook(caller: &Caller<'_>, event_types: &[&str]) -> String {
    let asked = json!({"url": "https://receiver.example.com", "event_types": event_types});
    let made: Value = caller.post("/webhooks", asked).await.expect(201);
    format!("/webhooks/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_test_is_a_delivery_to_its_webhook_alone() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let path = webhook(&partner, &["content.add", "enrollment.complete"]).await;
    webhook(&partner, &["content.add", "enrollment.complete"]).await;
    let made: Delivery = partner.send(Method::POST, &format!("{path}/test"), "").await.expect(201);
    assert_eq!((made.event_type.as_str(), made.status.as_str(), made.test), ("content.add", "pending", true));
    assert_eq!((made.attempt_number, made.attempts.as_deref()), (0, Some(&[][..])));
    let data = json!({
        "id": "404",
        "portal_id": app.partner.portal_id.to_string(),
        "event_time": "2022-03-29T01:29:36.000Z",
    });
    assert_eq!(made.data, data);
    assert_eq!(made, partner.get(&format!("/deliveries/{}", made.id)).await.expect(200));
    let listed: Page<Delivery> = partner.get("/deliveries").await.expect(200);
    assert_eq!(listed.hits, [Delivery { attempts: None, ..made }]);
    partner.post(&format!("{path}/test"), Value::Null).await.expect::<Delivery>(201);
    let chosen = json!({"event_type": "enrolment.complete"});
    let chosen: Delivery = partner.post(&format!("{path}/test"), chosen).await.expect(201);
    assert_eq!((chosen.event_type.as_str(), &chosen.data["lo_id"]), ("enrollment.complete", &json!("404")));
}

#[tokio::test]
async fn what_a_test_tells_of_is_not_found() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let path = webhook(&customer, &["enrollment.complete"]).await;
    let made: Delivery = customer.post(&format!("{path}/test"), json!({})).await.expect(201);
    let id = made.data["id"].as_str().unwrap();
    for path in [
        format!("/v2/enrollments/{id}"),
        format!("/v2/learning-activity?enrollment-id={id}"),
        format!("/enrollments/{id}"),
        format!("/v2/learning-objects/{}", made.data["lo_id"].as_str().unwrap()),
    ] {
        customer.get(&path).await.expect_refusal(404, "there is no");
    }
}

#[tokio::test]
async fn what_a_test_cannot_be_names_the_field() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let path = format!("{}/test", webhook(&customer, &["content.add", "enrollment.complete"]).await);
    for (event_type, message) in [
        (json!("content.remove"), "one that the webhook is told of: content.add, enrollment.complete"),
        (json!("no.such"), "unknown event type \"no.such\""),
        (json!(1), "expected a string"),
    ] {
        customer.post(&path, json!({"event_type": event_type})).await.expect_field("event_type", message);
    }
    customer.send(Method::POST, &path, "\"x\"").await.expect_refusal(400, "must be a JSON object");
    customer.post(&path, json!([])).await.expect_refusal(400, "must be a JSON object");
    customer.post("/webhooks/hg4JWUDbT55B/test", json!({})).await.expect_refusal(404, "webhook hg4JWUDbT55B");
    assert_eq!(customer.get("/deliveries").await.expect::<Page<Delivery>>(200).total, 0);
}

#[tokio::test]
async fn the_test_of_an_inactive_webhook_is_held_and_says_so() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let path = webhook(&customer, &["enrollment.complete"]).await;
    for (status, reason) in [("paused", "paused"), ("inactive", "owner")] {
        customer.patch(&path, json!({"status": status})).await.expect::<Value>(200);
        let held: Delivery = customer.post(&format!("{path}/test"), json!({})).await.expect(201);
        assert_eq!((held.status.as_str(), held.reason.as_deref()), ("held", Some(reason)));
    }
    customer.patch(&path, json!({"status": "active"})).await.expect::<Value>(200);
    let pending: Page<Delivery> = customer.get("/deliveries?status=open").await.expect(200);
    assert!(pending.hits.iter().all(|delivery| delivery.status == "pending") && pending.total == 2);
}

#[tokio::test]
async fn so_many_tests_are_under_way_at_most() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let path = format!("{}/test", webhook(&customer, &["enrollment.complete"]).await);
    for _ in 0..PENDING_MAX {
        customer.post(&path, json!({})).await.expect::<Delivery>(201);
    }
    customer.post(&path, json!({})).await.expect_refusal(400, "10 tests of the webhook are under way");
}
