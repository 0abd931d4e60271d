//! `cargo xtask deny`: cargo-deny over `deny.toml`, against the snapshot of the RustSec advisories in `.ci`.
//!
//! It is offline but for fetching what is missing: cargo-deny itself and the sources of locked crates. cargo-deny
//! wants the advisories as a git checkout of its own naming, so the snapshot is made into one below `target`.

mod age;
mod control;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::need::{Need, meet};
use crate::process::{cargo, output, root, run as run_command};
use crate::{Failure, no_arguments};

const NEEDS: &[Need] = &[
    Need { binary: "git", package: "git", why: "cargo-deny reads advisories from a git checkout" },
    Need { binary: "tar", package: "tar", why: "the snapshot of the advisories is an archive" },
    Need { binary: "xz", package: "xz-utils", why: "the snapshot of the advisories is compressed" },
];

/// The version that `deny.toml` was written for, installed where there is none.
const CARGO_DENY: &str = "0.20.2";

/// The name under which cargo-deny looks for its default database: the end is a hash of the address.
const DATABASE: &str = "target/advisory-db/advisory-db-3157b0e258782691";
const SNAPSHOT: &str = ".ci/advisory-db.tar.xz";

/// Runs the check.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    no_arguments(args)?;
    meet(NEEDS)?;
    install_cargo_deny()?;
    let database = unpack()?;
    age::report(&database)?;
    make_checkout(&database)?;
    // cargo-deny looks at all targets, so it wants the sources of crates that no build here has asked for.
    run_command(&mut cargo(&["fetch", "--locked"]))?;
    run_command(&mut cargo(&["deny", "--offline", "--locked", "check"]))?;
    control::run()?;
    let locked = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default().matches("[[package]]").count();
    println!(
        "proof: {{\"row\":\"S17\",\"tried\":\"locked crates against advisories, bans, licences and sources\",\"count\":{locked},\
        \"progress\":\"what was planted was refused\"}}"
    );
    Ok(())
}

fn install_cargo_deny() -> Result<(), Failure> {
    if let Some(version) = output(&mut cargo(&["deny", "--version"])) {
        eprintln!("{version} is installed");
        return Ok(());
    }
    eprintln!("cargo-deny is missing: building it takes some minutes");
    run_command(&mut cargo(&["install", "--locked", "cargo-deny", "--version", CARGO_DENY]))
}

/// Anew each time: it takes less than a second, and what lay there before is never mistaken for the snapshot.
fn unpack() -> Result<PathBuf, Failure> {
    let database = root().join(DATABASE);
    let parent = database.parent().expect("the database is a folder in a folder");
    empty(parent).map_err(|error| Failure::Found(format!("emptying {}: {error}", parent.display())))?;
    run_command(Command::new("tar").arg("-xJf").arg(root().join(SNAPSHOT)).arg("-C").arg(parent))?;
    Ok(database)
}

/// Gives the database what cargo-deny asks of one: a commit, and the trace of having been fetched.
fn make_checkout(database: &Path) -> Result<(), Failure> {
    run_command(&mut git(database, &["init", "--quiet", "--template="]))?;
    run_command(&mut git(database, &["add", "--all"]))?;
    run_command(&mut git(database, &["commit", "--quiet", "--message=snapshot"]))?;
    let fetched = database.join(".git/FETCH_HEAD");
    fs::write(&fetched, "").map_err(|error| Failure::Found(format!("writing {}: {error}", fetched.display())))
}

fn empty(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(folder)
}

/// Git in that folder, whoever calls us: not in the repository that a hook runs for, and without anyone's settings.
fn git(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    for inherited in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(inherited);
    }
    command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
    command.args(["-c", "user.name=xtask", "-c", "user.email=xtask@localhost"]).args(args).current_dir(folder);
    command
}
