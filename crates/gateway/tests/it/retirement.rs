//! Content that ends: contract, section 9 and decisions 21 to 24.

use contract::api::learning_object::{AlternativePage, Impact, LearningObject};
use domain::clock::Clock;
use domain::id::LearningObjectId;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Caller, enrollment};

async fn set(caller: &Caller<'_>, content: &LearningObject, lifecycle: Value) -> Answer {
    caller.post(&format!("/learning-objects/{}/set", content.id), json!({ "lifecycle": lifecycle })).await
}

async fn show(caller: &Caller<'_>, content: &LearningObject) -> LearningObject {
    caller.get(&format!("/learning-objects/{}", content.id)).await.expect(200)
}

/// Tells everybody, as the engine's tasks do.
async fn tell(app: &App) {
    app.store.expire_content(100, app.clock.now()).await.unwrap();
    while app.store.expand_announcements(100, app.clock.now()).await.unwrap() {}
}

/// A course of the partner that both customers hold.
async fn shared(app: &App) -> LearningObject {
    let content = app.as_(&app.partner).content("Fire safety").await;
    for tenant in [&app.customer, &app.sibling] {
        let items = [LearningObjectId(content.lo_id.parse().unwrap())];
        app.store.save_library_items(tenant.portal_id, &items, app.clock.now()).await.unwrap();
    }
    content
}

#[tokio::test]
async fn content_that_is_flagged_says_when_it_ends() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let content = shared(&app).await;
    let flagged: LearningObject = set(&partner, &content, json!({"pending_state": {}})).await.expect(200);
    let pending = flagged.lifecycle.pending_state.clone().unwrap();
    assert_eq!(flagged.lifecycle.state, "published");
    assert_eq!((pending.retired_time, pending.removed_time.to_string()), (None, "2022-06-29T01:29:36.000Z".to_owned()));
    assert_eq!(show(&app.as_(&app.customer), &content).await.lifecycle, flagged.lifecycle);
    let dates =
        json!({"pending_state": {"retired_time": "2022-05-01T00:00:00Z", "removed_time": "2022-07-01T00:00:00Z"}});
    set(&partner, &content, dates).await.expect::<Value>(200);
    let state = async || {
        let token = app.token(&app.partner.client_id, &app.partner.client_secret, None).await;
        show(&app.with_token(&token), &content).await.lifecycle
    };
    for (later, expected, is_pending) in [(0, "published", true), (33, "retired", true), (61, "removed", false)] {
        app.clock.advance(SignedDuration::from_hours(24 * later));
        let lifecycle = state().await;
        assert_eq!(
            (lifecycle.state.as_str(), lifecycle.pending_state.is_some()),
            (expected, is_pending),
            "{later} days"
        );
    }
}

#[tokio::test]
async fn a_flag_is_withdrawn_and_content_is_there_as_before() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let content = shared(&app).await;
    for withdrawal in [json!({"pending_state": null}), json!({"state": "published"})] {
        set(&partner, &content, json!({"state": "retired"})).await.expect::<Value>(200);
        assert_eq!(show(&partner, &content).await.lifecycle.state, "retired");
        set(&partner, &content, withdrawal).await.expect::<Value>(200);
        let lifecycle = show(&partner, &content).await.lifecycle;
        assert_eq!((lifecycle.state.as_str(), lifecycle.pending_state), ("published", None));
    }
}

