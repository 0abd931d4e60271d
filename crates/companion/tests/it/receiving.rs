//! What is stored, what is answered.

use companion::step::Step;
use contract::signature::{self, TimestampUnit};
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use crate::retiring::content_event;
use crate::world::{CUSTOMER, SECRET, World, completed, event, event_in};

/// The raw body and headers of an entry, and how often it arrived.
type Row = (Vec<u8>, String, u32, Option<u32>);

fn stored(world: &World, number: i64) -> Option<Row> {
    let query = "SELECT body, headers, received_count, attempt_number_max FROM inbox WHERE number = ?1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    world.database.read(|transaction| transaction.query_row(query, [number], read).optional()).unwrap()
}

#[tokio::test]
async fn what_is_answered_200_is_stored_byte_for_byte() {
    let world = World::begin().await;
    // White space and unknown fields are the sender's; they are part of what was signed.
    let body = completed("e1", "1").replace("\"data\"", "\"news\": [1.0, \"é\"],\n \"data\"");
    let header = signature::sign(&[SECRET], world.now(), TimestampUnit::Milliseconds, body.as_bytes());
    let headers = [("go1-signature", header.as_str()), ("User-Agent", "bell/1"), ("Authorization", "Bearer hidden")];
    let answer = world.post(&headers, body.clone()).await;
    assert_eq!((answer.status, answer.body), (200, json!({"event_id": "e1", "duplicate": false})));
    let (kept, kept_headers, count, attempt) = stored(&world, 1).unwrap();
    assert_eq!((kept.as_slice(), count, attempt), (body.as_bytes(), 1, Some(1)));
    let kept_headers: Value = serde_json::from_str(&kept_headers).unwrap();
    assert_eq!(kept_headers, json!({"Go1-Signature": header, "User-Agent": "bell/1"}));
}

#[tokio::test]
async fn the_standard_form_of_signatures_is_enough() {
    let world = World::begin().await;
    let body = completed("e1", "1");
    let [id, at, signatures] = signature::sign_standard(&[SECRET], "e1", world.now(), body.as_bytes());
    let headers = [("webhook-id", id.as_str()), ("webhook-timestamp", &at), ("webhook-signature", &signatures)];
    assert_eq!(world.post(&headers, body).await.status, 200);
    world.check_counts(&[("new", 1)]).await;
}

#[tokio::test]
async fn an_event_that_comes_again_is_answered_200_and_counted() {
    let world = World::begin().await;
    let attempt = |number| event_in("1", "e1", "enrollment.complete", "1", number, "2022-03-29T01:29:36.000Z");
    world.deliver(&attempt(2)).await;
    for number in [3, 1] {
        let answer = world.post_signed(&attempt(number)).await;
        assert_eq!((answer.status, answer.body), (200, json!({"event_id": "e1", "duplicate": true})));
    }
    let (body, _, count, attempt_number_max) = stored(&world, 1).unwrap();
    assert_eq!((body, count, attempt_number_max), (attempt(2).into_bytes(), 3, Some(3)));
    world.check_counts(&[("new", 1)]).await;
}

#[tokio::test]
async fn a_test_is_answered_200_and_nothing_comes_of_it() {
    let world = World::begin().await;
    let times = r#","remove_time":"2022-06-29T01:29:36.000Z""#;
    let ends = content_event(CUSTOMER, "404", "e1", "content.decommission", "2022-03-29T01:29:36.000Z", times);
    for body in [ends, completed("e1", "404")] {
        let header = signature::sign(&[SECRET], world.now(), TimestampUnit::Seconds, body.as_bytes());
        let answer = world.post(&[("Go1-Signature", &header), ("Schoolbell-Test", "true")], body.clone()).await;
        assert_eq!((answer.status, answer.body), (200, json!({"event_id": "e1", "duplicate": false})));
        world.check_counts(&[]).await;
        assert_eq!(world.get("/retirements").await.body["total"], 0);
        // Whoever did not sign it is not believed, test or not.
        assert_eq!(world.post(&[("Schoolbell-Test", "true")], body).await.status, 401);
    }
}

/// Posts with these headers; it must be refused, for this reason, and nothing stored.
async fn check_refused(headers: &[(&str, &str)], reason: &str) {
    let mut world = World::begin().await;
    let answer = world.post(headers, completed("e1", "1")).await;
    assert_eq!((answer.status, answer.body), (401, json!({ "message": reason })), "{headers:?}");
    world.check_counts(&[]).await;
    assert_eq!(world.told(), [Step::Refused { reason: reason.to_owned() }]);
}

#[tokio::test]
async fn what_is_not_signed_as_it_should_be_is_401_and_not_stored() {
    let now = World::begin().await.now();
    let sign = |secret: &str, seconds: i64, body: &str| {
        let at = now + jiff::SignedDuration::from_secs(seconds);
        signature::sign(&[secret], at, TimestampUnit::Seconds, body.as_bytes())
    };
    let body = completed("e1", "1");
    let mismatch = "no digest matches: the secret differs, or the body was changed";
    check_refused(&[], "the Go1-Signature header is missing").await;
    check_refused(&[("Go1-Signature", "t=1")], "the signature has no v1 digest").await;
    check_refused(&[("Go1-Signature", &sign("other", 0, &body))], mismatch).await;
    check_refused(&[("Go1-Signature", &sign(SECRET, 0, &body.replace("e1", "e2")))], mismatch).await;
    let old = "the signature is 301 s old, which is more than is tolerated";
    check_refused(&[("Go1-Signature", &sign(SECRET, -301, &body))], old).await;
    let new = "the signature is 301 s in the future, which is more than is tolerated";
    check_refused(&[("Go1-Signature", &sign(SECRET, 301, &body))], new).await;
}

