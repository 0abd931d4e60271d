//! What is put between a platform and its machine: small libraries in C (`shim/`), compiled when they are needed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles `shim/<name>.c` into the folder, to be preloaded.
pub(crate) fn compile(name: &str, folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("shim/{name}.c"));
    let compiled = folder.join(format!("{name}.so"));
    let arguments = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"];
    let mut compiler = Command::new("cc");
    compiler.args(arguments).arg(&compiled).arg(source).args(["-ldl", "-lpthread"]);
    assert!(compiler.status().expect("there is a C compiler").success());
    compiled
}
