//! Instants on the wire: what is read is written in the one form, and what is written is read as the same.
#![no_main]

use contract::time::{Millis, Seconds};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let json = serde_json::to_string(text).expect("text is JSON");
    let (millis, seconds) = (serde_json::from_str::<Millis>(&json).ok(), serde_json::from_str::<Seconds>(&json).ok());
    assert_eq!(millis.map(|at| at.0), seconds.map(|at| at.0), "both forms read the same");
    let (Some(Millis(at)), Some(seconds)) = (millis, seconds) else { return };
    let written = Millis(at).to_string();
    assert!(written.ends_with('Z') && written.len() - written.find('.').expect("a fraction") == 5, "{written}");
    check(at, &written, SignedDuration::from_millis(1));
    let written = seconds.to_string();
    assert!(written.ends_with("+00:00") && !written.contains('.'), "{written}");
    check(at, &written, SignedDuration::from_secs(1));
});

/// What is written is the same instant, but for what is finer than `grain`.
fn check(at: Timestamp, written: &str, grain: SignedDuration) {
    let again: Millis = serde_json::from_str(&format!("\"{written}\"")).expect("what is written can be read");
    assert!(again.0.duration_since(at).abs() < grain, "{at} is written {written}");
}
