//! Whether the check would notice: the same check over a tree in which something bad was planted must refuse it.
//!
//! The planted crates are empty and are fetched from nowhere; only their names and versions are those of bad ones.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::process::{cargo, root, run as run_command};

/// Below `target`, so that nobody takes it for a part of the workspace.
const FOLDER: &str = "target/deny-control";

/// A crate with a known vulnerability, and one that is banned: name, version, and what the check says of it.
const PLANTED: [(&str, &str, &str); 2] =
    [("smallvec", "0.6.9", "RUSTSEC-2021-0003"), ("openssl", "0.10.0", "error[banned]")];

/// Fails unless everything planted is found.
pub(super) fn run() -> Result<(), Failure> {
    let folder = root().join(FOLDER);
    plant(&folder).map_err(|error| Failure::Found(format!("writing {}: {error}", folder.display())))?;
    run_command(cargo(&["generate-lockfile", "--offline", "--quiet"]).current_dir(&folder))?;
    let config = root().join("deny.toml");
    let mut check = cargo(&["deny", "--offline", "--locked", "--config"]);
    check.arg(config).args(["check", "advisories", "bans"]).current_dir(&folder);
    let checked = check.output().map_err(|error| Failure::Found(format!("starting cargo deny: {error}")))?;
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    for (name, version, expected) in PLANTED {
        if checked.status.success() || !said.contains(expected) {
            let message =
                format!("{name} {version} was planted and nobody said {expected}: the check is blind\n{said}");
            return Err(Failure::Found(message));
        }
    }
    eprintln!("control: what was planted is refused ({} crates)", PLANTED.len());
    Ok(())
}

fn plant(folder: &Path) -> io::Result<()> {
    super::empty(folder)?;
    let mut manifest = "[workspace]\n[package]\nname = \"control\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
        license = \"MIT\"\n[dependencies]\n"
        .to_owned();
    for (name, version, _) in PLANTED {
        manifest.push_str(&format!("{name} = \"={version}\"\n"));
        let planted = folder.join("vendor").join(name);
        write(planted.join("src/lib.rs"), "")?;
        write(planted.join("Cargo.toml"), &format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n"))?;
        let checksum = format!("{{\"files\":{{}},\"package\":\"{}\"}}", "0".repeat(64));
        write(planted.join(".cargo-checksum.json"), &checksum)?;
    }
    // Where the database is, is said by deny.toml, from the folder of whoever asks.
    fs::create_dir_all(folder.join("target"))?;
    symlink(root().join("target/advisory-db"), folder.join("target/advisory-db"))?;
    write(folder.join("Cargo.toml"), &manifest)?;
    write(folder.join("src/lib.rs"), "")?;
    let sources = "[source.crates-io]\nreplace-with = \"planted\"\n[source.planted]\ndirectory = \"vendor\"\n";
    write(folder.join(".cargo/config.toml"), sources)
}

fn write(path: PathBuf, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().expect("a file lies in a folder"))?;
    fs::write(path, text)
}
