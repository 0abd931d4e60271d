//! The test programs of the workspace, built once and as `cargo xtask test` builds them, so that nothing is built twice.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::said::value;
use crate::Failure;
use crate::process::cargo;

/// Every test program.
#[derive(Default)]
pub(super) struct Built(Vec<TestProgram>);

/// One of them.
#[derive(Debug, PartialEq)]
pub(super) struct TestProgram {
    /// The folder of its crate, where its tests run.
    folder: PathBuf,
    executable: PathBuf,
}

/// Builds them.
pub(super) fn build() -> Result<Built, Failure> {
    let args = ["test", "--workspace", "--all-features", "--locked", "--no-run"];
    eprintln!("$ cargo {}", args.join(" "));
    let mut command = cargo(&args);
    command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let output = command.output().map_err(|error| Failure::Found(format!("starting cargo: {error}")))?;
    if !output.status.success() {
        return Err(Failure::Found(format!("building the tests ended with {}", output.status)));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(Built(messages.lines().filter_map(TestProgram::read).collect()))
}

impl Built {
    /// Those of a crate.
    pub(super) fn tests<'a>(&'a self, package: &'a str) -> impl Iterator<Item = &'a TestProgram> {
        self.0.iter().filter(move |test| test.folder.ends_with(package))
    }
}

impl TestProgram {
    /// The one that cargo tells of, if it does.
    fn read(message: &str) -> Option<Self> {
        let is_test = message.contains("\"test\":true}") && message.contains("\"reason\":\"compiler-artifact\"");
        let manifest = is_test.then(|| value(message, "manifest_path")).flatten()?;
        let executable = value(message, "executable").filter(|text| text.contains('/'))?.into();
        Some(TestProgram { folder: Path::new(&manifest).parent()?.to_owned(), executable })
    }

    /// Runs those of its tests whose names hold one of `filters`, the long ones too, one at a time.
    pub(super) fn command(&self, filters: &[&str]) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(filters).args(["--include-ignored", "--nocapture", "--test-threads=1"]);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        // Of a failure little is shown, and that is to be its reason.
        command.env("RUST_BACKTRACE", "0");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(profile: &str, executable: &str, expected: Option<&str>) {
        let message = format!(
            "{{\"reason\":\"compiler-artifact\",\"manifest_path\":\"/w/crates/engine/Cargo.toml\",\
             \"target\":{{\"kind\":[\"test\"],\"test\":true,\"name\":\"it\"}},\
             \"profile\":{{\"opt_level\":\"0\",{profile}}},\"executable\":{executable},\"fresh\":true}}"
        );
        let expected =
            expected.map(|path| TestProgram { folder: "/w/crates/engine".into(), executable: PathBuf::from(path) });
        assert_eq!(TestProgram::read(&message), expected);
    }

    #[test]
    fn a_test_program_is_told_from_a_library_and_a_binary() {
        check("\"test\":true", "\"/t/it-1\"", Some("/t/it-1"));
        check("\"test\":false", "\"/t/schoolbell\"", None);
        check("\"test\":true", "null", None);
    }
}
