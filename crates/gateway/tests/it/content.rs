//! Learning objects and the library: contract, sections 9 and 10.

use contract::api::learning_object::{LearningObject, LearningObjectPage};
use contract::api::page::Page;
use serde_json::{Value, json};

use crate::app::{App, Caller, Tenant};

async fn titles(caller: &Caller<'_>, query: &str) -> (u64, Vec<String>) {
    let page: Page<LearningObject> = caller.get(&format!("/learning-objects{query}")).await.expect(200);
    (page.total, page.hits.into_iter().map(|hit| hit.core.title).collect())
}

async fn change_library(app: &App, tenant: &Tenant, verb: &str, ids: Value) -> crate::answer::Answer {
    app.as_(tenant).post(&format!("/v2/collections/default/items/{verb}"), json!({"lo": ids})).await
}

#[tokio::test]
async fn content_is_made_and_found_by_every_id() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let asked =
        json!({"core": {"title": "Fire safety", "type": "video", "description": "Run.", "external_id": "lms-7"}});
    let made: LearningObject = customer.post("/learning-objects", asked).await.expect(201);
    assert!(made.id.starts_with("con_"));
    assert_eq!(made.lifecycle.state, "published");
    assert_eq!(made.core.provider_id, Some(app.customer.portal_id.to_string()));
    for path in [made.id.clone(), made.lo_id.clone(), "lms-7?identifier=external_id".to_owned()] {
        assert_eq!(made, customer.get(&format!("/learning-objects/{path}")).await.expect(200));
    }
    customer.get("/learning-objects/lms-7").await.expect_refusal(404, "no learning object lms-7");
    customer.get("/learning-objects/1?identifier=isbn").await.expect_field("identifier", "isbn");
    app.as_(&app.sibling)
        .get(&format!("/learning-objects/{}", made.id))
        .await
        .expect_refusal(404, "no learning object");
}

#[tokio::test]
async fn what_content_cannot_be_names_the_field() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for (core, at, message) in [
        (json!({}), "core.title", "1 to 500"),
        (json!({"title": "x", "type": "poem"}), "core.type", "poem"),
        (json!({"title": "x", "external_id": ""}), "core.external_id", "1 to 255"),
        (json!({"title": 1}), "core.title", "expected a string"),
    ] {
        customer.post("/learning-objects", json!({"core": core})).await.expect_field(at, message);
    }
    customer.post("/learning-objects", json!({})).await.expect_field("core.title", "1 to 500");
}

#[tokio::test]
async fn a_library_is_listed_by_id_type_keyword_and_state() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let fire = customer.content("Fire safety").await;
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    let asked = json!({"core": {"title": "Water safety", "type": "video"}});
    let water: LearningObject = customer.post("/learning-objects", asked).await.expect(201);

    assert_eq!(titles(&customer, "").await, (2, vec!["Water safety".into(), "Fire safety".into()]));
    assert_eq!(titles(&customer, "?order=asc&limit=1").await, (2, vec!["Fire safety".into()]));
    assert_eq!(titles(&customer, "?order=asc&limit=1&offset=1").await, (2, vec!["Water safety".into()]));
    assert_eq!(titles(&customer, "?limit=0").await, (2, vec![]));
    assert_eq!(titles(&customer, "?keyword=FIRE").await.0, 1);
    assert_eq!(titles(&customer, "?type[0]=video").await.1, ["Water safety"]);
    assert_eq!(titles(&customer, "?type=video,course&state[]=published").await.0, 2);
    assert_eq!(titles(&customer, "?state=retired").await.0, 0);
    assert_eq!(titles(&customer, "?state=draft,published").await.0, 2);
    assert_eq!(titles(&customer, &format!("?id[]={}&id[]={}", fire.id, water.lo_id)).await.0, 2);
    assert_eq!(titles(&customer, "?id[]=con_01G6VGXA00040G2081040G2081").await.0, 0);
    assert_eq!(titles(&customer, "?id[]=nothing").await.0, 0);
    assert_eq!(titles(&app.as_(&app.sibling), "").await.0, 0);

    customer.get("/learning-objects?state=gone").await.expect_field("state", "gone");
    customer.get("/learning-objects?state=retired,published").await.expect_field("state", "alone");
    customer.get("/learning-objects?limit=51").await.expect_field("limit", "at most 50");
    customer.get("/learning-objects?limit=50&offset=9951").await.expect_field("offset", "10000");
}

