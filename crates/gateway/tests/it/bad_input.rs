//! Bad input, and what it gets. Nothing here is ever a 5xx.

use axum::body::Body;
use axum::http::{Method, Request};
use gateway::gateway::Settings;
use serde_json::{Value, json};
use utoipa::openapi::path::Operation;

use crate::app::App;

#[tokio::test]
async fn malformed_json_is_refused_with_line_and_column() {
    let app = App::new().await;
    for (body, place) in [
        ("{\"url\": \"https://a.example\"\n  \"name\": \"x\"}", "line 2 column 3"),
        ("{\"url\": \"https://a.example\",,}", "line 1 column"),
        ("{\"url\": 'x'}", "line 1 column 9"),
        ("{", "line 1 column 1"),
    ] {
        let answer = app.as_(&app.customer).send(Method::POST, "/webhooks", body).await;
        assert_eq!(answer.expect_refusal(400, place)["error_code"], "malformed_json");
    }
    for body in ["", "[]", "null"] {
        app.as_(&app.customer).send(Method::POST, "/webhooks", body).await.expect_refusal(400, "a JSON object");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_not() {
    let app = App::with(Settings { body_bytes_max: 1000, ..Settings::default() }).await;
    let body = |length: usize| format!("{{\"name\":\"{}\"}}", "x".repeat(length - r#"{"name":""}"#.len()));
    let customer = app.as_(&app.customer);
    customer.send(Method::POST, "/webhooks", body(1000)).await.expect_field("url", "required");
    customer.send(Method::POST, "/webhooks", body(1001)).await.expect_refusal(413, "1000 bytes");
    // The same when the length is not known beforehand.
    let chunks = [body(1000), " ".to_owned()].map(Ok::<_, std::io::Error>);
    let stream = Body::from_stream(futures_util::stream::iter(chunks));
    customer.send(Method::POST, "/webhooks", stream).await.expect_refusal(413, "1000 bytes");
}

#[tokio::test]
async fn unknown_routes_and_methods_have_the_same_shape() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for path in ["/", "/webhook", "/v2", "/v2/nothing", "/webhooks/a/b"] {
        let refusal = customer.get(path).await.expect_refusal(404, "/openapi.json");
        assert_eq!(refusal["error_code"], "not_found");
    }
    let answer = customer.send(Method::PUT, "/webhooks", "").await;
    assert_eq!(answer.header("allow"), Some("GET,HEAD,POST"));
    assert_eq!(answer.expect_refusal(405, "does not take PUT")["error_code"], "method_not_allowed");
    customer.delete("/v2/users").await.expect_refusal(405, "does not take DELETE");
}

#[tokio::test]
async fn ids_that_cannot_be_are_not_found() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    for id in ["0", "-1", "x", "9223372036854775808", "%00", "%ff", "1%2F2", "%20", "..%2f"] {
        for path in
            ["webhooks", "portals", "user-accounts", "learning-objects", "enrollments", "v2/enrollments", "v2/users"]
        {
            let answer = customer.get(&format!("/{path}/{id}")).await;
            assert_eq!(answer.status, 404, "{path}/{id}: {}", answer.text);
            assert!(answer.json()["message"].is_string());
        }
    }
}

#[tokio::test]
async fn health_is_told_without_a_token() {
    let app = App::new().await;
    for path in ["/healthz", "/readyz"] {
        let said: serde_json::Value = app.anybody().version(None).get(path).await.expect(200);
        assert_eq!(said, serde_json::json!({"status": "ok"}));
    }
}

/// Every operation of the description with its method and its path, ids filled in.
fn operations() -> Vec<(Method, String, Operation)> {
    let mut operations = Vec::new();
    for (path, item) in gateway::router::openapi().paths.paths {
        let path = path.replace("{id}", "1").replace("{collection}", "default");
        let methods = [
            (Method::GET, item.get),
            (Method::POST, item.post),
            (Method::PATCH, item.patch),
            (Method::DELETE, item.delete),
        ];
        operations.extend(methods.into_iter().filter_map(|(method, op)| Some((method, path.clone(), op?))));
    }
    operations
}

#[tokio::test]
async fn no_body_breaks_anything() {
    let app = App::new().await;
    let deep = format!("{{\"oauth2\":{}", "{\"a\":".repeat(50_000));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"\0".to_vec(),
        b"\xff\xfe".to_vec(),
        b"[]".to_vec(),
        b"[\"a\", \"https://example.com\", null, [\"enrollment.complete\"]]".to_vec(),
        b"{\"a\":1,\"a\":2}".to_vec(),
        b"{\"name\":\"x\",\"name\":\"y\"}".to_vec(),
        b"{\"name\":NaN}".to_vec(),
        b"{\"company_size\":1e999,\"result\":1e999,\"lo\":[1e999]}".to_vec(),
        b"{\"company_size\":-1,\"result\":99999999999999999999,\"user_account_id\":99999999999999999999}".to_vec(),
        b"{\"url\":\"\\ud800\"}".to_vec(),
        b"{\"due_date\":\"99999-01-01T00:00:00Z\"}".to_vec(),
        b"{\"lo\":[\"\\u0000\",\"'; DROP TABLE portals; --\"]}".to_vec(),
        b"{\"name\":\"\\u0000\",\"domain\":\"\\u0000\",\"country\":\"x\",\"industry\":\"x\"}".to_vec(),
        deep.into_bytes(),
    ];
    for (method, path, operation) in operations() {
        if operation.request_body.is_none() {
            continue;
        }
        for body in &bodies {
            let answer = app.as_(&app.customer).send(method.clone(), &path, body.clone()).await;
            let revoked = path == "/oauth/revoke" && answer.status == 204;
            let text = String::from_utf8_lossy(body);
            assert!(revoked || (400..500).contains(&answer.status), "{method} {path} {text}: {answer:?}");
            if !revoked {
                assert!(answer.json()["message"].is_string());
            }
        }
    }
}

#[tokio::test]
async fn no_query_breaks_anything() {
    let app = App::new().await;
    let values =
        ["", "x", "-1", "0", "1", "1e9", "99999999999999999999", "%00", "%ff", "a,b,,c", "'", "%F0%9F%94%94", "true"];
    for (method, path, operation) in operations() {
        if method != Method::GET {
            continue;
        }
        let names: Vec<String> = operation
            .parameters
            .into_iter()
            .flatten()
            .map(|parameter| serde_json::to_value(parameter).unwrap())
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        for name in names {
            for value in values {
                for spelling in [&name, &format!("{name}[]"), &format!("{name}[0]")] {
                    let answer = app.as_(&app.customer).get(&format!("{path}?{spelling}={value}")).await;
                    assert!(answer.status < 500, "{path}?{spelling}={value}: {answer:?}");
                    assert!(answer.json().is_object() || answer.json().is_array());
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_says_that_it_is_a_form_is_read_as_json() {
    let app = App::new().await;
    let body = json!({"url": "https://receiver.example.com", "event_types": ["enrollment.complete"]}).to_string();
    for content_type in [None, Some("application/x-www-form-urlencoded")] {
        let mut request =
            Request::post("/webhooks").header("Authorization", &app.customer.token).header("Api-Version", "alpha");
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        app.send(request.body(Body::from(body.clone())).unwrap()).await.expect::<Value>(201);
    }
}
