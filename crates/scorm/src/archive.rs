//! A zip of unknown origin, read within limits.
//!
//! What is not plainly a folder of files is refused: nobody who packs a course needs the rest, and each of its readers would make
//! something else of it. Nothing is ever written anywhere here: files are handed out piece by piece, by names that are safe as
//! parts of an address and as files on any system. An archive inside an archive is a file like any other.

mod end;
mod name;

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;

use zip::read::{ArchiveOffset, Config, ZipFileEntry};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

pub use self::end::BadEnd;
pub use self::name::{BadName, DEPTH_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX};

/// How long all files may be together, unpacked, in bytes.
pub const UNPACKED_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// How many entries an archive may have, folders among them.
pub const ENTRIES_MAX: usize = 5_000;
/// How long the list of entries may be, in bytes: far more than so many names need.
pub const LIST_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// How many times as long as it is packed a file may become.
pub const RATIO_MAX: u64 = 100;
/// A file that is no longer than this, in bytes, may be as dense as it likes: pages of one colour and tables of zeros are.
pub const DENSE_BYTES_MAX: u64 = 1024 * 1024;

/// The kind of file in the upper half of an entry's attributes, where a Unix system wrote them.
const UNIX_KIND: u32 = 0o170_000;
const UNIX_FILE: u32 = 0o100_000;
const UNIX_FOLDER: u32 = 0o040_000;

/// An archive that was found fit to be read: its list of entries, that is; its files are judged as they are read.
#[derive(Debug)]
pub struct Archive<R> {
    zip: ZipArchive<R>,
    files: Vec<ArchiveFile>,
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Its path, with forward slashes.
    pub path: String,
    /// How long it is, unpacked.
    pub bytes: u64,
    /// Which entry it is.
    index: usize,
}

/// A part of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The file.
    pub file: &'a ArchiveFile,
    /// Which part, counted from 0. All but the last are of the length that was asked for; an empty file has one.
    pub n: u32,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why an archive is not read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes cannot be had.
    #[error("the archive cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no zip, or ends otherwise than one does.
    #[error(transparent)]
    End(#[from] BadEnd),
    /// Its list of entries makes no sense.
    #[error("the archive's list of files is broken: {0}")]
    List(String),
    /// Parts of it belong to several entries, which is how few bytes are made many.
    #[error("the archive's files overlap")]
    Overlap,
    /// All files together are longer than [`UNPACKED_BYTES_MAX`].
    #[error("the archive unpacks to more than {} MiB", UNPACKED_BYTES_MAX / 1024 / 1024)]
    TooLong,
    /// One entry is at fault.
    #[error("{path:?} in the archive {why}")]
    Entry {
        /// Its name, cut where it is long.
        path: String,
        /// What is wrong with it.
        why: BadEntry,
    },
}

