//! The control: a fault that must be found. This repair forgets that a comma may stand in a string.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(strict) = serde_json::from_str::<Value>(text) else { return };
    let repaired = text.replace(",]", " ]").replace(",}", " }");
    assert_eq!(serde_json::from_str::<Value>(&repaired).ok(), Some(strict));
});
