//! Tests that need a process of their own: for its environment, its memory or its network.

use std::process::{Command, Stdio};

/// Set in the process of its own, to the name of the test.
const APART: &str = "ENGINE_TEST_APART";

/// Says whether the test `name` runs apart. If it does not, it is run so now, with these variables set and behind the words of
/// `wrapper`, and must hold there.
pub(crate) fn runs_apart(name: &str, wrapper: &[&str], set: &[(&str, &str)]) -> bool {
    if std::env::var(APART).is_ok_and(|apart| apart == name) {
        return true;
    }
    let this = std::env::current_exe().unwrap();
    let this = this.to_str().expect("the path of a test is text");
    let words: Vec<&str> =
        wrapper.iter().copied().chain([this, "--exact", name, "--nocapture", "--include-ignored"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env(APART, name).envs(set.iter().copied()).stdin(Stdio::null());
    let status = command.status().unwrap_or_else(|error| panic!("{}: {error}", words[0]));
    assert!(
        status.success(),
        "{name} does not hold in a process of its own, or `{}` was refused",
        words[..words.len().min(2)].join(" ")
    );
    false
}
