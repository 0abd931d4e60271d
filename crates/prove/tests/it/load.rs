//! Load that is offered at its times whether or not it is answered, what it is offered to, and how that is judged.
//!
//! It is plain TCP and little else: an HTTP library of a debug build would use more of the machine than what is measured.

pub(crate) mod caller;
pub(crate) mod figures;
pub(crate) mod sink;
pub(crate) mod town;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Names another binary to measure than the one that would be built.
const RELEASED: &str = "PROVE_RELEASED";

/// The binary as it is shipped: these rows measure time, and what they measure is what is run. Built when it is first asked for.
pub(crate) fn released() -> OsString {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        if let Some(path) = std::env::var_os(RELEASED) {
            return path.into();
        }
        let tests = std::env::current_exe().expect("a test knows where it is");
        let target = tests.ancestors().nth(3).expect("tests lie in a folder of the folder of a profile");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let build = ["build", "--release", "--locked", "--quiet", "--package", "schoolbell", "--target-dir"];
        let built = Command::new(cargo).args(build).arg(target).status().expect("cargo can be started");
        assert!(built.success(), "building the release ended with {built}");
        target.join("release").join("schoolbell")
    };
    PATH.get_or_init(build).clone().into()
}
