//! Archives for the tests of this and of other crates: good ones, and such as no program makes.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The manifest of a course of SCORM 1.2 that opens `index.html`.
pub const MANIFEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="COURSE" version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
  xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="ORG">
    <organization identifier="ORG">
      <title>Fire safety</title>
      <item identifier="ITEM" identifierref="RES"><title>Fire safety</title></item>
    </organization>
  </organizations>
  <resources>
    <resource identifier="RES" type="webcontent" adlcp:scormtype="sco" href="index.html"/>
  </resources>
</manifest>"#;

/// An archive of these files, packed.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A course that opens `index.html`, with these files besides.
pub fn course(files: &[(&str, &[u8])]) -> Vec<u8> {
    let index = b"<!DOCTYPE html><title>Fire safety</title>".as_slice();
    let own = [("imsmanifest.xml", MANIFEST.as_bytes()), ("index.html", index)];
    archive(&[&own, files].concat())
}

/// An entry, every byte of which can be made to lie.
#[derive(Clone, Debug)]
pub struct RawEntry {
    /// The name as it stands in the list.
    pub name: Vec<u8>,
    /// What is packed.
    pub packed: Vec<u8>,
    /// How long it says that it is, unpacked.
    pub bytes: u32,
    /// Its checksum.
    pub crc: u32,
    /// How it is packed: 0 not at all, 8 by deflate.
    pub method: u16,
    /// 1: encrypted.
    pub flags: u16,
    /// What kind of file a Unix system says that it is, and who may do what.
    pub mode: u32,
    /// At which byte it says that it begins, if it lies.
    pub starts_at: Option<u32>,
    /// What follows the name in the list.
    pub extra: Vec<u8>,
}

impl RawEntry {
    /// A file that is as it should be.
    pub fn of(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let whole = archive(&[("a", content)]);
        let mut zip = ZipArchive::new(Cursor::new(whole)).unwrap();
        let mut entry = zip.by_index_raw(0).unwrap();
        let mut packed = Vec::new();
        entry.read_to_end(&mut packed).unwrap();
        RawEntry {
            name: name.as_ref().to_vec(),
            packed,
            bytes: content.len() as u32,
            crc: entry.crc32(),
            method: 8,
            flags: 0x800,
            mode: 0o100_644,
            starts_at: None,
            extra: Vec::new(),
        }
    }

    fn write(&self, is_listed: bool, starts_at: usize) -> Vec<u8> {
        let extra: &[u8] = if is_listed { &self.extra } else { &[] };
        let mut written = Vec::new();
        let mut put = |bytes: &[u8]| written.extend_from_slice(bytes);
        put(if is_listed { b"PK\x01\x02\x14\x03" } else { b"PK\x03\x04" });
        put(&20_u16.to_le_bytes());
        put(&self.flags.to_le_bytes());
        put(&self.method.to_le_bytes());
        put(b"\x00\x00\x21\x00"); // midnight, 1 January 1980
        put(&self.crc.to_le_bytes());
        put(&(self.packed.len() as u32).to_le_bytes());
        put(&self.bytes.to_le_bytes());
        put(&(self.name.len() as u16).to_le_bytes());
        put(&(extra.len() as u16).to_le_bytes());
        if is_listed {
            put(&[0; 6]); // no comment, the first disk, nothing within
            put(&(self.mode << 16).to_le_bytes());
            put(&self.starts_at.unwrap_or(starts_at as u32).to_le_bytes());
        }
        put(&self.name);
        put(extra);
        written
    }
}

/// What stands at the end of an archive: how many entries it says there are, how long it says that their list is and where that
/// begins, and a comment.
#[derive(Clone, Debug)]
pub struct RawEnd {
    /// How many entries.
    pub entries: u16,
    /// How long their list is.
    pub list_bytes: u32,
    /// Where it begins.
    pub list_start: u32,
    /// The comment.
    pub comment: Vec<u8>,
}

/// An archive of such entries, at whose end stands what `end` makes of the truth.
pub fn raw(entries: &[RawEntry], end: impl FnOnce(RawEnd) -> RawEnd) -> Vec<u8> {
    let (mut archive, mut list) = (Vec::new(), Vec::new());
    for entry in entries {
        list.extend(entry.write(true, archive.len()));
        archive.extend(entry.write(false, 0));
        archive.extend_from_slice(&entry.packed);
    }
    let end = end(RawEnd {
        entries: entries.len() as u16,
        list_bytes: list.len() as u32,
        list_start: archive.len() as u32,
        comment: Vec::new(),
    });
    archive.extend(list);
    archive.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend([end.entries, end.entries].map(u16::to_le_bytes).concat());
    archive.extend([end.list_bytes, end.list_start].map(u32::to_le_bytes).concat());
    archive.extend((end.comment.len() as u16).to_le_bytes());
    archive.extend(end.comment);
    archive
}
