//! The older API: contract, sections 6, 7.1, 8, 10 and decisions 14, 15.

use contract::api::enrollment::Enrollment;
use contract::api::page::Page;
use contract::api::v2;
use serde_json::{Value, json};

use crate::app::{App, enrollment};

#[tokio::test]
async fn an_enrollment_has_numbers_for_ids() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let mut asked = enrollment(&learner, &content);
    asked["status"] = json!("completed");
    asked["result"] = json!(87);
    let made: Enrollment = customer.post("/enrollments", asked).await.expect(201);
    let number = |text: &str| text.parse::<u64>().unwrap();
    let expected = json!({
        "id": number(&made.id),
        "type": "enrollment",
        "user_id": number(&learner.id),
        "lo_id": number(&content.lo_id),
        "portal_id": app.customer.portal_id.0,
        "parent_lo_id": 0,
        "parent_enrollment_id": 0,
        "status": "completed",
        "result": 87,
        "pass": true,
        "created_time": "2022-03-29T01:29:36+00:00",
        "updated_time": "2022-03-29T01:29:36+00:00",
        "start_date": "2022-03-29T01:29:36+00:00",
        "end_date": "2022-03-29T01:29:36+00:00",
        "due_date": null,
        "timestamp": 1_648_517_376,
    });
    // No Api-Version: V2 has its version in the path.
    let caller = app.as_(&app.customer).version(None);
    for path in ["enrollments", "enrolments"] {
        let read: Value = caller.get(&format!("/v2/{path}/{}", made.id)).await.expect(200);
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn a_partner_is_told_to_use_the_customers_own_credentials() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let made = customer.enroll(&learner, &customer.content("Fire safety").await).await;
    for path in [format!("/v2/enrollments/{}", made.id), format!("/v2/learning-activity?enrollment-id={}", made.id)] {
        let says = "OAuth credentials that belong to that customer portal";
        app.as_(&app.partner).get(&path).await.expect_refusal(403, says);
        app.as_(&app.sibling).get(&path).await.expect_refusal(404, "no enrollment");
        app.as_(&app.stranger).get(&path).await.expect_refusal(404, "no enrollment");
        customer.get(&path).await.expect::<Value>(200);
    }
    app.as_(&app.partner).get("/v2/enrollments/999999").await.expect_refusal(404, "no enrollment");
    app.as_(&app.partner).get("/v2/enrollments/x").await.expect_refusal(404, "enrollment id");
}

#[tokio::test]
async fn a_partner_at_any_height_is_told_so() {
    let app = App::new().await;
    let below = app.tenant("below", Some(app.customer.portal_id)).await;
    let caller = app.as_(&below);
    let learner = caller.learner("grace@example.com").await;
    let made = caller.enroll(&learner, &caller.content("Fire safety").await).await;
    let path = format!("/v2/enrollments/{}", made.id);
    app.as_(&app.customer).get(&path).await.expect_refusal(403, "customer portal");
    app.as_(&app.partner).get(&path).await.expect_refusal(403, "customer portal");
    app.as_(&app.stranger).get(&path).await.expect_refusal(404, "no enrollment");
}

#[tokio::test]
async fn there_are_no_learning_activities_yet() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let made = customer.enroll(&learner, &customer.content("Fire safety").await).await;
    let path = format!("/v2/learning-activity?enrollment-id={}", made.id);
    assert_eq!(customer.get(&path).await.expect::<Value>(200), json!({"total": 0, "hits": []}));
    customer.get("/v2/learning-activity").await.expect_field("enrollment-id", "is required");
    customer.get("/v2/learning-activity?enrollment-id=x").await.expect_field("enrollment-id", "enrollment id");
}

