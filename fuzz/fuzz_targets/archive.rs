//! The archive of a package that somebody uploads: any bytes at all; and, for noise does not get far, an archive of one entry whose
//! every field is what the input makes of it.
#![no_main]

use std::collections::HashSet;
use std::io::Cursor;
use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use scorm::archive::{Archive, DEPTH_MAX, ENTRIES_MAX, UNPACKED_BYTES_MAX};
use scorm::course;
use scorm::testing::{MANIFEST, RawEntry, raw};

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let [method, mode, bytes_more, crc_more, name_bytes, rest @ ..] = bytes else { return };
    let (name, content) = rest.split_at(usize::from(*name_bytes).min(rest.len()));
    let true_entry = RawEntry::of(name, content);
    let packed = if *method == 8 { true_entry.packed.clone() } else { content.to_vec() };
    let entry = RawEntry {
        method: u16::from(*method),
        mode: u32::from(*mode) << 9,
        bytes: true_entry.bytes.wrapping_add(u32::from(*bytes_more)),
        crc: true_entry.crc ^ u32::from(*crc_more),
        packed,
        ..true_entry
    };
    let own = [RawEntry::of("imsmanifest.xml", MANIFEST.as_bytes()), RawEntry::of("index.html", b"x")];
    read(&raw(&[own.as_slice(), &[entry]].concat(), |end| end));
});

fn read(bytes: &[u8]) {
    let Ok(mut archive) = Archive::open(Cursor::new(bytes)) else { return };
    let files = archive.files().to_vec();
    assert!(files.len() <= ENTRIES_MAX && archive.unpacked_bytes() <= UNPACKED_BYTES_MAX);
    let mut names = HashSet::new();
    for file in &files {
        let parts: Vec<&str> = file.path.split('/').collect();
        assert!(parts.len() <= DEPTH_MAX && parts.iter().all(|part| !matches!(*part, "" | "." | "..")), "{file:?}");
        assert!(!file.path.contains(['\\', '\0']), "{file:?}");
        assert!(names.insert(file.path.to_lowercase()), "{file:?}");
    }
    if let Ok(manifest) = course::read(&mut archive) {
        assert!(files.iter().any(|file| file.path == manifest.entry.path));
    }
    let mut unpacked = 0;
    let outcome = archive.unpack(1_000, |piece| {
        assert!(piece.bytes.len() <= 1_000);
        unpacked += piece.bytes.len() as u64;
        ControlFlow::Continue(())
    });
    assert!(unpacked <= archive.unpacked_bytes());
    assert!(outcome.is_err() || unpacked == archive.unpacked_bytes());
}
