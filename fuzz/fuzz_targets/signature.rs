//! Signatures in both forms: what was signed is accepted, and nothing else is, however it is changed.
//!
//! Nobody guesses a digest, so a good one is made and then changed by the input: a part of header, body, id or time is cut out, put
//! in or replaced.
#![no_main]

use client::verify::Verifier;
use contract::signature::{
    HEADER, STANDARD_ID_HEADER, STANDARD_SIGNATURE_HEADER, STANDARD_TIMESTAMP_HEADER, TOLERANCE, TimestampUnit, sign,
    sign_standard, verify, verify_standard,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW_S: i64 = 1_648_517_376;
const ID: &str = "hg4JWUDbT55B";

/// What is done to a good delivery: which part of it, where, how much goes and what comes.
type Change<'a> = (u8, u8, u8, &'a [u8]);

fuzz_target!(|bytes: &[u8]| {
    let [flags, part, at, cut, rest @ ..] = bytes else { return };
    let (body, put) = rest.split_at(rest.len() / 2);
    let now = Timestamp::from_second(NOW_S).expect("an instant");
    let change = (*part, *at, *cut, put);
    published(body, now, flags & 1 != 0, change);
    standard(body, now, change);
});

fn published(body: &[u8], now: Timestamp, is_millis: bool, change: Change<'_>) {
    let unit = if is_millis { TimestampUnit::Milliseconds } else { TimestampUnit::Seconds };
    let good = sign(&[SECRET, "older"], now, unit, body);
    assert_eq!(verify(&good, body, &[SECRET], now, TOLERANCE), Ok(()));
    let (mut header, mut sent) = (good.clone().into_bytes(), body.to_vec());
    apply(if change.0 & 1 == 0 { &mut header } else { &mut sent }, change);
    let Ok(header) = String::from_utf8(header) else { return };
    let verdict = verify(&header, &sent, &[SECRET], now, TOLERANCE);
    let verifier = Verifier::new([SECRET]).expect("a secret");
    let headers: &[(&str, &str)] = &[(HEADER, &header)];
    assert_eq!(verifier.verify(headers, &sent, now).map(|_| ()), verdict);
    if verdict.is_ok() {
        let items = || header.split(',').filter_map(|item| item.trim().split_once('='));
        let time = items().find(|(key, _)| *key == "t").expect("a time").1;
        let digest = &good[good.find("v1=").expect("a digest") + 3..][..64];
        assert_eq!((time, sent.as_slice()), (good[2..].split(',').next().expect("a time"), body));
        assert!(items().any(|(key, value)| key == "v1" && value.eq_ignore_ascii_case(digest)), "{header}");
    }
}

fn standard(body: &[u8], now: Timestamp, change: Change<'_>) {
    let good = sign_standard(&[SECRET, "older"], ID, now, body);
    let parts = |all: &[String; 3], body: &[u8]| {
        verify_standard(all.each_ref().map(String::as_str), body, &[SECRET], now, TOLERANCE)
    };
    assert_eq!(parts(&good, body), Ok(()));
    let (mut sent, mut bytes) = (good.clone(), body.to_vec());
    match change.0 % 4 {
        3 => apply(&mut bytes, change),
        part => {
            let part = &mut sent[usize::from(part)];
            let mut changed = part.clone().into_bytes();
            apply(&mut changed, change);
            let Ok(changed) = String::from_utf8(changed) else { return };
            *part = changed;
        }
    }
    let verdict = parts(&sent, &bytes);
    let verifier = Verifier::new([SECRET]).expect("a secret");
    let headers: &[(&str, &str)] =
        &[(STANDARD_ID_HEADER, &sent[0]), (STANDARD_TIMESTAMP_HEADER, &sent[1]), (STANDARD_SIGNATURE_HEADER, &sent[2])];
    assert_eq!(verifier.verify(headers, &bytes, now).map(|_| ()), verdict);
    if verdict.is_ok() {
        let digest = good[2].split(' ').next().expect("a digest");
        assert_eq!((&sent[0], &sent[1], bytes.as_slice()), (&good[0], &good[1], body));
        assert!(sent[2].split(' ').any(|item| item == digest), "{sent:?}");
    }
}

fn apply(text: &mut Vec<u8>, (_, at, cut, put): Change<'_>) {
    let at = usize::from(at).min(text.len());
    let end = (at + usize::from(cut)).min(text.len());
    text.splice(at..end, put.iter().copied());
}
