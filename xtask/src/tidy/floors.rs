//! Arrows between our crates go down, never up or sideways.
//!
//! Dev-dependencies may go anywhere, for a crate is tested with what stands above it, but not in a circle.

use super::manifest::{Dependency, Kind, Manifest};
use super::{Fault, Package};

/// The floors, lowest first. A new crate is a name here (and a decision record, where it brings a new arrow).
const FLOORS: &[&[&str]] = &[
    &["contract", "sqlite", "scorm", "mail", "framing"],
    &["domain", "client"],
    &["store"],
    &["store-sqlite", "store-postgres", "engine", "gateway", "player", "hub", "cli", "companion"],
    &["schoolbell", "bench"],
    &["prove"],
];

/// What tests and proofs put anywhere: below every floor, and nothing of ours below it.
const GROUND: &[&str] = &["browser", "crash", "proof"];

/// These show what an outsider can do, so they stand on what an outsider has.
const OUTSIDERS: &[&str] = &["cli", "companion"];
const OUTSIDERS_MAY_USE: &[&str] = &["client", "contract", "sqlite", "mail", "framing"];

/// Every arrow that is not allowed, and every crate that the table above does not know.
pub(super) fn check(packages: &[Package]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for package in packages {
        let arrows = package.manifest.dependencies();
        let mut found = vec![check_name(package)];
        if package.folder == "xtask" {
            found.push(check_xtask(&arrows));
        } else {
            found.push(check_floor(&package.folder));
            found.extend(arrows.iter().map(|arrow| check_arrow(&package.folder, arrow)));
        }
        faults.extend(found.into_iter().flatten().map(|what| Fault::in_manifest(&package.folder, what)));
    }
    faults.extend(circles(packages));
    faults
}

/// The workspace's own table: each of our crates under its own name and at its own place.
pub(super) fn check_aliases(workspace: &Manifest) -> Vec<Fault> {
    let mut faults = Vec::new();
    for Dependency { alias, package, is_path, .. } in workspace.dependencies() {
        let path = workspace.get(&["workspace", "dependencies", &alias, "path"]).unwrap_or_default();
        if (is_path || is_ours(&package)) && (alias != package || path != format!("crates/{alias}")) {
            faults.push(Fault::new("Cargo.toml", format!("{alias}: folder, crate and import have one name")));
        }
    }
    faults
}

fn check_name(package: &Package) -> Option<String> {
    let name = package.manifest.get(&["package", "name"]).unwrap_or_default();
    (name != package.folder).then(|| format!("the crate '{name}' lies in the folder '{}'", package.folder))
}

fn check_xtask(arrows: &[Dependency]) -> Option<String> {
    let Dependency { alias, .. } = arrows.first()?;
    Some(format!("xtask depends on {alias}; it uses the standard library only"))
}

fn check_floor(name: &str) -> Option<String> {
    let is_known = floor(name).is_some() || GROUND.contains(&name);
    (!is_known).then(|| format!("{name} has no floor: give it one in xtask/src/tidy/floors.rs"))
}

fn check_arrow(from: &str, arrow: &Dependency) -> Option<String> {
    let Dependency { alias, package: to, kind, is_path } = arrow;
    if *is_path || (is_ours(to) && alias != to) {
        return Some(format!("{alias}: take our crates from the workspace, under their own names"));
    }
    if to == "xtask" {
        return Some(format!("{from} depends on xtask; nothing does"));
    }
    if GROUND.contains(&from) && is_ours(to) {
        return Some(format!("{from} depends on {to}; it lies below all others of ours"));
    }
    let (below, above) = (floor(to)?, floor(from)?);
    if *kind == Kind::Dev {
        return None;
    }
    if below >= above {
        let way = if below > above { "up" } else { "sideways" };
        return Some(format!(
            "{from} (floor {above}) depends on {to} (floor {below}): arrows go down only, this one goes {way}"
        ));
    }
    let is_beyond = OUTSIDERS.contains(&from) && !OUTSIDERS_MAY_USE.contains(&to.as_str());
    is_beyond.then(|| format!("{from} depends on {to}; it may use only {}", OUTSIDERS_MAY_USE.join(", ")))
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|names| names.contains(&name))
}

fn is_ours(name: &str) -> bool {
    floor(name).is_some() || GROUND.contains(&name) || name == "xtask"
}

/// Each dev-dependency from whose end its start can be reached again.
fn circles(packages: &[Package]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for package in packages {
        // A crate may name itself, to switch on a feature for its own tests.
        let others = |arrow: &&Dependency| arrow.kind == Kind::Dev && arrow.package != package.folder;
        for arrow in package.manifest.dependencies().iter().filter(others) {
            if let Some(back) = path_between(packages, &arrow.package, &package.folder, &mut Vec::new()) {
                let what = format!("its dev-dependency closes a circle: {} -> {}", package.folder, back.join(" -> "));
                faults.push(Fault::in_manifest(&package.folder, what));
            }
        }
    }
    faults
}

/// The names on a way along arrows of any kind, both ends included; `seen` are names that lead nowhere.
fn path_between(packages: &[Package], from: &str, to: &str, seen: &mut Vec<String>) -> Option<Vec<String>> {
    if from == to {
        return Some(vec![to.to_owned()]);
    }
    if seen.iter().any(|name| name == from) {
        return None;
    }
    seen.push(from.to_owned());
    let package = packages.iter().find(|package| package.folder == from)?;
    let onward = package.manifest.dependencies();
    let mut way = onward.iter().find_map(|arrow| path_between(packages, &arrow.package, to, seen))?;
    way.insert(0, from.to_owned());
    Some(way)
}

#[cfg(test)]
mod tests;
