//! Archives and manifests that are made to do harm (row S12): each is refused for what it is, before more of it was looked at than its
//! kind of harm allows, and good ones beside them are read.

mod archives;
mod manifests;

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use scorm::archive::{Archive, ENTRIES_MAX, UNPACKED_BYTES_MAX};
use scorm::course::{self, CourseError};
use scorm::manifest::{self, Manifest};
use scorm::testing;
use zip::ZipArchive;

use self::archives::{Careless, Case, hostile_archives};
use self::manifests::hostile_manifests;

/// How many times its own length may be read of an archive before it is refused: the list, the places of all files, each file once.
const READ_RATIO_MAX: u64 = 4;
/// And a little more, for short ones.
const READ_BYTES_MORE: u64 = 256 * 1024;

/// Counts what is read.
struct Counting<'a> {
    inner: Cursor<&'a [u8]>,
    read: u64,
}

impl Read for Counting<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// What became of an archive, and what it cost.
struct Reading {
    outcome: Result<Manifest, CourseError>,
    unpacked: u64,
}

/// Reads all there is, as an upload does.
fn read(archive: &[u8]) -> Reading {
    let mut counting = Counting { inner: Cursor::new(archive), read: 0 };
    let mut unpacked = 0;
    let outcome = read_all(&mut counting, &mut unpacked);
    let read_max = READ_RATIO_MAX * archive.len() as u64 + READ_BYTES_MORE;
    assert!(counting.read <= read_max, "{} bytes read of {}", counting.read, archive.len());
    assert!(unpacked <= UNPACKED_BYTES_MAX, "{unpacked} bytes unpacked");
    Reading { outcome, unpacked }
}

fn read_all(reader: &mut Counting<'_>, unpacked: &mut u64) -> Result<Manifest, CourseError> {
    let mut archive = Archive::open(reader)?;
    let manifest = course::read(&mut archive)?;
    archive.unpack(64 * 1024, |piece| {
        *unpacked += piece.bytes.len() as u64;
        ControlFlow::Continue(())
    })?;
    Ok(manifest)
}

/// Does what nobody should: writes whatever is in an archive to wherever it says, links and all.
fn extract_carelessly(archive: &[u8], folder: &Path) -> io::Result<()> {
    let mut zip = ZipArchive::new(Cursor::new(archive))?;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let path = folder.join(entry.name()?.replace('\\', "/"));
        if path.to_string_lossy().ends_with('/') {
            fs::create_dir_all(path)?;
            continue;
        }
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        if entry.is_symlink() {
            let mut target = String::new();
            entry.read_to_string(&mut target)?;
            symlink(target, path)?;
            continue;
        }
        io::copy(&mut entry, &mut fs::File::create(path)?)?;
    }
    Ok(())
}

/// The same in the hands of a reader that does as it is told: whether it comes to what this kind of harm is.
fn comes_to(case: &Case, outside: &Path) -> bool {
    let zip = ZipArchive::new(Cursor::new(&case.archive));
    match case.careless {
        Careless::Floods => return zip.is_ok_and(|zip| zip.len() > ENTRIES_MAX),
        Careless::Swells => return zip.is_ok_and(|zip| zip.decompressed_size() > Some(UNPACKED_BYTES_MAX.into())),
        Careless::Escapes | Careless::Takes | Careless::Fails => {}
    }
    let folder = outside.join("package");
    let written = extract_carelessly(&case.archive, &folder);
    let escaped = outside.join("escaped");
    let has_left = escaped.exists();
    fs::remove_dir_all(&folder).ok();
    fs::remove_file(escaped).ok();
    match case.careless {
        Careless::Escapes => written.is_ok() && has_left,
        Careless::Takes => written.is_ok() && !has_left,
        Careless::Floods | Careless::Swells | Careless::Fails => written.is_err() && !has_left,
    }
}

#[test]
fn archives_are_refused_for_what_they_are() {
    let outside = tempfile::tempdir().unwrap();
    let (mut tried, mut slowest, mut taken) = (0, (0, ""), 0);
    for case in hostile_archives(outside.path()) {
        let started = Instant::now();
        let Reading { outcome, unpacked } = read(&case.archive);
        slowest = slowest.max((started.elapsed().as_millis(), case.what));
        let error = outcome.expect_err(case.what).to_string();
        assert!(error.contains(case.words), "{}: {error}", case.what);
        assert!(unpacked <= case.unpacked_max, "{}: {unpacked} bytes unpacked", case.what);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0, "{}: something was written", case.what);
        assert!(
            comes_to(&case, outside.path()),
            "{}: a careless reader does not come to {:?}",
            case.what,
            case.careless
        );
        tried += 1;
        taken += u64::from(!matches!(case.careless, Careless::Fails));
    }
    let progress = format!("{taken} of them taken by a careless reader; slowest {} ms ({})", slowest.0, slowest.1);
    proof::held("S12", "archives", tried, progress);
}

#[test]
fn manifests_are_refused_for_what_they_are() {
    let (mut tried, mut well_formed, mut slowest) = (0, 0, (0, ""));
    for case in hostile_manifests() {
        let started = Instant::now();
        let error = manifest::read(case.xml.as_bytes()).expect_err(case.what).to_string();
        slowest = slowest.max((started.elapsed().as_millis(), case.what));
        assert!(error.contains(case.words), "{}: {error}", case.what);
        // It is XML all the same: a reader without limits would have read it to its end.
        assert!(is_xml(&case.xml), "{}", case.what);
        let whole = testing::archive(&[("imsmanifest.xml", case.xml.as_bytes()), ("index.html", b"x")]);
        assert!(read(&whole).outcome.is_err(), "{}", case.what);
        tried += 1;
        well_formed += 1;
    }
    let progress = format!("{well_formed} of them well-formed; slowest {} ms ({})", slowest.0, slowest.1);
    proof::held("S12", "manifests", tried, progress);
}

/// Whether a reader that has no limits and looks nothing up comes to the end.
fn is_xml(text: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[test]
fn good_packages_beside_them_are_read() {
    let nested = testing::course(&[("more.html", b"x")]);
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let dense = vec![0; 1024 * 1024];
    let good: Vec<(&str, Vec<u8>)> = vec![
        ("plain", testing::course(&[])),
        ("with an archive in it", testing::course(&[("extra/source.zip", &nested)])),
        (
            "with odd names",
            testing::course(&[("my course/für 100%.html", b"x"), (".htaccess", b""), ("a/b/c/console.js", b"x")]),
        ),
        ("with a long file and a dense one", testing::course(&[("video.mp4", &large), ("white.bmp", &dense)])),
        ("with folders and a comment", archives::with_folders_and_comment()),
        ("not packed", archives::stored()),
        ("with as many entries as may be", archives::of_entries(ENTRIES_MAX)),
        ("as deep as may be", testing::course(&[(vec!["a"; scorm::archive::DEPTH_MAX].join("/").as_str(), b"x")])),
    ];
    let read_well = good.len() as u64;
    for (what, archive) in good {
        let Reading { outcome, unpacked } = read(&archive);
        assert_eq!(outcome.unwrap_or_else(|error| panic!("{what}: {error}")).entry.path, "index.html", "{what}");
        assert!(unpacked > 0, "{what}");
    }
    proof::held("S12", "good packages beside them", read_well, "all of them read to the last byte");
}
