//! `Retry-After` (decision 3): never longer than a day, never negative, and a number is that number.
#![no_main]

use domain::retry::DELAY_MAX;
use engine::transport::retry_after::parse;
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = Timestamp::from_second(784_111_747).expect("an instant");
    let asked = parse(text, now);
    assert!(asked.is_none_or(|asked| !asked.is_negative() && asked <= DELAY_MAX), "{asked:?}");
    assert_eq!(parse(text.trim(), now), asked, "white space around it says nothing");
    let digits = text.trim();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = digits.parse().unwrap_or(i64::MAX);
        assert_eq!(asked, Some(SignedDuration::from_secs(seconds).min(DELAY_MAX)));
    } else if asked.is_some() {
        // A date, so it counts from now: a second later it is a second less, or over.
        let later = parse(text, now + SignedDuration::from_secs(1));
        let expected = asked.map(|asked| asked - SignedDuration::from_secs(1)).filter(|left| !left.is_negative());
        assert!(later == expected || asked == Some(DELAY_MAX), "{asked:?}, then {later:?}");
    }
});
