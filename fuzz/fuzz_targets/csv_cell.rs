//! Cells for spreadsheets: never a formula, and the text is all there.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let cell = gateway::fuzzing::csv_cell(text);
    let inside = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).expect("it is in quotes");
    let read = inside.replace("\"\"", "\u{0}").replace('\u{0}', "\"");
    assert_eq!(inside.matches('"').count(), 2 * text.matches('"').count(), "each quote is doubled: {inside}");
    let begins = inside.chars().next();
    assert!(!matches!(begins, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n')), "{inside:?}");
    let bare = inside.trim_start();
    assert!(!bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{inside:?}");
    if !text.contains('\u{0}') {
        assert!(read == text || read.strip_prefix('\'') == Some(text), "{read:?} is not {text:?}");
    }
});
