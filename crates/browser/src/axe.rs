//! Whether everybody can use a page: axe-core, which is pinned in `axe/` and installed below `target` by npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::frame::Frame;

/// Only what keeps somebody out, or nearly: the two upper of axe's four grades.
const ASK: &str = r"axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)))";

/// What axe finds serious or critical in this frame, one line for each element. Ask each frame for itself.
///
/// # Panics
///
/// If npm cannot install it.
pub async fn serious(frame: &Frame) -> Vec<String> {
    static SOURCE: OnceLock<String> = OnceLock::new();
    frame.eval(&format!("{};0", SOURCE.get_or_init(install))).await;
    let found = frame.eval(ASK).await;
    found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Installs what is pinned, unless another test has; whichever is first puts its folder in place.
fn install() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("axe");
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let lock = fs::read_to_string(source.join("package-lock.json")).expect("it is in the repository");
    let folder = target.join("axe");
    if !fs::read_to_string(folder.join("package-lock.json")).is_ok_and(|installed| installed == lock) {
        fs::create_dir_all(&target).expect("a folder below target");
        let fresh = fresh_install(&source, &target);
        let _ = fs::remove_dir_all(&folder);
        // Another process may have put its own there meanwhile, of the same files.
        let _ = fs::rename(fresh, &folder);
    }
    fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).expect("axe-core is installed")
}

fn fresh_install(source: &Path, target: &Path) -> PathBuf {
    let fresh = tempfile::Builder::new().prefix("axe-").tempdir_in(target).expect("a folder below target").keep();
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), fresh.join(file)).expect("it is in the repository");
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&fresh).stdin(Stdio::null());
    let output = npm.output().expect("npm is on the path");
    assert!(output.status.success(), "npm: {}", String::from_utf8_lossy(&output.stderr));
    fresh
}
