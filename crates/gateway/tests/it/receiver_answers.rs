//! What a receiver answered, as its webhook's owner is shown it: text in JSON, however it was meant, and nobody else's to see.

use axum::http::Method;
use domain::clock::Clock;
use domain::delivery::{ANSWER_BYTES_MAX, Answer, FinishedAttempt, Next, Outcome};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::delivery::LeaseRequest;

use crate::app::App;

/// What only the receiver has said.
const SAID: &str = "what-the-receiver-said";

/// Bodies that would be something else to a reader who is not careful, each with what the receiver said in it.
fn bodies() -> Vec<Vec<u8>> {
    let long = |piece: &[u8]| piece.iter().copied().cycle().take(ANSWER_BYTES_MAX - SAID.len()).collect::<Vec<_>>();
    let mut bodies = vec![
        b"<script>alert(1)</script>".to_vec(),
        b"<!doctype html><html><body onload=alert(1)>".to_vec(),
        b"</script><svg onload=alert(1)>".to_vec(),
        b"\"}],\"status\":\"delivered\",\"attempts\":[{\"body\":\"".to_vec(),
        b"\\u0022,\"portal_id\":\"1\"".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<b>".to_vec(),
        b"\r\nSet-Cookie: a=b\r\n".to_vec(),
        b"\0\x01\x1b[31m\x7f".to_vec(),
        b"\xef\xbb\xbf\xff\xfe<\0s\0c\0r\0i\0p\0t\0>".to_vec(),
        "\u{2028}\u{2029}\u{202e}\u{feff}\u{1f514}".as_bytes().to_vec(),
        b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-".to_vec(),
        b"%PDF-1.7".to_vec(),
        b"=cmd|' /C calc'!A0".to_vec(),
        b"\x1f\x8b\x08\0".to_vec(),
        long(b"\""),
        long(b"\\"),
        long(b"\x01"),
        long(b"\xff"),
        long(b"\xe2\x82"),
        long("🔔".as_bytes()),
        Vec::new(),
    ];
    for body in &mut bodies {
        body.extend_from_slice(SAID.as_bytes());
    }
    bodies
}

/// The owner's deliveries, each attempted once and answered with one of the bodies.
async fn told(app: &App, bodies: &[Vec<u8>]) -> (String, Vec<String>) {
    let owner = app.as_(&app.customer);
    let webhook = json!({"url": "https://receiver.example.com", "event_types": ["enrollment.complete"]});
    let webhook: Value = owner.post("/webhooks", webhook).await.expect(201);
    let webhook = webhook["id"].as_str().unwrap().to_owned();
    let mut deliveries = Vec::new();
    for (n, body) in bodies.iter().enumerate() {
        let learner = owner.learner(&format!("learner{n}@example.com")).await;
        let enrolled = owner.enroll(&learner, &owner.content("Fire safety").await).await;
        owner
            .patch(&format!("/enrollments/{}", enrolled.id), json!({"status": "completed"}))
            .await
            .expect::<Value>(200);
        let now = app.clock.now();
        let expires_at = now + SignedDuration::from_secs(60);
        let request = LeaseRequest { lanes: vec![(webhook.parse().unwrap(), 1)], now, expires_at };
        let lease = app.store.lease_deliveries(&request).await.unwrap().remove(0);
        deliveries.push(lease.delivery_id.to_string());
        let headers = format!("x-said: {SAID}\n");
        let outcome =
            Outcome::Answered(Answer { status: 500, retry_after: None, body: body.clone(), truncated: true, headers });
        let attempt =
            FinishedAttempt { lease, started_at: now, took: SignedDuration::ZERO, outcome, next: Next::Exhausted };
        app.store.finish_attempts(vec![attempt], now).await.unwrap();
    }
    (webhook, deliveries)
}

#[tokio::test]
async fn an_answer_is_text_in_json_for_the_owner_alone() {
    let app = App::new().await;
    let bodies = bodies();
    let (webhook, deliveries) = told(&app, &bodies).await;
    let (mut shown, mut refused) = (0, 0);
    for (delivery, body) in deliveries.iter().zip(&bodies) {
        let path = format!("/deliveries/{delivery}");
        for accept in ["application/json", "text/html", "*/*"] {
            let answer = app.as_(&app.customer).header("Accept", accept).get(&path).await;
            assert_eq!(answer.header("content-type"), Some("application/json"), "{accept}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(answer.text.chars().all(|letter| letter >= ' '), "what is no text is escaped");
            let attempt = &answer.json()["attempts"][0];
            assert_eq!(attempt["headers"], format!("x-said: {SAID}\n"));
            let text = attempt["body"].as_str().unwrap();
            assert_eq!(text, String::from_utf8_lossy(body));
            assert!(text.chars().count() <= ANSWER_BYTES_MAX && text.ends_with(SAID));
            shown += 1;
        }
        for other in [&app.sibling, &app.partner, &app.stranger] {
            app.as_(other).get(&path).await.expect_refusal(404, "no delivery");
            app.as_(other).post(&format!("{path}/replay"), json!({})).await.expect_refusal(404, "no delivery");
            refused += 2;
        }
        assert!(!app.anybody().get(&path).await.text.contains(SAID));
        refused += 1;
    }
    // Nor is it anywhere else, for anybody.
    let mut looked = 0;
    let lists = ["/deliveries", "/events", "/notices", "/webhooks", "/enrollments", "/v2/enrollments"];
    let paths = lists.map(str::to_owned).into_iter().chain([format!("/webhooks/{webhook}")]);
    for path in paths {
        for tenant in [&app.customer, &app.sibling, &app.partner, &app.stranger] {
            assert!(!app.as_(tenant).send(Method::GET, &path, "").await.text.contains(SAID), "{path}");
            looked += 1;
        }
    }
    let progress = format!("{shown} shown to the owner as JSON; {looked} other pages do not have it");
    proof::held("S4", "answers of receivers, asked for by others", refused, progress);
}
