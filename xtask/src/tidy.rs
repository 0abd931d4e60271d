//! `cargo xtask tidy`: the structure of the workspace, its formatting, its lints; all three, even if one fails.
//!
//! The structural checks are those that cargo and clippy cannot make. Each takes the manifests or the names of
//! the workspace as data and returns the faults it finds.

mod drivers;
mod floors;
mod inheritance;
mod manifest;
mod names;

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use self::manifest::Manifest;
use crate::process::{cargo, root, run as run_command};
use crate::{Failure, no_arguments};

/// A crate of the workspace: the folder it lies in, and its manifest.
struct Package {
    folder: String,
    manifest: Manifest,
}

/// Something to mend, and where.
#[derive(Debug, PartialEq)]
struct Fault {
    place: String,
    what: String,
}

impl Fault {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    fn in_manifest(folder: &str, what: impl Into<String>) -> Self {
        let within = if folder == "xtask" { "" } else { "crates/" };
        Self::new(format!("{within}{folder}/Cargo.toml"), what)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Runs the three checks.
pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    no_arguments(args)?;
    let checks = [structure(), formatting(), lints()];
    let failed: Vec<String> = checks.into_iter().filter_map(Result::err).map(describe).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::Found(failed.join("; "))) }
}

fn structure() -> Result<(), Failure> {
    eprintln!("checking the structure: floors, drivers, lints inherited, names");
    let root = root();
    let faults = faults(&root).map_err(|error| Failure::Found(format!("reading the workspace: {error}")))?;
    for fault in &faults {
        eprintln!("{fault}");
    }
    match faults.len() {
        0 => Ok(()),
        n => Err(Failure::Found(format!("the structure has {n} fault(s)"))),
    }
}

fn formatting() -> Result<(), Failure> {
    run_command(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lints() -> Result<(), Failure> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"];
    run_command(&mut cargo(&clippy))
}

fn describe(failure: Failure) -> String {
    match failure {
        Failure::Usage(what) | Failure::Found(what) => what,
    }
}

/// Every structural fault of the workspace at `root`.
fn faults(root: &Path) -> io::Result<Vec<Fault>> {
    let packages = packages(root)?;
    let aliases = Manifest::parse(&fs::read_to_string(root.join("Cargo.toml"))?);
    let mut faults = floors::check(&packages);
    faults.extend(floors::check_aliases(&aliases));
    faults.extend(drivers::check(&packages));
    faults.extend(inheritance::check(&packages));
    faults.extend(names::check(root)?);
    Ok(faults)
}

/// Every folder of `crates`, by name, and xtask.
fn packages(root: &Path) -> io::Result<Vec<Package>> {
    let mut folders = vec![root.join("xtask")];
    for entry in fs::read_dir(root.join("crates"))? {
        folders.push(entry?.path());
    }
    folders.sort();
    folders.iter().map(|folder| package(folder)).collect()
}

fn package(path: &Path) -> io::Result<Package> {
    let manifest = path.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", manifest.display())))?;
    let folder = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Package { folder, manifest: Manifest::parse(&text) })
}

#[cfg(test)]
impl Package {
    /// A crate named like its folder, with these lines below its `[package]`.
    fn sample(folder: &str, rest: &str) -> Self {
        let manifest = Manifest::parse(&format!("[package]\nname = \"{folder}\"\n{rest}"));
        Self { folder: folder.to_owned(), manifest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Guards all checks here against passing because nothing was read.
    #[test]
    fn our_own_manifests_are_read_with_their_arrows() {
        let packages = packages(&root()).unwrap();
        let schoolbell = packages.iter().find(|package| package.folder == "schoolbell").unwrap();
        let arrows: Vec<String> = schoolbell.manifest.dependencies().into_iter().map(|arrow| arrow.package).collect();
        for expected in ["engine", "gateway", "store-sqlite", "companion", "tokio"] {
            assert!(arrows.iter().any(|arrow| arrow == expected), "no {expected} in {arrows:?}");
        }
    }
}
