//! What a proof says when it has held: one line, which `cargo xtask prove` gathers into a table.
//!
//! A proof is a test that belongs to a row of `docs/RELIABILITY.md`. Its failure is a failing test, as always; what this
//! crate adds is how much was tried, which a passing test keeps to itself, and the two sizes: small enough for every change,
//! and as large as it takes before a release.

use std::env;
use std::fmt::Display;

use serde_json::json;

/// What the line of a proof begins with; the rest is a JSON object.
pub const MARK: &str = "proof: ";

/// Set for the large size.
pub const SOAK: &str = "PROVE_SOAK";

/// How much to try: `small` with every change, `large` before a release (`cargo xtask prove --soak`).
pub fn size<T>(small: T, large: T) -> T {
    if env::var_os(SOAK).is_some() { large } else { small }
}

/// Says that a row held. To be called last, when nothing can fail any more.
///
/// `tried` is what was done, in a few words; `count` how often; `progress` what shows that the system did its work
/// meanwhile, so that a run in which nothing happened does not pass for one in which nothing went wrong.
pub fn held(row: &str, tried: &str, count: u64, progress: impl Display) {
    println!("{MARK}{}", line(row, tried, count, &progress.to_string()));
}

fn line(row: &str, tried: &str, count: u64, progress: &str) -> String {
    json!({ "row": row, "tried": tried, "count": count, "progress": progress }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object_whatever_is_in_it() {
        let line = line("R2", "kill -9 \"anywhere\"", 50, "9,800 delivered");
        let expected = r#"{"count":50,"progress":"9,800 delivered","row":"R2","tried":"kill -9 \"anywhere\""}"#;
        assert_eq!(line, expected);
    }
}
