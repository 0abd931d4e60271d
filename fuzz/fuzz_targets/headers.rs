//! Headers that a webhook's owner adds: each can be sent as it is, and none says what the platform or HTTP says.
#![no_main]

use std::collections::HashSet;

use domain::webhook::headers::{COUNT_MAX, Headers};
use http::{HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NOT_THEIRS: [&str; 9] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "user-agent",
    "go1-signature",
    "webhook-signature",
    "proxy-authorization",
];

fuzz_target!(|text: &str| {
    let pairs = text.split('\0').filter_map(|pair| pair.split_once('\u{1}'));
    let pairs: Vec<(String, String)> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let Ok(headers) = Headers::parse(pairs.clone()) else { return };
    assert!(headers.len() <= COUNT_MAX && headers.len() == pairs.len());
    let mut names = HashSet::new();
    for ((name, value), (given, given_value)) in headers.expose().zip(&pairs) {
        assert_eq!((name, value), (given.as_str(), given_value.as_str()), "as they were given");
        let sent = HeaderName::try_from(name).expect("a name that HTTP knows");
        let value = HeaderValue::try_from(value).expect("a value that HTTP knows");
        assert!(value.to_str().is_ok() && value.as_bytes().trim_ascii() == value.as_bytes());
        assert!(!NOT_THEIRS.contains(&sent.as_str()), "{sent}");
        assert!(names.insert(sent), "{name} is there twice");
    }
});
