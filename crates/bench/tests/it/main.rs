//! The roles as processes: what one is asked and what it answers, over their pipes and sockets.

mod process;

use contract::signature::{self, TimestampUnit};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::process::{Role, post};

/// As in `src/job.rs`.
const SECRET: &str = "bench-0123456789abcdefgh";

fn arrivals(count: usize, within_ms: u64) -> Value {
    json!({"count": count, "within_ms": within_ms})
}

fn completions(address: &str, count: usize) -> Value {
    let request =
        |id| json!({"method": "PATCH", "path": format!("/enrollments/{id}"), "body": r#"{"status":"completed"}"#});
    json!({
        "address": address,
        "connections": 4,
        "headers": [["Content-Type", "application/json"]],
        "requests": (1..=count).map(request).collect::<Vec<_>>(),
        "pick": "id",
    })
}

#[test]
fn every_delivery_of_the_poster_arrives_once_and_is_accepted() {
    let (mut receiver, mut poster) = (Role::start("receiver"), Role::start("poster"));
    let address = receiver.hear();
    poster.ask(&json!({"address": address, "connections": 8, "count": 100}));
    let report = receiver.ask(&arrivals(100, 60_000));
    assert_eq!(report["arrivals"].as_array().unwrap().len(), 100);
    assert_eq!([&report["refused"], &report["repeated"]], [0, 0]);
    // A report is of what came since the one before.
    assert_eq!(receiver.ask(&arrivals(1, 0))["arrivals"], json!([]));
}

#[test]
fn the_receiver_refuses_what_is_badly_signed_and_counts_what_comes_again() {
    let mut receiver = Role::start("receiver");
    let address = receiver.hear();
    let address = address.as_str().unwrap();
    let body = r#"{"id":"hg4JWUDbT55B","event_type":"enrollment.complete","webhook_version":"3.0.0",
        "sent":"2022-03-29T01:29:36.676Z","attempt_number":1,"url":"http://x","webhook_id":"w",
        "data":{"id":"7","lo_id":"1","portal_id":"2","event_time":"2022-03-29T01:29:36.000Z"}}"#;
    #[expect(clippy::disallowed_methods, reason = "the receiver judges the signature by this machine's time")]
    let sign = |secret| signature::sign(&[secret], Timestamp::now(), TimestampUnit::Seconds, body.as_bytes());
    assert_eq!(post(address, &sign("another secret"), body), 400);
    assert_eq!(post(address, &sign(SECRET), "{}"), 400);
    assert_eq!(post(address, &sign(SECRET), body), 200);
    assert_eq!(post(address, &sign(SECRET), body), 200);
    let report = receiver.ask(&arrivals(1, 60_000));
    assert_eq!(report["arrivals"][0][0], 7);
    assert_eq!([&report["refused"], &report["repeated"]], [2, 1]);
}

#[test]
fn the_load_is_answered_in_the_order_of_the_requests() {
    let (mut ingest, mut load) = (Role::start("ingest"), Role::start("load"));
    let address = ingest.hear();
    let report = load.ask(&completions(address.as_str().unwrap(), 50));
    let expected: Vec<String> = (1..=50).map(|id| id.to_string()).collect();
    assert_eq!(report["picked"], json!(expected));
    for times in ["sent_at_us", "took_us"] {
        let times = report[times].as_array().unwrap();
        assert_eq!(times.len(), 50);
        assert!(times.iter().all(|time| time.as_i64().unwrap() > 0), "{times:?}");
    }
}

#[test]
fn a_refusal_ends_the_load_and_is_told() {
    let (mut ingest, load) = (Role::start("ingest"), Role::start("load"));
    let address = ingest.hear();
    let mut job = completions(address.as_str().unwrap(), 1);
    job["requests"][0]["path"] = json!("/nowhere");
    let told = load.fails(&job);
    assert!(told.contains("PATCH /nowhere: answered 404"), "{told}");
}
