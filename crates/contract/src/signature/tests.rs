use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The vectors of contract 4.5, each accepted by the official verifier and by an independent HMAC.
const VECTORS: [(&str, i64, &str, &str); 4] = [
    (
        "test-secret",
        1713261120,
        r#"{"message":"hello"}"#,
        "eba47aaa33b1f5578118f8a9be82d15d9167fe819205f224c5424ed6ea1ffddd",
    ),
    (
        "MyS3cretK#y",
        1648517376,
        r#"{"id":"hg4JWUDbT55B","event_type":"enrollment.complete","webhook_version":"3.0.0","sent":"2022-03-29T01:29:36.676Z","attempt_number":1,"url":"https://your.webhook.endpoint.com","webhook_id":"auto generated uuid will be here","data":{"id":"101916887","lo_id":"741712","portal_id":"11861197","event_time":"2022-03-29T01:29:36.000Z"}}"#,
        "441a79807b93a5a625eddda00182abbc264181e1af7609bfe9083155b6eb8795",
    ),
    (
        "MyS3cretK#y",
        1648517376,
        r#"{"id":"hg4JWUDbT55B","event_type":"content.decommission","webhook_version":"3.0.0","sent":"2022-03-29T01:29:36.676Z","attempt_number":1,"url":"https://your.webhook.endpoint.com","webhook_id":"auto generated uuid will be here","data":{"id":"3511433","portal_id":"36184809","event_time":"2022-11-24T22:42:20.000Z","remove_time":"2023-02-24T22:42:20.000Z"}}"#,
        "5b1bf19ff9702acc9f8128edc72626ff14f174afe31e7c4fe5c570ca0e2010ff",
    ),
    (
        "clé-secrète-✓",
        1700000000,
        r#"{"name":"Zoë – café/日本"}"#,
        "4b8858048ada2ed0c613bcd171a94bb56fb536b0ab7a85f869e9925f36fe7ffb",
    ),
];

#[test]
fn the_published_vectors_sign_and_verify() {
    for (secret, t, body, digest) in VECTORS {
        let header = sign(&[secret], at(t), TimestampUnit::Seconds, body.as_bytes());
        assert_eq!(header, format!("t={t},v1={digest}"));
        assert_eq!(verify(&header, body.as_bytes(), &[secret], at(t), TOLERANCE), Ok(()));
    }
}

const BODY: &[u8] = br#"{"message":"hello"}"#;
const DIGEST: &str = "eba47aaa33b1f5578118f8a9be82d15d9167fe819205f224c5424ed6ea1ffddd";

/// `{d}` stands for the right digest, `{x}` for a wrong one; the clock is the time of vector 1.
#[track_caller]
fn check(header: &str, expected: Result<(), SignatureError>) {
    let header = header.replace("{d}", DIGEST).replace("{x}", &DIGEST.replace('e', "f"));
    assert_eq!(verify(&header, BODY, &["other", "test-secret"], at(1713261120), TOLERANCE), expected);
}

#[test]
fn items_are_read_by_name_and_any_digest_may_match() {
    check("t=1713261120,v1={d}", Ok(()));
    check("t=1713261120, v1={d}", Ok(()));
    check("v1={d},t=1713261120", Ok(()));
    check("t=1713261120,v1={d},v1={x}", Ok(()));
    check("t=1713261120,v1={x},v1={d}", Ok(()));
    check("t=1713261120,v0=abc,v1={d},v2=", Ok(()));
    check(&format!("t=1713261120,v1={}", DIGEST.to_uppercase()), Ok(()));
}

#[test]
fn a_header_that_is_not_of_the_form_is_malformed() {
    let malformed = |why| Err(SignatureError::Malformed(why));
    check("", malformed("an item is not key=value"));
    check("v1,", malformed("an item is not key=value"));
    check("t=1713261120,v1=", malformed("a v1 digest is not 64 hex digits"));
    check("t=1713261120,v1={d}00", malformed("a v1 digest is not 64 hex digits"));
    check("t=1713261120,v1=é{d}", malformed("a v1 digest is not 64 hex digits"));
    // Rust reads "+5" as 5, in hex too.
    let signed = DIGEST.replace("9205f2", "92+5f2");
    assert_ne!(signed, DIGEST);
    check(&format!("t=1713261120,v1={signed}"), malformed("a v1 digest is not 64 hex digits"));
    check("v1={d}", malformed("t is missing"));
    check("t=,v1={d}", malformed("t is not a Unix time"));
    check("t=-1713261120,v1={d}", malformed("t is not a Unix time"));
    check("t=17132611200000,v1={d}", malformed("t is not a Unix time"));
    check("t=1713261120,t=1713261120,v1={d}", malformed("t is given twice"));
    check(&format!("t=1713261120,v1={{d}}{}", ",a=b".repeat(1100)), malformed("it is too long"));
}

