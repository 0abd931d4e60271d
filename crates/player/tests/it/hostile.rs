//! Bodies that nobody means.

use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use futures_util::stream;
use serde_json::json;

use crate::app::App;

const ROUTES: [&str; 4] = ["/scorm/launch", "/scorm/commit", "/play/exchange", "/play/progress"];

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_leaves_nothing() {
    let app = App::new().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(50_000), close.repeat(50_000));
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"{".to_vec(),
        b"{}".to_vec(),
        b"{\"token\":\"\xff\xfe\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"token\":\"\\ud83d\"}".to_vec(),
        b"\0".repeat(1_000),
        deep("[", "]").into_bytes(),
        deep("{\"a\":", "}").into_bytes(),
        format!("{{\"values\":{}}}", deep("[", "]")).into_bytes(),
        b"{\"lo\":1e400}".to_vec(),
        b"{\"lo\":99999999999999999999,\"launch\":\"x\"}".to_vec(),
    ];
    for route in ROUTES {
        for body in &bodies {
            let answer = app.post_from(route, None, body.clone()).await;
            assert_eq!(answer.status, 400, "{route} {:?}", String::from_utf8_lossy(&body[..body.len().min(60)]));
            answer.refused(400, "malformed");
        }
    }
    assert!(app.enrollments().await.is_empty());
}

#[tokio::test]
async fn what_is_too_long_is_not_read_to_its_end() {
    let app = App::new().await;
    for route in ROUTES {
        app.post_from(route, None, vec![b' '; 512 * 1024 + 1]).await.refused(413, "too_large");
        // Without end, and without saying so beforehand.
        let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096])));
        app.post_from(route, None, Body::from_stream(endless)).await.refused(413, "too_large");
    }
}

#[tokio::test]
async fn values_have_limits_and_a_large_launch_within_them_is_kept() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let mut lms = app.lms(&destination, "ada");
    let names = |count: usize| (0..count).map(|n| (format!("name {n}"), json!("x"))).collect::<serde_json::Map<_, _>>();
    let with = |mut values: serde_json::Value, more: serde_json::Map<String, serde_json::Value>| {
        values.as_object_mut().unwrap().extend(more);
        values
    };
    let plain = lms.values.clone();
    lms.values = with(plain.clone(), names(10_000));
    app.launch(&lms).await.refused(400, "malformed");
    lms.values = json!({"cmi.core.student_id": {"deep": ["er"]}});
    app.launch(&lms).await.refused(400, "malformed");
    lms.values = plain.clone();
    lms.values["x".repeat(256)] = json!("");
    app.launch(&lms).await.refused(400, "malformed");
    assert!(app.enrollments().await.is_empty());
    lms.values = with(plain, names(1_900));
    lms.values["cmi.suspend_data"] = json!("\u{fffd}".repeat(100_000));
    app.launch(&lms).await.ok();
    let enrollment = app.enrollments().await.remove(0);
    let activity = app.activities(enrollment.id).await.remove(0);
    assert_eq!(activity.values["cmi.suspend_data"].chars().count(), 100_000);
}

#[tokio::test]
async fn a_learner_id_may_be_anything() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let id = "x".repeat(4_000);
    for learner in ["'; DROP TABLE enrollments; --", "\u{0}", "<script>", "ada\u{202e}", "ада", id.as_str()] {
        for _ in 0..2 {
            app.launch(&app.lms(&destination, learner)).await.ok();
        }
    }
    assert_eq!(app.enrollments().await.len(), 6);
    // Half of a surrogate pair is another id than the other half.
    for half in ["\\ud83d", "\\ud83e", "\\ud83d"] {
        let body = format!(
            "{{\"protocol\":1,\"token\":\"{}\",\"id\":{},\"version\":\"2004\",\"values\":{{\"cmi.learner_id\":\"{half}\"}}}}",
            destination.token, app.lo_id
        );
        app.post_from("/scorm/launch", None, body).await.ok();
    }
    assert_eq!(app.enrollments().await.len(), 8);
}

#[tokio::test]
async fn a_launch_says_its_protocol_and_its_version() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let lms = app.lms(&destination, "ada");
    for (protocol, version) in [(0, "1.2"), (2, "1.2"), (1, "1.3"), (1, "")] {
        let body = json!({
            "protocol": protocol, "token": lms.token, "id": lms.lo_id, "version": version, "values": lms.values,
        });
        app.post("/scorm/launch", body).await.refused(400, "malformed");
    }
}

#[tokio::test]
async fn one_address_cannot_flood() {
    let app = App::new().await;
    let ask = async |peer: &str| {
        let peer = ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1234));
        app.send(Request::post("/scorm/launch").extension(peer).body(Body::from("{}")).unwrap()).await
    };
    for _ in 0..2_000 {
        assert_eq!(ask("2001:db8::1").await.status, 400);
    }
    ask("2001:db8::2").await.refused(429, "rate_limited");
    assert_eq!(ask("192.0.2.1").await.status, 400, "another address is another");
}