#[tokio::test]
async fn enrollments_are_listed_with_parts_unless_excluded() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let course = customer.content("Course").await;
    let whole = customer.enroll(&learner, &course).await;
    let module = customer.content("Module").await;
    let mut part = enrollment(&learner, &module);
    part["parent_enrollment_id"] = json!(whole.id);
    let part: Enrollment = customer.post("/enrollments", part).await.expect(201);

    let ids = async |query: &str| {
        let page: Page<v2::Enrollment> = customer.get(&format!("/v2/enrollments?{query}")).await.expect(200);
        assert_eq!(page.total, page.hits.len() as u64);
        page.hits.iter().map(|hit| hit.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [part.id.as_str(), &whole.id]);
    assert_eq!(ids("exclude_child_enrollments=1").await, [whole.id.as_str()]);
    assert_eq!(ids(&format!("lo_id={}", module.lo_id)).await, [part.id.as_str()]);
    assert_eq!(ids(&format!("user_id={}&status=not-started", learner.id)).await.len(), 2);
    assert_eq!(ids("status=completed").await.len(), 0);
    customer.get("/v2/enrollments?limit=101").await.expect_field("limit", "at most 100");

    let read: v2::Enrollment = customer.get(&format!("/v2/enrollments/{}", part.id)).await.expect(200);
    assert_eq!(read.parent_lo_id.to_string(), course.lo_id);
    assert_eq!(read.parent_enrollment_id.to_string(), whole.id);

    let older = customer.get("/v2/enrolments?limit=1").await;
    assert_eq!(older.header("x-total-count"), Some("2"));
    let hits: Vec<v2::Enrollment> = older.expect(200);
    assert_eq!(hits[0].id.to_string(), part.id);
}

#[tokio::test]
async fn the_older_list_has_ten_on_a_page() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    for number in 0..11 {
        customer.enroll(&learner, &customer.content(&number.to_string()).await).await;
    }
    assert_eq!(customer.get("/v2/enrolments").await.expect::<Vec<Value>>(200).len(), 10);
    assert_eq!(customer.get("/v2/enrollments").await.expect::<Page<Value>>(200).hits.len(), 11);
}

#[tokio::test]
async fn users_are_the_accounts_in_the_older_shape() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let asked = json!({
        "email": "grace@example.com",
        "first_name": "Grace",
        "last_name": "Hopper",
        "roles": ["Learner"],
        "send_login_email": false,
    });
    let made: Value = customer.post("/v2/users", asked).await.expect(201);
    let expected = json!({
        "id": made["id"].as_u64().unwrap(),
        "email": "grace@example.com",
        "first_name": "Grace",
        "last_name": "Hopper",
        "created": "2022-03-29T01:29:36.676Z",
        "updated": "2022-03-29T01:29:36.676Z",
        "roles": ["Learner"],
        "status": true,
    });
    assert_eq!(made, expected);
    assert_eq!(made, customer.get(&format!("/v2/users/{}", made["id"])).await.expect::<Value>(200));
    let account: Value = customer.get(&format!("/v2/user-accounts/{}", made["id"])).await.expect(200);
    assert_eq!(account["user"]["email"], "grace@example.com");
    let found: Page<v2::User> = customer.get("/v2/users?first_name=grace&last_name=HOPPER").await.expect(200);
    assert_eq!(found.total, 1);
    let all: Page<v2::User> = customer.get("/v2/users").await.expect(200);
    assert_eq!(all.total, 2);
    customer.post("/v2/users", json!({})).await.expect_field("email", "required");
}

#[tokio::test]
async fn content_and_the_account_have_the_older_shape() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let expected = json!({
        "id": content.lo_id.parse::<u64>().unwrap(),
        "title": "Fire safety",
        "description": "",
        "type": "course",
        "created_time": "2022-03-29T01:29:36.676Z",
        "updated_time": "2022-03-29T01:29:36.676Z",
        "published": true,
        "image": null,
        "language": null,
        "tags": [],
    });
    let read: Value = customer.get(&format!("/v2/learning-objects/{}", content.lo_id)).await.expect(200);
    assert_eq!(read, expected);
    let page: Value = customer.get("/v2/learning-objects?type[0]=course").await.expect(200);
    assert_eq!(page, json!({"total": 1, "hits": [expected]}));
    let account: Value = customer.get("/v2/account").await.expect(200);
    assert_eq!(account, json!({"id": app.customer.portal_id.0, "url": "customer.example.com"}));
}
