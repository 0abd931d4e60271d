//! What rings, and for whom: decisions 10 to 13.

use contract::api::enrollment::Enrollment;
use contract::api::webhook::Webhook;
use domain::delivery::Delivery;
use domain::id::PortalId;
use serde_json::{Value, json};
use store::delivery::DeliveryFilter;
use store::page::PageRequest;

use crate::app::{App, Tenant, enrollment};

async fn subscribe(app: &App, tenant: &Tenant) -> Webhook {
    let asked = json!({
        "url": "https://receiver.example.com",
        "event_types": ["enrollment.create", "enrollment.complete", "enrollment.delete"],
    });
    app.as_(tenant).post("/webhooks", asked).await.expect(201)
}

async fn deliveries(app: &App, portal_id: PortalId) -> Vec<Delivery> {
    let page = PageRequest { limit: 100, offset: 0 };
    let mut listed = app.store.list_deliveries(portal_id, &DeliveryFilter::default(), page).await.unwrap().items;
    listed.reverse();
    listed
}

/// The events that were told of to the webhooks of a portal, oldest first.
async fn told(app: &App, tenant: &Tenant) -> String {
    let types = deliveries(app, tenant.portal_id).await;
    let types: Vec<_> = types.iter().map(|delivery| delivery.event.event_type.as_str()).collect();
    types.join(" ")
}

#[tokio::test]
async fn a_customers_enrollment_rings_for_the_customer_and_its_partner_and_nobody_else() {
    let app = App::new().await;
    for tenant in [&app.partner, &app.customer, &app.sibling, &app.stranger] {
        subscribe(&app, tenant).await;
    }
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let made = customer.enroll(&learner, &content).await;
    let path = format!("/enrollments/{}", made.id);
    for changes in [
        json!({"status": "in-progress"}),
        json!({"status": "completed", "pass": false}),
        json!({"status": "completed", "pass": true}),
    ] {
        customer.patch(&path, changes).await.expect::<Enrollment>(200);
    }
    customer.delete(&path).await.expect_nothing(204);

    let expected = "enrollment.create enrollment.complete enrollment.delete";
    assert_eq!(told(&app, &app.customer).await, expected);
    assert_eq!(told(&app, &app.partner).await, expected);
    assert_eq!(told(&app, &app.sibling).await, "");
    assert_eq!(told(&app, &app.stranger).await, "");

    let ours = deliveries(&app, app.customer.portal_id).await;
    let theirs = deliveries(&app, app.partner.portal_id).await;
    assert_eq!(ours[1].event.id, theirs[1].event.id);
    let data: Value = serde_json::from_str(&ours[1].event.data).unwrap();
    let expected = json!({
        "id": made.id,
        "lo_id": content.lo_id,
        "portal_id": app.customer.portal_id.to_string(),
        "event_time": "2022-03-29T01:29:36.000Z",
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn what_is_refused_rings_for_nobody() {
    let app = App::new().await;
    subscribe(&app, &app.customer).await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let mut bad = enrollment(&learner, &content);
    bad["result"] = json!(50);
    customer.post("/enrollments", bad).await.expect_refusal(400, "result");
    assert_eq!(told(&app, &app.customer).await, "");
    customer.enroll(&learner, &content).await;
    customer.post("/enrollments", enrollment(&learner, &content)).await.expect_refusal(409, "enrolled already");
    assert_eq!(told(&app, &app.customer).await, "enrollment.create");
}

#[tokio::test]
async fn completed_from_the_start_rings_twice_and_again_for_a_second_time() {
    let app = App::new().await;
    subscribe(&app, &app.customer).await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let mut completed = enrollment(&learner, &content);
    completed["status"] = json!("completed");
    customer.post("/enrollments", completed.clone()).await.expect::<Enrollment>(201);
    assert_eq!(told(&app, &app.customer).await, "enrollment.create enrollment.complete");
    customer.post("/enrollments?re-enroll=true", completed).await.expect::<Enrollment>(201);
    let twice = "enrollment.create enrollment.complete enrollment.create enrollment.complete";
    assert_eq!(told(&app, &app.customer).await, twice);
}

#[tokio::test]
async fn parts_of_a_course_ring_only_where_the_portal_wants_it() {
    for (wanted, expected) in [
        (false, "enrollment.create"),
        (true, "enrollment.create enrollment.create enrollment.complete enrollment.delete"),
    ] {
        let app = App::new().await;
        subscribe(&app, &app.customer).await;
        let customer = app.as_(&app.customer);
        let settings = json!({"settings": {"child_enrollment_events": wanted}});
        customer.patch(&format!("/portals/{}", app.customer.portal_id), settings).await.expect::<Value>(200);
        let learner = customer.learner("grace@example.com").await;
        let whole = customer.enroll(&learner, &customer.content("Course").await).await;
        let mut part = enrollment(&learner, &customer.content("Module").await);
        part["parent_enrollment_id"] = json!(whole.id);
        let part: Enrollment = customer.post("/enrollments", part).await.expect(201);
        let path = format!("/enrollments/{}", part.id);
        customer.patch(&path, json!({"status": "completed"})).await.expect::<Enrollment>(200);
        customer.delete(&path).await.expect_nothing(204);
        assert_eq!(told(&app, &app.customer).await, expected);
    }
}
