//! Manifests are valid to the schemas of ADL and IMS, by a validator that is not ours and without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use scorm::edition::{Edition, Runtime};
use scorm::launch_data::LaunchData;
use scorm::package::Package;
use scorm::schemas::Schemas;
use tempfile::TempDir;

/// How many courses are written in each edition.
const COURSES: usize = 200;

/// The folder with the schemas, which are not ours to give away.
fn schemas(runtime: Runtime) -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/scorm-schemas");
    let folder = std::env::var_os("SCORM_SCHEMAS").map_or_else(beside, PathBuf::from);
    let all = folder.join(runtime.as_str()).join("all.xsd");
    assert!(
        all.is_file(),
        "the schemas of ADL and IMS are needed: there is no {}; SCORM_SCHEMAS may name a folder with 1.2/all.xsd and 2004/all.xsd, \
        each of which imports what a manifest needs",
        all.display()
    );
    all
}

/// What Debian's unzip finds in a package; the package as a whole is tested first.
fn unzip(zip: &Path, into: &Path) {
    let run = |arguments: &[&std::ffi::OsStr]| {
        let output = Command::new("unzip").args(arguments).output().expect("unzip is installed (package unzip)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["-tqq".as_ref(), zip.as_ref()]);
    run(&["-qq".as_ref(), "-o".as_ref(), zip.as_ref(), "-d".as_ref(), into.as_ref()]);
}

/// Validates manifests; what is wrong with them, if anything is.
fn validate(runtime: Runtime, manifests: &[PathBuf]) -> Result<(), String> {
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schemas(runtime))
        .args(manifests)
        .output()
        .expect("xmllint is installed (package libxml2-utils)");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn package(edition: Edition, lo_id: i64, title: &str, reference: Option<&str>) -> Vec<u8> {
    let launch_data = LaunchData::new(lo_id, 11861197, reference).unwrap();
    let token = "0123456789abcdefghijABCDEFGHIJ42";
    let package = Package {
        edition,
        lo_id,
        title,
        launch_data: &launch_data,
        token,
        player: "https://player.example",
        lower_status: false,
    };
    package.zip(&Schemas::default())
}

/// Writes a package and gives its manifest, taken out of it.
fn manifest(folder: &TempDir, name: &str, zip: &[u8]) -> PathBuf {
    let (package, content) = (folder.path().join(format!("{name}.zip")), folder.path().join(name));
    fs::write(&package, zip).unwrap();
    unzip(&package, &content);
    let config = fs::read_to_string(content.join("config.js")).unwrap();
    assert!(config.starts_with("var ScormPackage_Value = {\"token\":\""), "{config}");
    content.join("imsmanifest.xml")
}

#[test]
fn packages_are_valid_whatever_the_course_is_called() {
    let course = (1..i64::MAX, any::<String>(), proptest::option::of("\\PC{0,20}|(?s:.){0,10}"));
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(5), ..Config::default() });
    for edition in Edition::ALL {
        let folder = TempDir::new().unwrap();
        let mut manifests = Vec::new();
        for n in 0..COURSES {
            let (lo_id, title, reference) = course.new_tree(&mut runner).unwrap().current();
            let Ok(_) = LaunchData::new(lo_id, 11861197, reference.as_deref()) else { continue };
            let zip = package(edition, lo_id, &title, reference.as_deref());
            manifests.push(manifest(&folder, &n.to_string(), &zip));
        }
        let long = package(edition, i64::MAX, &"é<".repeat(250), Some(&"%".repeat(60)));
        manifests.push(manifest(&folder, "long", &long));
        assert!(manifests.len() > COURSES / 2, "{}", manifests.len());
        if let Err(wrong) = validate(edition.runtime(), &manifests) {
            panic!("{edition:?} in {}: {wrong}", folder.keep().display());
        }
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    for (edition, right, wrong) in [
        (Edition::Scorm12, "adlcp:scormtype", "adlcp:scormType"),
        (Edition::Scorm12, "identifier=\"LO-7\"", "identifier=\"7\""),
        (Edition::Scorm12, "<title>Fire", format!("<title>{}", "x".repeat(201)).as_str()),
        (Edition::Scorm12, "</adlcp:datafromlms>", format!("{}</adlcp:datafromlms>", "x".repeat(255)).as_str()),
        (Edition::Scorm2004Third, "completionSetByContent=\"true\"", "completionSetByContent=\"yes\""),
        (Edition::Scorm2004Fourth, "identifierref", "identifierRef"),
        (Edition::Scorm2004Fourth, "Fire", "Fire & water"),
    ] {
        let folder = TempDir::new().unwrap();
        let path = manifest(&folder, "course", &package(edition, 7, "Fire", None));
        validate(edition.runtime(), std::slice::from_ref(&path)).unwrap();
        let manifest = fs::read_to_string(&path).unwrap();
        assert!(manifest.contains(right), "{right}");
        fs::write(&path, manifest.replace(right, wrong)).unwrap();
        assert!(validate(edition.runtime(), &[path]).is_err(), "{edition:?} {right}");
    }
}
