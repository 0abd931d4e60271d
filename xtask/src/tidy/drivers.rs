//! SQL is written in the stores and in the companion's inbox: nobody else has the means to run any.
//!
//! Judged by who may link a driver, since text that looks like SQL stands in many an innocent place.

use super::manifest::Kind;
use super::{Fault, Package};

/// A crate that can run SQL, and who may use it.
const DRIVERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["sqlite", "store-sqlite", "companion"]),
    ("sqlite", &["store-sqlite", "companion"]),
    ("tokio-postgres", &["store-postgres"]),
];

/// Every driver in the wrong hands; tests may look into a database.
pub(super) fn check(packages: &[Package]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for Package { folder, manifest } in packages {
        for dependency in manifest.dependencies().iter().filter(|dependency| dependency.kind != Kind::Dev) {
            let driver = DRIVERS.iter().find(|(driver, _)| *driver == dependency.package);
            let Some((driver, users)) = driver.filter(|(_, users)| !users.contains(&folder.as_str())) else { continue };
            let users = users.join(", ");
            let what = format!("{folder} depends on {driver}, but SQL is run only by {users}: ask the store by a verb");
            faults.push(Fault::in_manifest(folder, what));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(folder: &str, dependencies: &str, expected: &[&str]) {
        let faults = super::check(&[Package::sample(folder, dependencies)]);
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, expected);
    }

    #[test]
    fn only_a_store_and_the_inbox_link_a_driver() {
        check("store-sqlite", "[dependencies]\nrusqlite.workspace = true\nsqlite.workspace = true", &[]);
        check("companion", "[dependencies]\nsqlite.workspace = true", &[]);
        check(
            "engine",
            "[dependencies]\nsqlite.workspace = true",
            &["crates/engine/Cargo.toml: engine depends on sqlite, \
               but SQL is run only by store-sqlite, companion: ask the store by a verb"],
        );
    }

    #[test]
    fn tests_may_look_into_a_database() {
        check("schoolbell", "[dev-dependencies]\nrusqlite.workspace = true", &[]);
    }
}
