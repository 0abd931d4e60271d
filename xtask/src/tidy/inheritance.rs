//! One set of lints for all: the workspace's.

use super::{Fault, Package};

/// Every crate that does not take the lints of the workspace.
pub(super) fn check(packages: &[Package]) -> Vec<Fault> {
    let inherits = |package: &&Package| package.manifest.get(&["lints", "workspace"]) == Some("true");
    let fault = |package: &Package| {
        Fault::in_manifest(&package.folder, "does not inherit the lints: add \"[lints]\\nworkspace = true\"")
    };
    packages.iter().filter(|package| !inherits(package)).map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rest: &str, expected: usize) {
        assert_eq!(super::check(&[Package::sample("engine", rest)]).len(), expected, "{rest}");
    }

    #[test]
    fn a_crate_takes_the_lints_of_the_workspace() {
        check("[lints]\nworkspace = true", 0);
        check("lints.workspace = true", 1); // that is package.lints, which cargo ignores
        check("", 1);
        check("[lints]\nworkspace = false", 1);
        check("[lints.rust]\nunsafe_code = \"allow\"", 1);
    }
}
