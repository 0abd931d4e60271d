use super::*;

/// Each line is a crate and what it depends on; `dev:` and `build:` say the kind.
#[track_caller]
fn check(lines: &[&str], expected: &[&str]) {
    let packages: Vec<Package> = lines.iter().map(|line| package(line)).collect();
    let faults: Vec<String> = super::check(&packages).iter().map(ToString::to_string).collect();
    assert_eq!(faults, expected);
}

fn package(line: &str) -> Package {
    let mut words = line.split(' ');
    let name = words.next().unwrap();
    let rest: String = words
        .map(|word| match word.split_once(':') {
            None => format!("[dependencies]\n{word}.workspace = true\n"),
            Some((kind, to)) => format!("[{kind}-dependencies]\n{to}.workspace = true\n"),
        })
        .collect();
    Package::sample(name, &rest)
}

#[test]
fn arrows_down_are_welcome() {
    check(
        &["contract", "domain contract", "store domain contract", "engine store tokio", "schoolbell engine cli"],
        &[],
    );
    check(&["cli client contract", "companion client sqlite contract", "store-sqlite store sqlite"], &[]);
}

#[test]
fn an_arrow_up_is_refused() {
    check(
        &["domain store"],
        &["crates/domain/Cargo.toml: domain (floor 1) depends on store (floor 2): \
           arrows go down only, this one goes up"],
    );
    check(
        &["contract build:schoolbell"],
        &["crates/contract/Cargo.toml: contract (floor 0) depends on schoolbell (floor 4): \
           arrows go down only, this one goes up"],
    );
}

#[test]
fn an_arrow_sideways_is_refused() {
    check(
        &["gateway engine"],
        &["crates/gateway/Cargo.toml: gateway (floor 3) depends on engine (floor 3): \
           arrows go down only, this one goes sideways"],
    );
}

#[test]
fn the_ground_is_everybodys_and_stands_on_nobody() {
    check(&["sqlite crash", "companion proof"], &[]);
    check(&["crash sqlite"], &["crates/crash/Cargo.toml: crash depends on sqlite; it lies below all others of ours"]);
}

#[test]
fn outsiders_stand_on_what_an_outsider_has() {
    check(
        &["companion domain", "cli store"],
        &[
            "crates/companion/Cargo.toml: companion depends on domain; it may use only client, contract, sqlite, mail, framing",
            "crates/cli/Cargo.toml: cli depends on store; it may use only client, contract, sqlite, mail, framing",
        ],
    );
}

#[test]
fn a_dev_dependency_may_go_sideways_but_not_in_a_circle() {
    check(&["engine store dev:store-sqlite", "store-sqlite store", "store"], &[]);
    check(
        &["store dev:store-sqlite", "store-sqlite store"],
        &["crates/store/Cargo.toml: its dev-dependency closes a circle: store -> store-sqlite -> store"],
    );
    // That is how a crate switches on a feature of its own for its tests.
    check(&["client dev:client"], &[]);
}

#[test]
fn a_crate_without_a_floor_is_refused() {
    check(&["billing"], &["crates/billing/Cargo.toml: billing has no floor: give it one in xtask/src/tidy/floors.rs"]);
}

#[test]
fn xtask_stands_alone() {
    check(&["xtask"], &[]);
    check(&["xtask serde"], &["xtask/Cargo.toml: xtask depends on serde; it uses the standard library only"]);
    check(&["cli xtask"], &["crates/cli/Cargo.toml: cli depends on xtask; nothing does"]);
}

#[test]
fn no_other_name_hides_an_arrow() {
    let hidden = Package::sample("gateway", "[dependencies]\nworker = { package = \"engine\", version = \"0.1\" }");
    let by_path = Package::sample("gateway", "[dependencies]\nengine = { path = \"../engine\" }");
    for package in [hidden, by_path] {
        let faults = super::check(&[package]);
        assert!(faults[0].what.ends_with("take our crates from the workspace, under their own names"), "{faults:?}");
    }
    let misplaced = Package { folder: "gateway".to_owned(), manifest: Package::sample("engine", "").manifest };
    let faults = super::check(&[misplaced]);
    assert_eq!(faults[0].what, "the crate 'engine' lies in the folder 'gateway'");
}

#[test]
fn the_workspace_gives_our_crates_no_other_name() {
    #[track_caller]
    fn check(line: &str, expected: usize) {
        let manifest = Manifest::parse(&format!("[workspace.dependencies]\n{line}"));
        assert_eq!(check_aliases(&manifest).len(), expected, "{line}");
    }
    check("engine = { path = \"crates/engine\" }", 0);
    check("tokio = { version = \"1\", features = [\"rt\"] }", 0);
    check("worker = { path = \"crates/engine\", package = \"engine\" }", 1);
    check("worker = { path = \"crates/engine\" }", 1);
    check("engine = { path = \"crates/gateway\" }", 1);
    check("engine = \"1\"", 1);
}
