//! Archives that are made to do harm.

use std::io::Cursor;
use std::path::Path;

use scorm::archive::{DEPTH_MAX, ENTRIES_MAX, UNPACKED_BYTES_MAX};
use scorm::testing::{MANIFEST, RawEnd, RawEntry, archive, course, raw};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What a reader makes of an archive that does as it is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Careless {
    /// It writes outside of its folder.
    Escapes,
    /// It writes what is in it, and two of it in one place, or something that is no file.
    Takes,
    /// It writes more than there is room for.
    Swells,
    /// It lists as many files as there are.
    Floods,
    /// It notices.
    Fails,
}

pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) archive: Vec<u8>,
    /// What the refusal says.
    pub(super) words: &'static str,
    /// How much may be unpacked of it before it is refused.
    pub(super) unpacked_max: u64,
    pub(super) careless: Careless,
}

fn case(what: &'static str, archive: Vec<u8>, words: &'static str, careless: Careless) -> Case {
    Case { what, archive, words, unpacked_max: 0, careless }
}

/// What every course has.
fn own() -> Vec<RawEntry> {
    vec![RawEntry::of("imsmanifest.xml", MANIFEST.as_bytes()), RawEntry::of("index.html", b"<!DOCTYPE html>")]
}

fn truly(end: RawEnd) -> RawEnd {
    end
}

/// A course with these entries besides.
fn with(entries: Vec<RawEntry>) -> Vec<u8> {
    raw(&[own(), entries].concat(), truly)
}

fn named(name: &str) -> Vec<u8> {
    with(vec![RawEntry::of(name, b"x")])
}

fn two(one: &str, other: &str) -> Vec<u8> {
    with(vec![RawEntry::of(one, b"one"), RawEntry::of(other, b"other")])
}

/// The true entry, changed.
fn entry(change: impl FnOnce(&mut RawEntry)) -> Vec<u8> {
    let mut entry = RawEntry::of("a.txt", &b"some text ".repeat(10));
    change(&mut entry);
    with(vec![entry])
}

fn ending(end: impl FnOnce(RawEnd) -> RawEnd) -> Vec<u8> {
    raw(&own(), end)
}

/// A course of so many entries.
pub(super) fn of_entries(count: usize) -> Vec<u8> {
    let one = RawEntry { packed: Vec::new(), method: 0, ..RawEntry::of("", b"") };
    let more = (own().len()..count).map(|n| RawEntry { name: format!("f{n}").into_bytes(), ..one.clone() });
    with(more.collect())
}

pub(super) fn with_folders_and_comment() -> Vec<u8> {
    let folder = |name: &str| RawEntry { mode: 0o040_755, method: 0, packed: Vec::new(), ..RawEntry::of(name, b"") };
    let entries = [vec![folder("media/"), folder("media/empty/")], own(), vec![RawEntry::of("media/a.txt", b"x")]];
    raw(&entries.concat(), |end| RawEnd { comment: b"made by hand".to_vec(), ..end })
}

pub(super) fn stored() -> Vec<u8> {
    let stored = |name: &str, content: &[u8]| RawEntry {
        packed: content.to_vec(),
        method: 0,
        mode: 0,
        ..RawEntry::of(name, content)
    };
    raw(&[stored("index.html", b"x"), stored("imsmanifest.xml", MANIFEST.as_bytes())], truly)
}

/// So many bytes of zeros, packed about a thousandfold.
fn zeros(mib: usize) -> Vec<u8> {
    vec![0; mib * 1024 * 1024]
}

/// Entries that all say that they begin where the first does.
fn overlapping() -> Vec<u8> {
    let long = RawEntry::of("f", &zeros(1));
    let start = raw(&own(), truly).len() - list_bytes(&own()) - 22;
    let lies =
        |n: usize| RawEntry { name: format!("f{n}").into_bytes(), starts_at: Some(start as u32), ..long.clone() };
    // Their contents lie there too, for the library to look for; what counts is that the first is all of them.
    with((0..190).map(lies).collect())
}

fn list_bytes(entries: &[RawEntry]) -> usize {
    entries.iter().map(|entry| 46 + entry.name.len() + entry.extra.len()).sum()
}

/// An entry whose true length stands in a field of its own, for archives of many gigabytes.
fn zip64_lie() -> Vec<u8> {
    let extra = [&b"\x01\x00\x08\x00"[..], &10_737_418_240_u64.to_le_bytes()].concat();
    entry(|entry| (entry.bytes, entry.extra) = (u32::MAX, extra))
}

