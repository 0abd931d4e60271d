//! What real clients force: contract, section 12.3.

use contract::api::page::Page;
use contract::api::webhook::Webhook;
use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn the_token_stands_alone_or_behind_bearer_in_any_case() {
    let app = App::new().await;
    let token = &app.customer.token;
    for value in [token.clone(), format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER {token}")] {
        app.anybody().authorization(&value).get("/webhooks").await.expect::<Value>(200);
        app.anybody().authorization(&value).get("/v2/users").await.expect::<Value>(200);
    }
}

#[tokio::test]
async fn webhooks_are_counted_with_a_number_and_show_their_secrets() {
    let app = App::new().await;
    let asked = json!({
        "url": "https://receiver.example.com",
        "event_types": ["enrollment.complete"],
        "secret_key": "MyS3cretK#y",
    });
    let made: Webhook = app.as_(&app.customer).post("/webhooks", asked).await.expect(201);
    let listed: Value = app.as_(&app.customer).get("/webhooks").await.expect(200);
    assert_eq!(listed["total"], json!(1));
    assert_eq!(listed["hits"][0]["secret_key"], "MyS3cretK#y");
    let changed: Value = app.as_(&app.customer).patch(&format!("/webhooks/{}", made.id), json!({})).await.expect(200);
    assert_eq!(changed["secret_key"], "MyS3cretK#y");
}

#[tokio::test]
async fn webhook_answers_are_json_and_never_empty() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let asked = json!({"url": "https://receiver.example.com", "event_types": ["enrollment.complete"]});
    let made = customer.post("/webhooks", asked).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let answers = [
        made,
        customer.get("/webhooks").await,
        customer.patch(&format!("/webhooks/{id}"), json!({})).await,
        customer.patch("/webhooks/none", json!({})).await,
        customer.post("/webhooks", json!({})).await,
        app.anybody().get("/webhooks").await,
    ];
    for answer in answers {
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.json().is_object());
    }
}

#[tokio::test]
async fn arrays_and_booleans_arrive_in_many_ways() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    customer.content("Fire safety").await;
    for query in [
        "type[]=course&type[]=video",
        "type[0]=course&type[1]=video",
        "type=course",
        "type=course,video",
        "type%5B0%5D=course&use_scroll=1&provider[0][id]=7",
    ] {
        let page: Page<Value> = customer.get(&format!("/learning-objects?{query}")).await.expect(200);
        assert_eq!(page.total, 1, "{query}");
    }
    for query in ["due_date_exists=0", "due_date_exists=false"] {
        customer.get(&format!("/enrollments?{query}")).await.expect::<Value>(200);
    }
}

#[tokio::test]
async fn a_missing_scope_and_a_bad_token_are_told_apart() {
    let app = App::new().await;
    let (id, secret) = (&app.customer.client_id, &app.customer.client_secret);
    let token = app.token(id, secret, Some("webhook.read")).await;
    let missing = app.with_token(&token).post("/webhooks", json!({})).await.expect_refusal(401, "");
    assert_eq!(missing["message"], "Missing scopes");
    for value in ["Bearer never-was-one", "", "Basic abc", "Bearer"] {
        let bad = app.anybody().authorization(value).get("/webhooks").await.expect_refusal(401, "");
        assert_eq!(bad["message"], "Invalid credentials.");
    }
    app.anybody().get("/webhooks").await.expect_refusal(401, "Invalid credentials.");
}

#[tokio::test]
async fn a_limit_of_zero_gives_the_count() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    customer.enroll(&learner, &customer.content("Fire safety").await).await;
    for (path, total) in [
        ("/learning-objects", 1),
        ("/enrollments", 1),
        ("/user-accounts", 2),
        ("/v2/enrollments", 1),
        ("/v2/users", 2),
        ("/v2/learning-objects", 1),
    ] {
        let page: Value = customer.get(&format!("{path}?limit=0")).await.expect(200);
        assert_eq!(page, json!({"total": total, "hits": []}), "{path}");
    }
}

#[tokio::test]
async fn the_three_versions_are_served_and_no_other() {
    let app = App::new().await;
    for version in ["2022-07-01", "2025-01-01", "alpha"] {
        app.as_(&app.customer).version(Some(version)).get("/webhooks").await.expect::<Value>(200);
    }
    for version in [None, Some(""), Some("2022-07-02"), Some("ALPHA"), Some("3")] {
        let refusal = app.as_(&app.customer).version(version).get("/webhooks").await;
        let refusal = refusal.expect_refusal(400, "2022-07-01, 2025-01-01, alpha");
        assert_eq!(refusal["error_code"], "invalid_api_version");
    }
    app.as_(&app.customer).version(None).get("/client").await.expect::<Value>(200);
}
