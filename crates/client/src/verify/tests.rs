use contract::signature::{TimestampUnit, sign, sign_standard};
use proptest::prelude::*;

use super::*;

const BODY: &[u8] = br#"{"message":"hello"}"#;
/// Vector 1 of contract, section 4.5: signed with `test-secret`, by an implementation that is not ours.
const PUBLISHED: &str = "t=1713261120,v1=eba47aaa33b1f5578118f8a9be82d15d9167fe819205f224c5424ed6ea1ffddd";
const SIGNED_AT: i64 = 1713261120;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(["next-secret", "test-secret"]).unwrap()
}

/// Verifies [`BODY`] with these headers at the time of the vector.
#[track_caller]
fn check<V: AsRef<[u8]>>(headers: &[(&str, V)], expected: Result<(), SignatureError>) {
    assert_eq!(verifier().verify(headers, BODY, at(SIGNED_AT)).map(|_| ()), expected);
}

#[test]
fn either_of_two_secrets_may_have_signed() {
    check(&[("Go1-Signature", PUBLISHED)], Ok(()));
    let header = sign(&["next-secret"], at(SIGNED_AT), TimestampUnit::Seconds, BODY);
    check(&[("Go1-Signature", header)], Ok(()));
    let header = sign(&["previous"], at(SIGNED_AT), TimestampUnit::Seconds, BODY);
    check(&[("Go1-Signature", header)], Err(SignatureError::Mismatch));
}

#[test]
fn every_refusal_has_its_kind() {
    check::<&str>(&[], Err(SignatureError::Missing("Go1-Signature")));
    check(&[("Go1-Signature", "")], Err(SignatureError::Malformed("an item is not key=value")));
    check(&[("Go1-Signature", b"\xff")], Err(SignatureError::Malformed("a header is not text")));
    check(&[("Go1-Signature", "t=1713261120,v2=00")], Err(SignatureError::UnknownVersion));
    check(&[("Go1-Signature", PUBLISHED.replace("eba", "abe"))], Err(SignatureError::Mismatch));
    let header = [("Go1-Signature", PUBLISHED)];
    assert_eq!(verifier().verify(&header, b"{}", at(SIGNED_AT)), Err(SignatureError::Mismatch));
}

#[test]
fn the_window_has_two_sides_and_can_be_moved() {
    let check = |verifier: Verifier, seconds: i64, expected| {
        let headers = [("Go1-Signature", PUBLISHED)];
        assert_eq!(verifier.verify(&headers, BODY, at(SIGNED_AT + seconds)).map(|_| ()), expected);
    };
    check(verifier(), 300, Ok(()));
    check(verifier(), 301, Err(SignatureError::TooOld(301)));
    check(verifier(), -300, Ok(()));
    check(verifier(), -301, Err(SignatureError::TooNew(301)));
    let narrow = || verifier().with_tolerance(SignedDuration::from_secs(10));
    check(narrow(), 10, Ok(()));
    check(narrow(), 11, Err(SignatureError::TooOld(11)));
}

#[test]
fn thirteen_digits_are_milliseconds() {
    let sent = Timestamp::from_millisecond(SIGNED_AT * 1000 + 676).unwrap();
    let header = sign(&["test-secret"], sent, TimestampUnit::Milliseconds, BODY);
    check(&[("Go1-Signature", &header)], Ok(()));
    let late = verifier().verify(&[("Go1-Signature", &header)], BODY, at(SIGNED_AT + 86_400));
    assert_eq!(late, Err(SignatureError::TooOld(86_399)));
}

#[test]
fn without_the_published_header_the_standard_ones_decide() {
    let [id, t, signature] = sign_standard(&["test-secret"], "hg4JWUDbT55B", at(SIGNED_AT), BODY);
    let id = ("webhook-id", id.as_str());
    let t = ("webhook-timestamp", t.as_str());
    let signature = ("webhook-signature", signature.as_str());
    check(&[id, t, signature], Ok(()));
    check(&[t, signature], Err(SignatureError::Missing("webhook-id")));
    check(&[id, signature], Err(SignatureError::Missing("webhook-timestamp")));
    check(&[id, t], Err(SignatureError::Missing("Go1-Signature")));
    check(&[("webhook-id", "another"), t, signature], Err(SignatureError::Mismatch));
    // A published header that does not match is not rescued by standard ones that do.
    check(&[("Go1-Signature", "t=1713261120,v1=00"), id, t, signature], {
        Err(SignatureError::Malformed("a v1 digest is not 64 hex digits"))
    });
}

#[test]
fn a_verifier_without_a_secret_must_be_asked_for_by_name() {
    assert_eq!(Verifier::new::<String>([]).err(), Some(NoSecret));
    assert_eq!(Verifier::new(["good", ""]).err(), Some(NoSecret));
    let anyone = Verifier::dangerously_accept_anything();
    let none: [(&str, &str); 0] = [];
    assert_eq!(anyone.verify(&none, BODY, at(0)).unwrap().bytes(), BODY);
}

#[test]
fn neither_secrets_nor_bodies_are_shown() {
    assert!(!format!("{:?}", verifier()).contains("test-secret"));
    assert_eq!(format!("{:?}", VerifiedBody::verified_before(BODY)), "VerifiedBody(19 bytes)");
}

proptest! {
    #[test]
    fn noise_is_refused_without_panic(name in 0..3usize, value in any::<Vec<u8>>(), body in any::<Vec<u8>>()) {
        let names = ["Go1-Signature", "webhook-signature", "other"];
        let headers = [(names[name], value.as_slice()), ("webhook-id", b"x"), ("webhook-timestamp", b"1713261120")];
        prop_assert!(verifier().verify(&headers, &body, at(SIGNED_AT)).is_err());
    }
}
