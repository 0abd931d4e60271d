//! Programs that a chore calls and that a bare machine may lack.
//!
//! A C compiler is not among them: without one, xtask itself would not have been linked.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::Failure;
use crate::process::{output, run};

/// A program to be found on the path, and where Debian has it.
pub(crate) struct Need {
    pub(crate) binary: &'static str,
    pub(crate) package: &'static str,
    pub(crate) why: &'static str,
}

/// Sees to it that every need is met: installs what is missing when run as root on Debian, else says what to install.
pub(crate) fn meet(needs: &[Need]) -> Result<(), Failure> {
    let path = env::var_os("PATH").unwrap_or_default();
    let missing = missing(needs, &path);
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        eprintln!("missing: {} ({})", need.binary, need.why);
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if !is_present("apt-get", &path) {
        return Err(Failure::Found(format!("install these first (Debian's names): {}", packages.join(" "))));
    }
    if output(Command::new("id").arg("-u")).as_deref() != Some("0") {
        let packages = packages.join(" ");
        return Err(Failure::Found(format!("run: sudo apt-get update && sudo apt-get install -y {packages}")));
    }
    install(&packages)?;
    match self::missing(needs, &path).first() {
        None => Ok(()),
        Some(need) => {
            let Need { binary, package, .. } = need;
            Err(Failure::Found(format!("installed {package}, but there is still no {binary} on the path")))
        }
    }
}

fn missing<'a>(needs: &'a [Need], path: &OsStr) -> Vec<&'a Need> {
    needs.iter().filter(|need| !is_present(need.binary, path)).collect()
}

fn is_present(binary: &str, path: &OsStr) -> bool {
    let is_executable = |metadata: fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    env::split_paths(path).any(|folder| fs::metadata(folder.join(binary)).is_ok_and(is_executable))
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    run(&mut apt_get(&["update", "--quiet"]))?;
    run(apt_get(&["install", "--yes", "--quiet", "--no-install-recommends", "--no-upgrade"]).args(packages))
}

/// Asks no question, and waits for another installation to end instead of failing beside it.
fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-o", "DPkg::Lock::Timeout=300"]).args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Need = Need { binary: "sh", package: "dash", why: "a test" };
    const ABSENT: Need = Need { binary: "schoolbell-no-such-program", package: "none", why: "a test" };

    #[track_caller]
    fn check(path: &str, expected: &[&str]) {
        let needs = [SHELL, ABSENT];
        let missing: Vec<&str> = missing(&needs, OsStr::new(path)).iter().map(|need| need.binary).collect();
        assert_eq!(missing, expected);
    }

    #[test]
    fn a_need_is_met_by_an_executable_file_in_any_folder_of_the_path() {
        check("/nowhere:/bin", &[ABSENT.binary]);
        check("/nowhere", &[SHELL.binary, ABSENT.binary]);
        check("", &[SHELL.binary, ABSENT.binary]);
    }

    #[test]
    fn a_folder_or_a_plain_file_of_that_name_does_not_meet_a_need() {
        assert!(!is_present("bin", OsStr::new("/usr")));
        assert!(!is_present("passwd", OsStr::new("/etc")));
    }
}
