//! Manifests that are made to do harm.

use scorm::manifest::{ATTRIBUTES_MAX, DEPTH_MAX, ELEMENTS_MAX, MANIFEST_BYTES_MAX, VALUE_BYTES_MAX};
use scorm::testing::MANIFEST;

pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) xml: String,
    /// What the refusal says.
    pub(super) words: &'static str,
}

/// A true manifest, but for one place.
fn with(place: &str, other: &str) -> String {
    assert!(MANIFEST.contains(place));
    MANIFEST.replacen(place, other, 1)
}

/// A true manifest with this before its end.
fn ending(more: &str) -> String {
    with("</manifest>", &format!("{more}</manifest>"))
}

/// Each entity is ten of the one before: a billion in the end.
fn laughs() -> String {
    let entity = |n: usize| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    let entities: String = (1..10).map(entity).collect();
    let doctype = format!("<!DOCTYPE manifest [<!ENTITY l0 \"ha\">{entities}]><manifest ");
    with("<manifest ", &doctype).replace(">Fire safety</title>", ">&l9;</title>")
}

fn attributes(count: usize) -> String {
    (0..count).map(|n| format!(" a{n}=\"\"")).collect()
}

fn namespaces(count: usize) -> String {
    (0..count).map(|n| format!(" xmlns:n{n}=\"u\"")).collect()
}

pub(super) fn hostile_manifests() -> Vec<Case> {
    let deep = |depth: usize| format!("{}{}", "<x>".repeat(depth), "</x>".repeat(depth));
    let doctype = |text: &str| with("<manifest ", &format!("{text}<manifest "));
    let external = "<!DOCTYPE manifest [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let cases = [
        ("a billion laughs", laughs(), "document type"),
        ("an external entity", doctype(external).replace(">Fire safety<", ">&x;<"), "document type"),
        (
            "an external document type",
            doctype("<!DOCTYPE manifest SYSTEM \"http://192.0.2.1/a.dtd\">"),
            "document type",
        ),
        (
            "a parameter entity",
            doctype("<!DOCTYPE manifest [<!ENTITY % p SYSTEM \"http://192.0.2.1/\"> %p;]>"),
            "document type",
        ),
        ("an entity that nobody declared", with(">Fire safety<", ">&x;<"), "the entity \"x\""),
        ("100,000 attributes", with("<manifest ", &format!("<manifest {} ", attributes(100_000))), "64 attributes"),
        ("one attribute too many", ending(&format!("<x{}/>", attributes(ATTRIBUTES_MAX + 1))), "64 attributes"),
        (
            "more namespaces than there is room for",
            with("<manifest ", &format!("<manifest {} ", namespaces(proof::size(200_000, 1_000_000)))),
            "2 MiB",
        ),
        (
            "as many namespaces as there is room for",
            with("<manifest ", &format!("<manifest {} ", namespaces(100_000))),
            "64 attributes",
        ),
        ("namespaces on many elements", ending(&format!("<x{}/>", namespaces(50)).repeat(ELEMENTS_MAX / 10)), "2 MiB"),
        ("100,000 elements deep", ending(&deep(100_000)), "64 elements"),
        ("one element too deep", ending(&deep(DEPTH_MAX)), "64 elements"),
        ("too many elements", ending(&"<x/>".repeat(ELEMENTS_MAX)), "50,000 elements"),
        ("a value that is too long", ending(&format!("<x a=\"{}\"/>", "a".repeat(VALUE_BYTES_MAX + 1))), "8 KiB"),
        ("a title that is too long", with(">Fire safety<", &format!(">{}<", "a".repeat(70_000))), "64 KiB"),
        (
            "a title of references that is too long",
            with(">Fire safety<", &format!(">{}<", "&#128512;".repeat(20_000))),
            "64 KiB",
        ),
        ("too long", ending(&" ".repeat(MANIFEST_BYTES_MAX as usize)), "2 MiB"),
        ("bases upon bases", bases(), "xml:base"),
        ("an address elsewhere", with("index.html", "https://192.0.2.1/x"), "another server"),
        ("an address with code", with("index.html", "javascript:alert(1)"), "another server"),
        ("an address above", with("index.html", "../../etc/passwd"), "leads out"),
        ("an address above, encoded", with("index.html", "%2e%2e/%2e%2e/etc/passwd"), "leads out"),
        ("an address at the root", with("index.html", "/etc/passwd"), "leads out"),
        ("a file of the reader's own", with("index.html", "file:///etc/passwd"), "another server"),
    ];
    cases.into_iter().map(|(what, xml, words)| Case { what, xml, words }).collect()
}

/// Manifests one in the other, each with a base, and in the innermost resources that each would keep all of them.
fn bases() -> String {
    let base = format!("<manifest xml:base=\"{}/\">", "a".repeat(8_000));
    let resources: String = (0..20_000).map(|n| format!("<resource identifier=\"r{n}\" href=\"x\"/>")).collect();
    ending(&format!("{}<resources>{resources}</resources>{}", base.repeat(60), "</manifest>".repeat(60)))
}