/// Every archive of the row. `outside` is the folder in which the folder of the package lies.
pub(super) fn hostile_archives(outside: &Path) -> Vec<Case> {
    use Careless::{Escapes, Fails, Swells, Takes};
    let absolute = format!("{}/escaped", outside.display());
    let link = RawEntry { mode: 0o120_777, ..RawEntry::of("up", b"..") };
    let dots = "..'";
    let clash = "upper and lower case are one";
    let loose = "belongs to none of them";
    let damaged = |what, archive, words, careless| Case {
        unpacked_max: UNPACKED_BYTES_MAX,
        ..case(what, archive, words, careless)
    };
    vec![
        case("a path that leads up", named("../escaped"), dots, Escapes),
        case("a path that leads down and up", named("a/../../escaped"), dots, Escapes),
        case("a path that leads up with backslashes", named("..\\escaped"), "backslash", Escapes),
        case("a path that leads nowhere", named("a/./b"), dots, Takes),
        case("a path with an empty name", named("a//b"), dots, Takes),
        case("an absolute path", named(&absolute), "absolute path", Escapes),
        case(
            "a link and a file through it",
            with(vec![link.clone(), RawEntry::of("up/escaped", b"x")]),
            "link",
            Escapes,
        ),
        case("a link", with(vec![link.clone()]), "link", Takes),
        case("a link that calls itself a folder", with(vec![RawEntry { name: b"up/".into(), ..link }]), "link", Takes),
        case("a device node", entry(|entry| entry.mode = 0o060_600), "device", Takes),
        case("a drive letter", named("C:/a"), "letter of a drive", Takes),
        case("a drive letter without a slash", named("c:a"), "letter of a drive", Takes),
        case("a backslash", named("a\\b"), "backslash", Takes),
        case("a device name", named("a/NUL.txt"), "device", Takes),
        case("a device name with a number", named("com1"), "device", Takes),
        case("a control character", named("a\u{1b}[2J"), "control character", Takes),
        case("no name", named(""), "or none", Takes),
        case("a name that is too long", named(&format!("a/{}", "b".repeat(256))), "255", Fails),
        case("too deep", named(&vec!["a"; DEPTH_MAX + 1].join("/")), "64 folders", Takes),
        case("one name twice", two("a.txt", "a.txt"), "there twice", Takes),
        case("names that differ in case", two("API.js", "api.js"), clash, Takes),
        case("folders that differ in case", two("Js/a", "jS/A"), clash, Takes),
        case("names that differ in a dot at the end", two("a", "a."), clash, Takes),
        case("a file that is a folder", two("a", "a/b"), clash, Fails),
        case("a folder that is a file", two("A/b", "a"), clash, Takes),
        case(
            "a folder with content",
            with(vec![RawEntry { mode: 0, ..RawEntry::of("a/", b"x") }]),
            "folder with content",
            Takes,
        ),
        case("encrypted", entry(|entry| entry.flags |= 1), "encrypted", Fails),
        case("packed in another way", entry(|entry| entry.method = 12), "deflate", Fails),
        case("packed in a way that is none", entry(|entry| entry.method = 0xbeef), "deflate", Fails),
        case("zeros, a thousandfold", course(&[("a", &zeros(8))]), "100 times", Takes),
        case("zeros, each short enough and too many", swollen(), "200 MiB", Swells),
        case("many that are one", overlapping(), "overlap", Takes),
        case("a length of 10 GiB in its own field", zip64_lie(), "100 times", Takes),
        case("a length of 4 GiB", entry(|entry| entry.bytes = u32::MAX - 1), "100 times", Takes),
        case("more entries than may be", of_entries(ENTRIES_MAX + 1), "5001 entries", Takes),
        case("a list that is too long", long_list(), "list of files is longer", Fails),
        case(
            "more entries than there are",
            ending(|end| RawEnd { entries: 4_000, ..end }),
            "list of files is broken",
            Fails,
        ),
        case("fewer entries than there are", ending(|end| RawEnd { entries: 1, ..end }), "not in the archive", Takes),
        case("zip64", ending(|end| RawEnd { entries: u16::MAX, ..end }), "zip64", Fails),
        case("a million entries", million(), "zip64", Careless::Floods),
        case("something behind the end", [course(&[]), b"more".to_vec()].concat(), loose, Takes),
        case("something before the beginning", [b"MZ".to_vec(), course(&[])].concat(), loose, Takes),
        case(
            "an end within the comment",
            ending(|end| RawEnd { comment: archive(&[("a", b"x")]), ..end }),
            loose,
            Takes,
        ),
        case(
            "a list that begins elsewhere",
            ending(|end| RawEnd { list_start: end.list_start - 1, ..end }),
            loose,
            Fails,
        ),
        case("cut off", course(&[])[..400].to_vec(), "not a zip archive", Fails),
        case("nothing", Vec::new(), "not a zip archive", Fails),
        case("text", b"<html>".repeat(100), "not a zip archive", Fails),
        damaged("a checksum that is another", entry(|entry| entry.crc ^= 1), "damaged", Fails),
        damaged("longer than it says", entry(|entry| entry.bytes = 10), "damaged", Fails),
        damaged("shorter than it says", entry(|entry| entry.bytes += 1), "shorter than the list", Takes),
        damaged("noise in place of what is packed", entry(|entry| entry.packed = vec![0xff; 20]), "damaged", Fails),
        damaged("a stream that ends early", entry(|entry| entry.packed.truncate(3)), "damaged", Fails),
    ]
}

/// Each file is short enough to be as dense as it likes, and all of them are too much.
fn swollen() -> Vec<u8> {
    let dense = RawEntry::of("f", &zeros(1));
    with(
        (0..=UNPACKED_BYTES_MAX >> 20)
            .map(|n| RawEntry { name: format!("f{n}").into_bytes(), ..dense.clone() })
            .collect(),
    )
}

/// Names of 64 KiB.
fn long_list() -> Vec<u8> {
    let name = |n: usize| format!("{n:05}{}", "a".repeat(65_000)).into_bytes();
    let empty = RawEntry { packed: Vec::new(), method: 0, ..RawEntry::of("", b"") };
    with((0..70).map(|n| RawEntry { name: name(n), ..empty.clone() }).collect())
}

/// A million entries, or as many as make an archive need the form for large ones, which is refused before the first is read.
fn million() -> Vec<u8> {
    let count = proof::size(usize::from(u16::MAX), 1_000_000);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..count {
        writer.start_file(format!("f{n}"), SimpleFileOptions::default()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
