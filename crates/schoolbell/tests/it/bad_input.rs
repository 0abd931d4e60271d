//! What a platform that runs says to what it should not be given, before and after: nothing is half-written.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::process::{Running, Sandbox};

#[tokio::test]
async fn bad_webhooks_are_refused_by_field_and_none_is_made() {
    let sandbox = Sandbox::fill().await;
    // As it is run on a network: https and public addresses only.
    let data = sandbox.data();
    let platform = Running::start(&["serve", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    let token = sandbox.token(&platform.url, "/partner").await;
    let call = async |method: Method, body: String| {
        let request = reqwest::Client::new().request(method, format!("{}/webhooks", platform.url));
        let request = request.header("Api-Version", "2022-07-01").header("Authorization", &token);
        let answer = request.body(body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let good = json!({"url": "https://webhook-consumer.com", "event_types": ["enrollment.complete"]});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    let cases = [
        (with("url", json!("http://webhook-consumer.com")), "url"),
        (with("url", json!("https://127.0.0.1/hook")), "url"),
        (with("url", json!("https://[::ffff:10.0.0.1]/hook")), "url"),
        (with("url", json!("webhook-consumer.com")), "url"),
        (with("event_types", json!(["enrollment.complete", "enrollment.finish"])), "event_types"),
        (with("event_types", json!([])), "event_types"),
        (with("event_types", Value::Null), "event_types"),
        (with("secret_key", json!("x".repeat(65))), "secret_key"),
        (with("secret_key", json!(7)), "secret_key"),
        ("{\"url\": \"https://a.com\"\n  \"event_types\": []}".to_owned(), "line 2 column 3"),
        (String::new(), "JSON object"),
    ];
    for (body, expected) in cases {
        let (status, answer) = call(Method::POST, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(expected), "{body}: {answer}");
    }
    let (_, listed) = call(Method::GET, String::new()).await;
    assert_eq!(listed["total"], 0);
    assert_eq!(call(Method::POST, with("name", json!("x".repeat(2 << 20)))).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(call(Method::POST, good.to_string()).await.0, StatusCode::CREATED);
}