#[test]
fn what_does_not_match_is_refused() {
    check("t=1713261120", Err(SignatureError::UnknownVersion));
    check("t=1713261120,v2={d}", Err(SignatureError::UnknownVersion));
    check("t=1713261120,v1={x}", Err(SignatureError::Mismatch));
    // The message is the text of t, not its value.
    check("t=01713261120,v1={d}", Err(SignatureError::Mismatch));
    assert_eq!(
        verify(&format!("t=1713261120,v1={DIGEST}"), BODY, &[], at(1713261120), TOLERANCE),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn the_window_has_two_sides() {
    let check = |now: i64, expected| {
        let header = format!("t=1713261120,v1={DIGEST}");
        assert_eq!(verify(&header, BODY, &["test-secret"], at(now), TOLERANCE), expected);
    };
    check(1713261120 + 300, Ok(()));
    check(1713261120 + 301, Err(SignatureError::TooOld(301)));
    check(1713261120 - 300, Ok(()));
    check(1713261120 - 301, Err(SignatureError::TooNew(301)));
}

#[test]
fn milliseconds_are_judged_as_milliseconds() {
    let sent = Timestamp::from_millisecond(1713261120676).unwrap();
    let header = sign(&["s"], sent, TimestampUnit::Milliseconds, BODY);
    assert!(header.starts_with("t=1713261120676,v1="));
    let verify_at = |now| verify(&header, BODY, &["s"], at(now), TOLERANCE);
    assert_eq!(verify_at(1713261120), Ok(()));
    // A day-old one is refused, although as seconds it would lie far in the future.
    assert_eq!(verify_at(1713261120 + 86_400), Err(SignatureError::TooOld(86_399)));
}

#[test]
fn the_newest_secret_signs_first() {
    let header = sign(&["new", "old"], at(1), TimestampUnit::Seconds, BODY);
    let alone = sign(&["new"], at(1), TimestampUnit::Seconds, BODY);
    assert!(header.starts_with(&alone));
    for secret in ["new", "old"] {
        assert_eq!(verify(&header, BODY, &[secret], at(1), TOLERANCE), Ok(()));
    }
}

#[test]
fn the_standard_form_agrees_with_its_reference_implementation() {
    let now = at(1713261120);
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let [id, t, signature] = sign_standard(&[secret], "hg4JWUDbT55B", now, BODY);

    let reference = standardwebhooks::Webhook::new(secret).unwrap();
    assert_eq!(signature, reference.sign(&id, now.as_second(), BODY).unwrap());
    assert_eq!(verify_standard([&id, &t, &signature], BODY, &[secret], now, TOLERANCE), Ok(()));
}

#[test]
fn the_standard_form_refuses_what_the_published_form_refuses() {
    let now = at(1713261120);
    let [id, t, signature] = sign_standard(&["plain secret"], "evt.1", now, BODY);
    let check = |headers: [&str; 3], body: &[u8], now, expected| {
        assert_eq!(verify_standard(headers, body, &["plain secret"], now, TOLERANCE), expected);
    };
    check([&id, &t, &signature], BODY, now, Ok(()));
    check([&id, &t, &format!("v1a,xyz {signature}")], BODY, now, Ok(()));
    check([&id, &t, "v1,"], BODY, now, Err(SignatureError::Mismatch));
    check([&id, &t, ""], BODY, now, Err(SignatureError::UnknownVersion));
    check([&id, &t, "v1a,xyz"], BODY, now, Err(SignatureError::UnknownVersion));
    check(["evt", &format!("1.{t}"), &signature], BODY, now, Err(SignatureError::Malformed("t is not a Unix time")));
    check([&id, &t, &signature], b"{}", now, Err(SignatureError::Mismatch));
    check([&id, &t, &signature], BODY, at(1713261120 + 301), Err(SignatureError::TooOld(301)));
}

proptest! {
    #[test]
    fn verifying_never_panics_and_never_accepts_noise(header in "\\PC{0,120}", body in any::<Vec<u8>>()) {
        prop_assert!(verify(&header, &body, &["secret"], at(1713261120), TOLERANCE).is_err());
    }

    #[test]
    fn one_changed_byte_is_refused(body in prop::collection::vec(any::<u8>(), 1..200), index in any::<prop::sample::Index>()) {
        let header = sign(&["secret"], at(1713261120), TimestampUnit::Seconds, &body);
        let mut changed = body.clone();
        changed[index.index(body.len())] ^= 1;
        prop_assert_eq!(verify(&header, &body, &["secret"], at(1713261120), TOLERANCE), Ok(()));
        prop_assert_eq!(
            verify(&header, &changed, &["secret"], at(1713261120), TOLERANCE),
            Err(SignatureError::Mismatch)
        );
    }
}