#[tokio::test]
async fn during_a_rotation_both_secrets_are_good() {
    let world = World::with(|settings| settings.secrets.insert(0, "next".into())).await;
    for secret in [SECRET, "next"] {
        let body = completed(secret, "1");
        let header = signature::sign(&[secret], world.now(), TimestampUnit::Seconds, body.as_bytes());
        assert_eq!(world.post(&[("Go1-Signature", &header)], body).await.status, 200, "{secret}");
    }
    world.check_counts(&[("new", 2)]).await;
}

#[tokio::test]
async fn a_webhook_without_a_secret_is_believed_if_the_operator_says_so() {
    let unsigned = |settings: &mut companion::config::Settings| {
        settings.secrets.clear();
        settings.accept_unsigned = true;
    };
    let world = World::with(unsigned).await;
    assert_eq!(world.post(&[], completed("e1", "1")).await.status, 200);
    world.check_counts(&[("new", 1)]).await;
}

/// Posts a signed body twice; it must be stored once, in this state, with this reason.
async fn check_kept(body: &str, state: &str, reason: &str) {
    let world = World::begin().await;
    for duplicate in [false, true] {
        let answer = world.post_signed(body).await;
        assert_eq!((answer.status, &answer.body["duplicate"]), (200, &json!(duplicate)), "{body}");
    }
    assert_eq!(stored(&world, 1).unwrap().0, body.as_bytes());
    let inbox = world.check_counts(&[(state, 1)]).await;
    assert_eq!(inbox["attention"][0]["reason"], reason);
    assert_eq!(inbox["attention"][0]["received_count"], 2);
    assert_eq!(world.work().await, 0);
}

#[tokio::test]
async fn what_is_not_understood_is_kept_and_shown() {
    check_kept(
        &event("e1", "enrollment.praised", "1"),
        "unsupported",
        "the event type \"enrollment.praised\" is not known to this version",
    )
    .await;
    check_kept(
        r#"{"type":"user.create","fired_at":"2020-04-29T06:29:13+0000","data":{"id":"8191190"}}"#,
        "unsupported",
        "a \"user.create\" of the old generation of webhooks (type, fired_at, data), which is not supported",
    )
    .await;
    check_kept("{}", "unreadable", "the field \"event_type\" is missing or null").await;
    check_kept(&event("", "enrollment.complete", "1"), "unreadable", "the field \"id\" is empty").await;
    check_kept("", "unreadable", "the body is not a JSON object: EOF while parsing a value at line 1 column 0").await;
}

#[tokio::test]
async fn bodies_without_an_id_are_told_apart_by_their_bytes() {
    let world = World::begin().await;
    for body in ["{}", "{ }", "[]"] {
        world.deliver(body).await;
    }
    world.check_counts(&[("unreadable", 3)]).await;
}

#[tokio::test]
async fn events_that_need_no_fetching_are_noted() {
    let world = World::begin().await;
    for (number, event_type) in ["enrollment.create", "enrollment.delete", "content.add"].iter().enumerate() {
        world.deliver(&event(&format!("e{number}"), event_type, "1")).await;
    }
    let inbox = world.check_counts(&[("noted", 3)]).await;
    assert_eq!(inbox["attention"], json!([]));
    assert_eq!(world.work().await, 0);
    world.platform.check_asked(&[]);
}

#[tokio::test]
async fn a_body_at_the_limit_is_taken_and_one_past_it_is_413() {
    let body = completed("e1", "1");
    let world = World::with(|settings| settings.limits.body_bytes_max = body.len()).await;
    let longer = format!("{body} ");
    let answer = world.post_signed(&longer).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body, json!({"message": format!("the body is longer than {} bytes", body.len())}));
    world.check_counts(&[]).await;
    world.deliver(&body).await;
}

#[tokio::test]
async fn by_default_64_kibibytes_are_taken() {
    let world = World::begin().await;
    let padding = |length: usize| format!("[{}]", " ".repeat(length - 2));
    world.deliver(&padding(64 * 1024)).await;
    assert_eq!(world.post_signed(&padding(64 * 1024 + 1)).await.status, 413);
    world.check_counts(&[("unreadable", 1)]).await;
}

#[tokio::test]
async fn while_it_cannot_store_it_answers_503_and_recovers_by_itself() {
    let world = World::begin().await;
    world.pragma("max_page_count", 1).await;
    // A body of many pages: it does not fit, wherever there may be room left.
    let long = |event_id| format!("{}{}", completed(event_id, "1"), " ".repeat(50_000));
    let answer = world.post_signed(&long("e1")).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "5");
    assert_eq!(answer.body, json!({"message": "the inbox is out of order: try again later"}));
    world.check_counts(&[]).await;
    world.pragma("max_page_count", 1_000_000).await;
    world.deliver(&long("e1")).await;
    world.check_counts(&[("new", 1)]).await;
}
