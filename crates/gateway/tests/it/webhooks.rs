//! Webhook management: contract, section 2 and decisions 17, 18, 20.

use contract::api::page::Page;
use contract::api::webhook::Webhook;
use gateway::gateway::Settings;
use serde_json::{Value, json};

use crate::app::App;

fn asked() -> Value {
    json!({"url": "https://receiver.example.com/go1", "event_types": ["enrollment.complete"]})
}

fn with(field: &str, value: Value) -> Value {
    let mut asked = asked();
    asked[field] = value;
    asked
}

#[tokio::test]
async fn a_webhook_is_made_read_changed_and_deleted() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let made: Webhook = customer.post("/webhooks", asked()).await.expect(201);
    let path = format!("/webhooks/{}", made.id);
    assert_eq!(made, customer.get(&path).await.expect(200));

    let changes =
        json!({"name": "LMS", "secret_key": "another", "status": "inactive", "event_types": ["enrollment.create"]});
    let changed: Webhook = customer.patch(&path, changes).await.expect(200);
    assert_eq!(changed.name.as_deref(), Some("LMS"));
    assert_eq!(changed.secret_key.as_deref(), Some("another"));
    assert_eq!((changed.status.as_str(), changed.status_reason.as_deref()), ("inactive", Some("owner")));
    assert_eq!(changed.event_types, ["enrollment.create"]);
    assert_eq!(changed.url, made.url);
    assert_eq!(changed, customer.get(&path).await.expect(200));

    let cleared: Webhook = customer.patch(&path, json!({"name": null, "secret_key": null})).await.expect(200);
    assert_eq!((cleared.name, cleared.secret_key), (None, None));

    customer.delete(&path).await.expect_nothing(204);
    customer.get(&path).await.expect_refusal(404, "no webhook");
    customer.patch(&path, json!({})).await.expect_refusal(404, "no webhook");
    customer.delete(&path).await.expect_refusal(404, "no webhook");
    assert_eq!(customer.get("/webhooks").await.expect::<Page<Webhook>>(200).total, 0);
}

#[tokio::test]
async fn webhooks_are_listed_oldest_first_and_all_at_once() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for number in 0..30 {
        customer.post("/webhooks", with("name", json!(number.to_string()))).await.expect::<Webhook>(201);
        app.clock.advance(jiff::SignedDuration::from_secs(1));
    }
    let page: Page<Webhook> = customer.get("/webhooks?limit=5").await.expect(200);
    let names: Vec<_> = page.hits.into_iter().map(|hit| hit.name.unwrap()).collect();
    assert_eq!(names, (0..30).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(page.total, 30);
}

#[tokio::test]
async fn a_portal_has_so_many_webhooks_and_no_more() {
    let app = App::with(Settings { webhooks_per_portal_max: 2, ..Settings::default() }).await;
    let customer = app.as_(&app.customer);
    customer.post("/webhooks", asked()).await.expect::<Webhook>(201);
    let second: Webhook = customer.post("/webhooks", asked()).await.expect(201);
    customer.post("/webhooks", asked()).await.expect_refusal(400, "already 2");
    customer.patch(&format!("/webhooks/{}", second.id), json!({"name": "x"})).await.expect::<Webhook>(200);
    customer.delete(&format!("/webhooks/{}", second.id)).await.expect_nothing(204);
    customer.post("/webhooks", asked()).await.expect::<Webhook>(201);
}

