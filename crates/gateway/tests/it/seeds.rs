//! The requests of the seeds, byte for byte but for host and token (contract, section 12.2).

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::app::App;

const ENROLLMENT_COMPLETE: &str = r#"{
    "name": "My webhook for course completion",
    "url": "https://webhook-consumer.com",
    "secret_key": "MyS3cretK#y",
    "event_types": ["enrollment.complete"],
}"#;

const CONTENT_DECOMMISSION: &str = r#"{
    "name": "My webhook for decommissioning content",
    "url": "https://webhook-consumer.com",
    "secret_key": "MyS3cretK#y",
    "event_types": ["content.decommission"],
}"#;

async fn check(body: &'static str, name: &str, event_type: &str) {
    let app = App::new().await;
    let request = Request::post("/webhooks")
        .header("Content-Type", "application/json")
        .header("Authorization", &app.partner.token)
        .header("Api-Version", "2022-07-01")
        .body(Body::from(body))
        .unwrap();
    let webhook: Value = app.send(request).await.expect(201);
    let id = webhook["id"].as_str().unwrap();
    assert!(id.len() == 12 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
    let account = app.partner.administrator_id.to_string();
    let expected = json!({
        "id": id,
        "portal_id": app.partner.portal_id.to_string(),
        "name": name,
        "url": "https://webhook-consumer.com",
        "secret_key": "MyS3cretK#y",
        "event_types": [event_type],
        "status": "active",
        "created_by": account,
        "updated_by": account,
        "created_time": "2022-03-29T01:29:36.676Z",
        "updated_time": "2022-03-29T01:29:36.676Z",
        "signature_timestamp": "seconds",
    });
    assert_eq!(webhook, expected);
}

#[tokio::test]
async fn the_enrollment_complete_seed_gives_201_and_the_published_object() {
    check(ENROLLMENT_COMPLETE, "My webhook for course completion", "enrollment.complete").await;
}

#[tokio::test]
async fn the_content_decommission_seed_gives_201_and_the_published_object() {
    check(CONTENT_DECOMMISSION, "My webhook for decommissioning content", "content.decommission").await;
}
