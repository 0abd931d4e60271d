//! The seeds, taken literally, against the real binary.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::process::{Running, Sandbox};
use crate::receiver::Receiver;

/// The `curl` of the first seed, as it stands there. Host and token are replaced, and nothing else.
const ENROLLMENT_COMPLETE: &str = r#"curl --location --request POST 'https://gateway.go1.com/webhooks' \
--header "Content-Type: application/json" \
--header "Authorization: {access_token}" \
--header "Api-Version: 2022-07-01" \
--data-raw '{
    "name": "My webhook for course completion",
    "url": "https://webhook-consumer.com",
    "secret_key": "MyS3cretK#y",
    "event_types": ["enrollment.complete"],
}'"#;

/// The `curl` of the second.
const CONTENT_DECOMMISSION: &str = r#"curl --location --request POST 'https://gateway.go1.com/webhooks' \
--header "Content-Type: application/json" \
--header "Authorization: {access_token}" \
--header "Api-Version: 2022-07-01" \
--data-raw '{
    "name": "My webhook for decommissioning content",
    "url": "https://webhook-consumer.com",
    "secret_key": "MyS3cretK#y",
    "event_types": ["content.decommission"],
}'"#;

/// Runs a seed's command in a shell, and gives the status and the body of the answer.
async fn curl(seed: &str, url: &str, token: &str) -> (u16, Value) {
    let command = seed.replace("https://gateway.go1.com", url).replace("{access_token}", token);
    let command = command.replacen("curl", "curl --silent --write-out '\\n%{http_code}'", 1);
    let output = Command::new("sh").args(["-c", &command]).stdin(Stdio::null()).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap_or_else(|| panic!("curl printed {text:?}"));
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn the_seeds_commands_give_201_and_the_published_object() {
    let sandbox = Sandbox::fill().await;
    let platform = Running::serve(&sandbox.data()).await;
    let token = sandbox.token(&platform.url, "/partner").await;
    for (seed, name, event_type) in [
        (ENROLLMENT_COMPLETE, "My webhook for course completion", "enrollment.complete"),
        (CONTENT_DECOMMISSION, "My webhook for decommissioning content", "content.decommission"),
    ] {
        let (status, webhook) = curl(seed, &platform.url, &token).await;
        assert_eq!(status, 201, "{webhook}");
        for (field, expected) in [
            ("name", json!(name)),
            ("url", json!("https://webhook-consumer.com")),
            ("secret_key", json!("MyS3cretK#y")),
            ("event_types", json!([event_type])),
            ("status", json!("active")),
            ("portal_id", json!(sandbox.text("/partner/portal_id"))),
        ] {
            assert_eq!(webhook[field], expected, "{field}");
        }
        assert_eq!(webhook["id"].as_str().unwrap().len(), 12);
        for field in ["created_by", "updated_by"] {
            assert!(webhook[field].as_str().unwrap().parse::<u64>().is_ok(), "{webhook}");
        }
        for field in ["created_time", "updated_time"] {
            let time = webhook[field].as_str().unwrap();
            assert!(time.ends_with('Z') && time.len() == "2022-03-29T01:29:36.000Z".len(), "{time}");
        }
    }
}

/// HMAC-SHA256 by a program that shares no line with ours.
async fn openssl_hmac(secret: &str, message: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("key:{secret}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(message).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().rsplit("= ").next().unwrap().to_owned()
}

/// Enrolls a learner of the first customer and completes the enrollment; gives its id.
pub(crate) async fn complete(sandbox: &Sandbox, url: &str) -> String {
    let token = sandbox.token(url, "/customers/0").await;
    let http = reqwest::Client::new();
    let call = |method, path: &str, body: Value| {
        let request = http.request(method, format!("{url}{path}"));
        request.header("Api-Version", "2022-07-01").bearer_auth(&token).json(&body).send()
    };
    let create = json!({
        "user_account_id": sandbox.text("/customers/0/user_account_ids/0"),
        "lo_id": sandbox.text("/learning_objects/0/lo_id"),
        "enrollment_type": "self-directed",
        "status": "in-progress",
    });
    let created = call(reqwest::Method::POST, "/enrollments", create).await.unwrap();
    assert_eq!(created.status(), 201);
    let id = created.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/enrollments/{id}");
    let completed = call(reqwest::Method::PATCH, &path, json!({"status": "completed"})).await.unwrap();
    assert_eq!(completed.status(), 200);
    id
}

/// Registers a webhook on the partner.
pub(crate) async fn register(sandbox: &Sandbox, url: &str, receiver: &Receiver, event_types: &[&str]) -> Value {
    let token = sandbox.token(url, "/partner").await;
    let body = json!({"url": receiver.url, "secret_key": "MyS3cretK#y", "event_types": event_types});
    let request = reqwest::Client::new().post(format!("{url}/webhooks")).header("Api-Version", "2022-07-01");
    let answer = request.header("Authorization", token).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_completion_is_delivered_and_an_independent_hmac_agrees() {
    let sandbox = Sandbox::fill().await;
    let platform = Running::serve(&sandbox.data()).await;
    let receiver = Receiver::start().await;
    let webhook = register(&sandbox, &platform.url, &receiver, &["enrollment.complete"]).await;
    let enrollment_id = complete(&sandbox, &platform.url).await;
    let received = receiver.wait_until(|all| !all.is_empty()).await.remove(0);

    let signature = received.header("go1-signature").to_owned();
    let (t, digest) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    assert_eq!(t.len(), 10, "seconds");
    let message = [t.as_bytes(), b".", &received.body].concat();
    assert_eq!(openssl_hmac("MyS3cretK#y", &message).await, digest);
    assert_eq!(received.header("content-type"), "application/json");

    let envelope = received.json();
    assert_eq!(envelope["event_type"], "enrollment.complete");
    assert_eq!(envelope["webhook_version"], "3.0.0");
    assert_eq!(envelope["attempt_number"], 1);
    assert_eq!(envelope["url"], receiver.url.as_str());
    assert_eq!(envelope["webhook_id"], webhook["id"]);
    assert_eq!(envelope["data"]["id"], enrollment_id.as_str());
    assert_eq!(envelope["data"]["lo_id"], sandbox.text("/learning_objects/0/lo_id"));
    assert_eq!(envelope["data"]["portal_id"], sandbox.text("/customers/0/portal_id"));
    // Compact, in the published order, and identical when a verifier serialises it again.
    let keys = ["id", "event_type", "webhook_version", "sent", "attempt_number", "url", "webhook_id", "data"];
    let text = std::str::from_utf8(&received.body).unwrap();
    let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(!text.contains(": ") && !text.contains(", "), "{text}");

    // The third step of the seed: the customer's own credentials see it, the partner's are refused.
    let fetch = async |pointer: &str| {
        let token = sandbox.token(&platform.url, pointer).await;
        let url = format!("{}/v2/enrollments/{enrollment_id}", platform.url);
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, enrollment) = fetch("/customers/0").await;
    assert_eq!((status, &enrollment["status"]), (200, &json!("completed")));
    assert_eq!(enrollment["id"].as_u64().unwrap().to_string(), enrollment_id);
    assert_eq!(fetch("/partner").await.0, 403);
    assert_eq!(fetch("/customers/1").await.0, 404);
}