#[tokio::test]
async fn what_a_webhook_cannot_be_names_the_field() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let made: Webhook = customer.post("/webhooks", asked()).await.expect(201);
    let path = format!("/webhooks/{}", made.id);
    let oauth2 = |field: &str, value: Value| {
        let mut oauth2 =
            json!({"client_id": "a", "client_secret": "b", "authentication_server_url": "https://a.example.com/token"});
        oauth2[field] = value;
        oauth2
    };
    for (field, value, at, message) in [
        ("url", json!("not a url"), "url", "valid URL"),
        ("url", json!("http://receiver.example.com"), "url", "https://"),
        ("url", json!("https://127.0.0.1/x"), "url", "public address"),
        ("url", json!("https://[::1]/x"), "url", "public address"),
        ("url", json!("https://10.0.0.1/x"), "url", "public address"),
        ("url", json!("https://user:password@example.com"), "url", "user name"),
        ("event_types", json!([]), "event_types", "at least one"),
        ("event_types", json!(["enrollment.complete", "no.such"]), "event_types[1]", "no.such"),
        ("event_types", json!(["content.library.sync.request"]), "integration_system_id", "integration_system_id"),
        ("secret_key", json!("x".repeat(65)), "secret_key", "1 to 64"),
        ("secret_key", json!(""), "secret_key", "1 to 64"),
        ("name", json!("x".repeat(256)), "name", "at most 255"),
        ("status", json!("on"), "status", "active, inactive or paused"),
        ("auth_type", json!("basic"), "auth_type", "oauth2"),
        ("auth_type", json!("oauth2"), "oauth2", "required"),
        (
            "oauth2",
            oauth2("authentication_server_url", json!("x")),
            "oauth2.authentication_server_url",
            "oauth2.authentication_server_url must be a valid URL",
        ),
        ("oauth2", oauth2("client_secret", json!("")), "oauth2.client_secret", "1 to 1024"),
        ("oauth2", oauth2("grant_type", json!("password")), "oauth2.grant_type", "client_credentials"),
        ("oauth2", json!({"client_id": "a"}), "oauth2.client_secret", "oauth2.client_secret is required"),
        ("signature_timestamp", json!("hours"), "signature_timestamp", "seconds or milliseconds"),
        ("event_types", json!("enrollment.complete"), "event_types", "expected a list"),
        ("rate_limit", json!(0), "rate_limit", "from 1 to 1000"),
        ("rate_limit", json!(1_001), "rate_limit", "from 1 to 1000"),
        ("rate_limit", json!(-1), "rate_limit", "expected a whole number from 0 on"),
        ("rate_limit", json!(1.5), "rate_limit", "expected a whole number from 0 on"),
        ("headers", json!({"a b": "x"}), "headers", "is not a name"),
        ("headers", json!({"Host": "x"}), "headers.Host", "set by the platform"),
        ("headers", json!({"schoolbell-test": "x"}), "headers.schoolbell-test", "set by the platform"),
        ("headers", json!({"x-key": "a", "X-Key": "b"}), "headers.x-key", "is there twice"),
        ("headers", json!({"x-key": "a\r\nHost: b"}), "headers.x-key", "visible ASCII"),
        ("headers", json!({"x-key": 1}), "headers.x-key", "expected a string"),
        ("headers", json!(["x-key"]), "headers", "an object of names and values"),
        ("headers", many_headers(21), "headers", "at most 20"),
    ] {
        customer.post("/webhooks", with(field, value.clone())).await.expect_field(at, message);
        customer.patch(&path, json!({field: value})).await.expect_field(at, message);
    }
    for field in ["url", "event_types"] {
        customer.post("/webhooks", with(field, Value::Null)).await.expect_field(field, "is required");
    }
    let listed: Page<Webhook> = customer.get("/webhooks").await.expect(200);
    assert_eq!(listed.hits, [made]);
}

fn many_headers(count: usize) -> Value {
    (0..count).map(|n| (format!("x-{n}"), json!("value"))).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn a_rate_and_headers_are_set_shown_replaced_and_cleared() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let plain: Value = customer.post("/webhooks", asked()).await.expect(201);
    assert_eq!((&plain["rate_limit"], &plain["headers"]), (&Value::Null, &Value::Null));
    let mut asked = with("headers", json!({"X-Api-Key": "s3cret", "Authorization": "Basic czNjcmV0"}));
    asked["rate_limit"] = json!(1_000);
    let made: Value = customer.post("/webhooks", asked.clone()).await.expect(201);
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let listed: Page<Value> = customer.get("/webhooks").await.expect(200);
    for shown in [&made, &listed.hits[1], &customer.get(&path).await.expect(200)] {
        assert_eq!((&shown["rate_limit"], &shown["headers"]), (&asked["rate_limit"], &asked["headers"]));
    }
    let renamed: Value = customer.patch(&path, json!({"name": "x"})).await.expect(200);
    assert_eq!((&renamed["rate_limit"], &renamed["headers"]), (&asked["rate_limit"], &asked["headers"]));
    let replaced: Value = customer.patch(&path, json!({"headers": {"a": "b"}, "rate_limit": 1})).await.expect(200);
    assert_eq!((&replaced["rate_limit"], &replaced["headers"]), (&json!(1), &json!({"a": "b"})));
    let cleared: Value = customer.patch(&path, json!({"headers": null, "rate_limit": null})).await.expect(200);
    assert_eq!((&cleared["rate_limit"], &cleared["headers"]), (&Value::Null, &Value::Null));
    customer.post("/webhooks", with("headers", many_headers(20))).await.expect::<Value>(201);
}