#[tokio::test]
async fn what_cannot_be_asked_names_the_field() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let content = shared(&app).await;
    let removed = "lifecycle.pending_state.removed_time";
    for (lifecycle, field, message) in [
        (json!({"pending_state": {"removed_time": "2022-05-01T00:00:00Z"}}), "lifecycle.force", "60 days"),
        (json!({"pending_state": {"removed_time": "2022-03-01T00:00:00Z"}, "force": true}), removed, "in the past"),
        (json!({"pending_state": {"removed_time": "2122-03-01T00:00:00Z"}}), removed, "10 years"),
        (
            json!({"pending_state": {"retired_time": "2023-03-01T00:00:00Z"}}),
            "lifecycle.pending_state.retired_time",
            "before",
        ),
        (json!({"pending_state": null}), "lifecycle.state", "not flagged"),
        (json!({"state": "draft"}), "lifecycle.state", "cannot be set"),
        (json!({"state": "removed"}), "lifecycle.force", "60 days"),
        (json!({"state": "retired", "pending_state": {}}), "lifecycle.state", "different things"),
    ] {
        set(&partner, &content, lifecycle).await.expect_field(field, message);
        assert_eq!(show(&partner, &content).await.lifecycle.pending_state, None);
    }
    let path = format!("/learning-objects/{}/set", content.id);
    partner.post(&path, json!({"alternatives": {"content": [-1]}})).await.expect_field("alternatives.content", "-1");
    partner.post(&path, json!({"topics": {"items": [{"name": ""}]}})).await.expect_field("topics.items", "1 to 100");
}

#[tokio::test]
async fn only_its_owner_changes_content() {
    let app = App::new().await;
    let content = shared(&app).await;
    let refused = set(&app.as_(&app.customer), &content, json!({"state": "retired"})).await;
    refused.expect_refusal(403, "belongs to another portal");
    set(&app.as_(&app.stranger), &content, json!({})).await.expect_refusal(404, "no learning object");
}

#[tokio::test]
async fn nobody_new_is_enrolled_in_what_is_retired_and_history_stays() {
    let app = App::new().await;
    let (partner, customer) = (app.as_(&app.partner), app.as_(&app.customer));
    let content = shared(&app).await;
    let (early, late) = (customer.learner("early@example.com").await, customer.learner("late@example.com").await);
    let enrolled = customer.enroll(&early, &content).await;
    set(&partner, &content, json!({"state": "retired"})).await.expect::<Value>(200);
    customer.post("/enrollments", enrollment(&late, &content)).await.expect_field("lo_id", "is retired");
    let path = format!("/enrollments/{}", enrolled.id);
    customer.patch(&path, json!({"status": "in-progress"})).await.expect::<Value>(200);
    app.clock.advance(SignedDuration::from_hours(24 * 200));
    let customer_token = app.token(&app.customer.client_id, &app.customer.client_secret, None).await;
    let customer = app.with_token(&customer_token);
    customer.post("/enrollments", enrollment(&late, &content)).await.expect_field("lo_id", "is removed");
    assert_eq!(customer.get(&path).await.expect::<Value>(200)["status"], "in-progress");
    let listed = async |query: &str| -> u64 {
        customer.get(&format!("/learning-objects{query}")).await.expect::<Value>(200)["total"].as_u64().unwrap()
    };
    assert_eq!((listed("").await, listed("?state=retired").await, listed("?state=removed").await), (0, 0, 1));
}

#[tokio::test]
async fn a_partner_hears_of_each_of_its_portals_and_a_customer_of_itself() {
    let app = App::new().await;
    let (partner, customer) = (app.as_(&app.partner), app.as_(&app.customer));
    let content = shared(&app).await;
    let types = ["content.decommission", "content.decommission.pending", "content.add", "content.remove"];
    for caller in [&partner, &customer] {
        let webhook = json!({"url": "https://receiver.example.com", "event_types": types});
        caller.post("/webhooks", webhook).await.expect::<Value>(201);
    }
    let told = async |caller: &Caller<'_>| -> Vec<(String, String, Value)> {
        let page: Value = caller.get("/deliveries?limit=100").await.expect(200);
        let hits = page["hits"].as_array().unwrap().iter().rev();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        hits.map(|hit| (text(&hit["event_type"]), text(&hit["data"]["portal_id"]), hit["data"].clone())).collect()
    };
    let dates = json!({"pending_state": {"retired_time": "2022-05-01T00:00:00Z"}});
    set(&partner, &content, dates).await.expect::<Value>(200);
    assert_eq!(told(&partner).await, []);
    tell(&app).await;
    let id = app.customer.portal_id.to_string();
    let pending = json!({
        "id": content.lo_id, "portal_id": id, "event_time": "2022-03-29T01:29:36.000Z",
        "retire_time": "2022-05-01T00:00:00.000Z", "remove_time": "2022-06-29T01:29:36.000Z",
    });
    let flagged = json!({
        "id": content.lo_id, "portal_id": id, "event_time": "2022-03-29T01:29:36.000Z",
        "remove_time": "2022-06-29T01:29:36.000Z",
    });
    let expected = [
        ("content.decommission.pending".to_owned(), id.clone(), pending),
        ("content.decommission".to_owned(), id.clone(), flagged),
    ];
    assert_eq!(told(&customer).await, expected);
    let count = async |event_type: &str| told(&partner).await.iter().filter(|told| told.0 == event_type).count();
    assert_eq!(count("content.decommission").await, 3);
    set(&partner, &content, json!({"pending_state": null})).await.expect::<Value>(200);
    tell(&app).await;
    assert_eq!((count("content.add").await, count("content.remove").await), (3, 0));
    let (_, _, back) = told(&customer).await.pop().unwrap();
    assert_eq!(back["event_time"], "2022-03-29T01:29:37.000Z");
}

