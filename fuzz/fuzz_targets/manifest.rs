//! The manifest of a package that somebody uploads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scorm::manifest::{self, LAUNCH_DATA_CHARS_MAX};

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = manifest::read(bytes) else { return };
    assert_eq!(manifest::read(bytes), Ok(read.clone()));
    let path = &read.entry.path;
    assert!(!path.is_empty() && !path.starts_with('/') && !path.chars().any(char::is_control), "{path:?}");
    assert!(path.split('/').all(|name| !matches!(name, "" | "." | "..")), "{path:?}");
    let href = read.entry.href();
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | ':');
    assert!(!path.starts_with('/') && path.chars().all(is_plain), "{href:?}");
    assert!(!href.chars().any(|c| c.is_control() || matches!(c, ' ' | '"' | '<' | '>')), "{href:?}");
    assert!(read.launch_data.is_none_or(|data| data.chars().count() <= LAUNCH_DATA_CHARS_MAX));
    let is_score = |score: &String| score.parse::<f64>().is_ok_and(|score| (0.0..=100.0).contains(&score));
    assert!(read.mastery_score.iter().all(is_score));
});