#[tokio::test]
async fn a_request_is_authorized_by_a_header_or_by_oauth2() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let made: Value = customer.post("/webhooks", with("headers", json!({"authorization": "x"}))).await.expect(201);
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let oauth2 =
        json!({"client_id": "a", "client_secret": "b", "authentication_server_url": "https://a.example.com/token"});
    customer.patch(&path, json!({"oauth2": oauth2})).await.expect_field("headers", "while oauth2 is set");
    let instead = json!({"oauth2": oauth2, "headers": {"X-Key": "x"}});
    customer.patch(&path, instead).await.expect::<Value>(200);
    let both = json!({"headers": {"Authorization": "x"}});
    customer.patch(&path, both).await.expect_field("headers", "while oauth2 is set");
}

#[tokio::test]
async fn a_secret_has_up_to_64_characters_and_a_url_may_stand_twice() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let secret = "é".repeat(64);
    let made: Webhook = customer.post("/webhooks", with("secret_key", json!(secret))).await.expect(201);
    assert_eq!(made.secret_key, Some(secret));
    customer.post("/webhooks", asked()).await.expect::<Webhook>(201);
}

#[tokio::test]
async fn deliveries_may_carry_a_token_of_the_receivers_server() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let oauth2 = json!({
        "grant_type": "client_credentials",
        "client_id": "id",
        "client_secret": "secret",
        "authentication_server_url": "https://auth.example.com/token",
        "scope": "create+delete",
    });
    let asked = json!({
        "url": "https://receiver.example.com",
        "event_types": ["content.library.sync.request"],
        "integration_system_id": "int_AzuTsRz",
        "auth_type": "oauth2",
        "oauth2": oauth2,
        "signature_timestamp": "milliseconds",
    });
    let made: Value = customer.post("/webhooks", asked).await.expect(201);
    assert_eq!(made["oauth2"], oauth2);
    assert_eq!(made["auth_type"], "oauth2");
    assert_eq!(made["integration_system_id"], "int_AzuTsRz");
    assert_eq!(made["signature_timestamp"], "milliseconds");

    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let same: Value = customer.patch(&path, json!({"auth_type": "oauth2"})).await.expect(200);
    assert_eq!(same["oauth2"], oauth2);
    let none: Value = customer.patch(&path, json!({"auth_type": null})).await.expect(200);
    assert_eq!((&none["oauth2"], &none["auth_type"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_paused_webhook_says_so() {
    let app = App::new().await;
    let made: Webhook = app.as_(&app.customer).post("/webhooks", with("status", json!("paused"))).await.expect(201);
    assert_eq!((made.status.as_str(), made.status_reason.as_deref()), ("inactive", Some("paused")));
}

#[tokio::test]
async fn both_kinds_of_patch_are_taken() {
    use axum::body::Body;
    use axum::http::Request;
    let app = App::new().await;
    let made: Webhook = app.as_(&app.customer).post("/webhooks", asked()).await.expect(201);
    for content_type in ["application/json", "application/merge-patch+json", "text/plain"] {
        let request = Request::patch(format!("/webhooks/{}", made.id))
            .header("Content-Type", content_type)
            .header("Authorization", &app.customer.token)
            .header("Api-Version", "alpha")
            .body(Body::from(r#"{"name": "x"}"#))
            .unwrap();
        assert_eq!(app.send(request).await.expect::<Webhook>(200).name.as_deref(), Some("x"));
    }
}

#[tokio::test]
async fn who_made_and_who_changed_a_webhook_is_known() {
    let app = App::new().await;
    let account = app.as_(&app.customer).learner("second@customer.example.com").await;
    let (id, secret) =
        app.client(app.customer.portal_id, account.id.parse().unwrap(), domain::oauth::Scopes::all()).await;
    let token = app.token(&id, &secret, None).await;
    let made: Webhook = app.as_(&app.customer).post("/webhooks", asked()).await.expect(201);
    app.clock.advance(jiff::SignedDuration::from_secs(60));
    let path = format!("/webhooks/{}", made.id);
    let changed: Webhook = app.with_token(&token).patch(&path, json!({"name": "x"})).await.expect(200);
    assert_eq!(changed.created_by, app.customer.administrator_id.to_string());
    assert_eq!(changed.updated_by, account.id);
    assert_eq!(changed.created_time, made.created_time);
    assert_eq!(changed.updated_time.to_string(), "2022-03-29T01:30:36.676Z");
}