#[tokio::test]
async fn impact_says_who_is_enrolled_and_how_far() {
    let app = App::new().await;
    let (partner, customer) = (app.as_(&app.partner), app.as_(&app.customer));
    let content = shared(&app).await;
    for (email, status) in [("a", "not-started"), ("b", "in-progress"), ("c", "completed"), ("d", "completed")] {
        let learner = customer.learner(&format!("{email}@example.com")).await;
        let mut asked = enrollment(&learner, &content);
        asked["status"] = json!(status);
        customer.post("/enrollments", asked).await.expect::<Value>(201);
    }
    let path = format!("/learning-objects/{}/impact", content.lo_id);
    let impact: Impact = partner.get(&path).await.expect(200);
    let counts = |portal: &contract::api::learning_object::PortalImpact| {
        (portal.portal_name.clone(), portal.in_library, portal.not_started, portal.in_progress, portal.completed)
    };
    let expected = [("partner", 0, 0, 0), ("customer", 1, 1, 2), ("sibling", 0, 0, 0)];
    let expected = expected.map(|(name, none, some, all)| (name.to_owned(), true, none, some, all));
    assert_eq!(impact.portals.iter().map(counts).collect::<Vec<_>>(), expected);
    let own: Impact = customer.get(&path).await.expect(200);
    assert_eq!(own.portals.iter().map(counts).collect::<Vec<_>>(), expected[1..2]);
    let csv = customer.get(&format!("{path}?format=csv")).await;
    let [head, row] = csv.text.trim_end().split("\r\n").collect::<Vec<_>>().try_into().unwrap();
    assert!(head.starts_with("portal_id,portal_name,"), "{head}");
    let id = app.customer.portal_id;
    assert_eq!(row, format!("{id},\"customer\",true,1,1,2,2022-03-29T01:29:36.676Z"));
    customer.get(&format!("{path}?format=pdf")).await.expect_field("format", "pdf");
}

#[tokio::test]
async fn alternatives_are_what_the_owner_named_and_then_what_is_like_it() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let [named, like, other] = [
        customer.content("Chess").await,
        customer.content("Fire safety basics").await,
        customer.content("Knitting").await,
    ];
    let number = |content: &LearningObject| content.lo_id.parse::<i64>().unwrap();
    let path = format!("/learning-objects/{}", content.lo_id);
    let set = json!({"alternatives": {"content": [number(&named)]}, "topics": {"items": [{"name": "Fire"}]}});
    customer.post(&format!("{path}/set"), set).await.expect::<Value>(200);
    let found: AlternativePage = customer.get(&format!("{path}/alternatives?type=retirement")).await.expect(200);
    assert_eq!((found.total, found.hits), (2, vec![number(&named), number(&like)]));
    let second: AlternativePage = customer.get(&format!("{path}/alternatives?limit=1&offset=1")).await.expect(200);
    assert_eq!((second.total, second.hits), (2, vec![number(&like)]));
    customer.get(&format!("{path}/alternatives?type=upgrade")).await.expect_field("type", "upgrade");
    let _ = other;
}