#[tokio::test]
async fn a_customer_takes_its_partners_content_into_its_library() {
    let app = App::new().await;
    let content = app.as_(&app.partner).content("Fire safety").await;
    let customer = app.as_(&app.customer);
    assert_eq!(titles(&customer, "").await.0, 0);
    change_library(&app, &app.customer, "add", json!([content.lo_id.parse::<u64>().unwrap()]))
        .await
        .expect_nothing(204);
    change_library(&app, &app.customer, "add", json!([content.id])).await.expect_nothing(204);
    assert_eq!(titles(&customer, "").await.0, 1);
    customer.get(&format!("/learning-objects/{}", content.id)).await.expect::<LearningObject>(200);
    assert_eq!(titles(&app.as_(&app.sibling), "").await.0, 0);
    change_library(&app, &app.customer, "remove", json!([content.lo_id])).await.expect_nothing(204);
    change_library(&app, &app.customer, "remove", json!([content.lo_id])).await.expect_nothing(204);
    assert_eq!(titles(&customer, "").await.0, 0);
}

#[tokio::test]
async fn all_of_a_request_goes_into_the_library_or_nothing() {
    let app = App::new().await;
    let ours = app.as_(&app.partner).content("Fire safety").await;
    let theirs = app.as_(&app.stranger).content("Water safety").await;
    let both = json!([ours.lo_id, theirs.lo_id]);
    change_library(&app, &app.customer, "add", both).await.expect_field("lo[1]", "no learning object");
    assert_eq!(titles(&app.as_(&app.customer), "").await.0, 0);
    change_library(&app, &app.customer, "add", json!([])).await.expect_field("lo", "1 to 50");
    change_library(&app, &app.customer, "add", json!(vec![1; 51])).await.expect_field("lo", "1 to 50");
    change_library(&app, &app.customer, "add", json!([true])).await.expect_field("lo[0]", "text or a whole number");
    change_library(&app, &app.customer, "add", json!(["x"])).await.expect_field("lo[0]", "no learning object");
    let many = json!(vec![ours.lo_id; 50]);
    change_library(&app, &app.customer, "add", many).await.expect_nothing(204);
}

#[tokio::test]
async fn a_library_of_any_size_is_scrolled_through() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for i in 0..7 {
        customer.content(&format!("Course {i}")).await;
    }
    let (mut seen, mut query) = (Vec::new(), "?use_scroll=1&limit=3".to_owned());
    loop {
        let page: LearningObjectPage = customer.get(&format!("/learning-objects{query}")).await.expect(200);
        seen.extend(page.hits.into_iter().map(|hit| hit.core.title));
        // What is added meanwhile comes at the end, and what goes takes nothing else with it.
        if seen.len() == 3 {
            let seen_first: LearningObjectPage = customer.get("/learning-objects?order=asc&limit=1").await.expect(200);
            change_library(&app, &app.customer, "remove", json!([seen_first.hits[0].lo_id])).await.expect_nothing(204);
            app.clock.advance(jiff::SignedDuration::from_secs(1));
            customer.content("Course 7").await;
        }
        let Some(id) = page.next_scroll_id else { break };
        query = format!("?use_scroll=1&scroll_id={id}");
    }
    assert_eq!(seen, (0..8).map(|i| format!("Course {i}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_scroll_id_is_good_for_its_own_portal_and_five_minutes() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for title in ["One", "Two"] {
        customer.content(title).await;
    }
    let page: LearningObjectPage = customer.get("/learning-objects?use_scroll=true&limit=1").await.expect(200);
    let path = format!("/learning-objects?scroll_id={}", page.next_scroll_id.unwrap());
    app.as_(&app.sibling).get(&path).await.expect_field("scroll_id", "not one");
    customer.get(&path.replace("scroll_id=", "scroll_id=A")).await.expect_field("scroll_id", "not one");
    app.clock.advance(jiff::SignedDuration::from_mins(5));
    customer.get(&path).await.expect::<LearningObjectPage>(200);
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    customer.get(&path).await.expect_refusal(404, "5 minutes");
    customer.get("/learning-objects?use_scroll=1&limit=5000").await.expect::<LearningObjectPage>(200);
    customer.get("/learning-objects?use_scroll=1&limit=5001").await.expect_field("limit", "5000");
}

#[tokio::test]
async fn a_library_is_sorted_by_title() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for title in ["beta", "Alpha", "Gamma"] {
        customer.content(title).await;
    }
    assert_eq!(titles(&customer, "?sort=title&order=asc").await.1, ["Alpha", "beta", "Gamma"]);
    assert_eq!(titles(&customer, "?sort=popularity&order=asc").await.1, ["beta", "Alpha", "Gamma"]);
}