/// What is wrong with an entry.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// Its name will not do.
    #[error("{0}")]
    Name(BadName),
    /// Another has the same name.
    #[error("is there twice")]
    Twice,
    /// Another has a name that is the same where case does not count, or lies in a folder of that name.
    #[error("has the same name as {0:?}, or as a folder above it, where upper and lower case are one")]
    Clash(String),
    /// It is a link, a device or something else that is not a file.
    #[error("is a link or a device, not a file")]
    NotAFile,
    /// It is a folder and has something in it.
    #[error("is a folder with content of its own")]
    FullFolder,
    /// It is encrypted.
    #[error("is encrypted: pack it without a password")]
    Encrypted,
    /// It is packed in a way that is not read.
    #[error("is packed in a way that is not read here: pack it with deflate, as every program does by default")]
    Method,
    /// It becomes longer than [`RATIO_MAX`] allows.
    #[error("unpacks to more than {RATIO_MAX} times its length")]
    Ratio,
    /// It is not as long as the list says, its checksum is another, or what is packed makes no sense.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// It is longer than whoever asks can use.
    #[error("is longer than {0} bytes")]
    TooLong(u64),
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the list of entries, and judges every one.
    ///
    /// # Errors
    ///
    /// What is wrong with the first entry at fault, or with the archive as a whole. No more than the list has been read and unpacked.
    pub fn open(mut reader: R) -> Result<Self, ArchiveError> {
        let entries = end::check(&mut reader)?;
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let mut zip = ZipArchive::with_config(config, reader).map_err(list_error)?;
        if zip.len() != entries {
            // The library keeps one entry of each name.
            let path = "a file".to_owned();
            return Err(ArchiveError::Entry { path, why: BadEntry::Twice });
        }
        let files = judge(&zip)?;
        if zip.has_overlapping_entries().map_err(list_error)? {
            return Err(ArchiveError::Overlap);
        }
        Ok(Archive { zip, files })
    }

    /// The files, in the order of the list. Folders are not among them.
    pub fn files(&self) -> &[ArchiveFile] {
        &self.files
    }

    /// How long all files are together.
    pub fn unpacked_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The whole of a file; `None` if there is none of this path.
    ///
    /// # Errors
    ///
    /// If it is damaged, or longer than `bytes_max`.
    pub fn read(&mut self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(file) = self.files.iter().find(|file| file.path == path) else { return Ok(None) };
        if file.bytes > bytes_max {
            return Err(entry_error(path, BadEntry::TooLong(bytes_max)));
        }
        let mut whole = Vec::with_capacity(usize::try_from(file.bytes).unwrap_or_default());
        let take = |piece: Piece<'_>| {
            whole.extend(piece.bytes);
            ControlFlow::Continue(())
        };
        let _ = unpack(&mut self.zip, file, 64 * 1024, take)?;
        Ok(Some(whole))
    }

    /// Hands out all files, one after the other, in pieces of `piece_bytes`, until `take` has had enough. A file is known to be whole
    /// when the one after it begins, and the last one when this returns.
    ///
    /// # Errors
    ///
    /// What is wrong with the first file at fault.
    pub fn unpack(
        &mut self,
        piece_bytes: usize,
        mut take: impl FnMut(Piece<'_>) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        for file in &self.files {
            if unpack(&mut self.zip, file, piece_bytes, &mut take)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The files among the entries, if every entry will do.
fn judge<R: Read + Seek>(zip: &ZipArchive<R>) -> Result<Vec<ArchiveFile>, ArchiveError> {
    let mut files = Vec::with_capacity(zip.len());
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut unpacked: u64 = 0;
    for index in 0..zip.len() {
        let entry = zip.by_index_data(index).map_err(list_error)?;
        let path = entry.name().map_err(list_error)?.into_owned();
        let fault = |why| entry_error(&path, why);
        let (name, is_folder) = path.strip_suffix('/').map_or((path.as_str(), false), |name| (name, true));
        let folded = name::judge(name).map_err(|why| fault(BadEntry::Name(why)))?;
        judge_entry(&entry, is_folder).map_err(fault)?;
        unpacked = unpacked.saturating_add(entry.size());
        if unpacked > UNPACKED_BYTES_MAX {
            return Err(ArchiveError::TooLong);
        }
        if is_folder {
            names.insert(folded + "/", path);
            continue;
        }
        if let Some(other) = names.insert(folded, path.clone()) {
            return Err(fault(if other == path { BadEntry::Twice } else { BadEntry::Clash(other) }));
        }
        files.push(ArchiveFile { path, bytes: entry.size(), index });
    }
    match names.iter().find_map(|(folded, path)| Some((path, inside(&names, folded)?))) {
        Some((path, other)) => Err(entry_error(path, BadEntry::Clash(other.clone()))),
        None => Ok(files),
    }
}

/// Judges all of an entry but its name.
fn judge_entry(entry: &ZipFileEntry<'_>, is_folder: bool) -> Result<(), BadEntry> {
    let kind = (entry.external_attributes() >> 16) & UNIX_KIND;
    let is_plain = kind == 0 || kind == UNIX_FOLDER && is_folder || kind == UNIX_FILE && !is_folder;
    if !is_plain || entry.is_symlink() {
        return Err(BadEntry::NotAFile);
    }
    if is_folder && entry.size() > 0 {
        return Err(BadEntry::FullFolder);
    }
    if entry.encrypted() {
        return Err(BadEntry::Encrypted);
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(BadEntry::Method);
    }
    if entry.size() > DENSE_BYTES_MAX.max(entry.compressed_size().saturating_mul(RATIO_MAX)) {
        return Err(BadEntry::Ratio);
    }
    Ok(())
}

/// A path that has this file for a folder, if there is one.
fn inside<'a>(names: &'a BTreeMap<String, String>, file: &str) -> Option<&'a String> {
    let folder = format!("{file}/");
    let (next, path) = names.range(folder.clone()..).next()?;
    next.starts_with(&folder).then_some(path)
}

/// Hands out one file. Never more than its length is unpacked, and one byte to see whether there is more.
fn unpack<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    file: &ArchiveFile,
    piece_bytes: usize,
    mut take: impl FnMut(Piece<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ArchiveError> {
    let damaged = |error: String| entry_error(&file.path, BadEntry::Damaged(error));
    let mut entry = zip.by_index(file.index).map_err(|error| damaged(error.to_string()))?;
    let mut left = file.bytes;
    for n in 0.. {
        let length = usize::try_from(left).unwrap_or(piece_bytes).min(piece_bytes);
        let mut bytes = vec![0; length];
        entry.read_exact(&mut bytes).map_err(|error| damaged(read_error(&error)))?;
        left -= length as u64;
        if left == 0 {
            // Only here does the library compare the checksum.
            let more = entry.read(&mut [0]).map_err(|error| damaged(read_error(&error)))?;
            if more > 0 {
                return Err(damaged("it is longer than the list of files says".to_owned()));
            }
        }
        if take(Piece { file, n, bytes }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if left == 0 {
            break;
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn read_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is shorter than the list of files says".to_owned(),
        _ => error.to_string(),
    }
}

fn list_error(error: ZipError) -> ArchiveError {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => ArchiveError::Io(error),
        error => ArchiveError::List(error.to_string()),
    }
}

/// How much of a name is said in an error, in characters.
const SAID_CHARS_MAX: usize = 200;

fn entry_error(path: &str, why: BadEntry) -> ArchiveError {
    ArchiveError::Entry { path: path.chars().take(SAID_CHARS_MAX).collect(), why }
}
