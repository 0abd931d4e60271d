//! The record at the end of a zip, which says how many entries there are, and where: judged before any of them is read, so that
//! a million of them cost nothing.

use std::io::{self, Read, Seek, SeekFrom};

use super::{ArchiveError, ENTRIES_MAX, LIST_BYTES_MAX};

/// What the record begins with.
const SIGNATURE: [u8; 4] = *b"PK\x05\x06";
/// How long it is without the comment behind it.
const RECORD_BYTES: usize = 22;
/// The longest comment.
const COMMENT_BYTES_MAX: usize = 65_535;

/// Why the end of an archive will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEnd {
    /// There is no such record.
    #[error("this is not a zip archive, or it is cut off")]
    None,
    /// Something stands behind it, or before the first file, or between the list and the record.
    #[error("the archive has something before, behind or between its parts that belongs to none of them")]
    Loose,
    /// It is one of several parts.
    #[error("the archive is one of several parts: pack it into one")]
    Parts,
    /// It is in the form for archives of many gigabytes.
    #[error("the archive is in the zip64 form, which none that is small enough needs")]
    Zip64,
    /// There are more than [`ENTRIES_MAX`].
    #[error("the archive has {0} entries: at most {ENTRIES_MAX} are read")]
    Entries(usize),
    /// The list is longer than [`LIST_BYTES_MAX`].
    #[error("the archive's list of files is longer than {} MiB", LIST_BYTES_MAX / 1024 / 1024)]
    List,
}

/// How many entries there are, if the record is where it should be and says what it may.
pub(super) fn check<R: Read + Seek>(reader: &mut R) -> Result<usize, ArchiveError> {
    let length = reader.seek(SeekFrom::End(0))?;
    let tail_bytes = length.min((RECORD_BYTES + COMMENT_BYTES_MAX) as u64);
    reader.seek(SeekFrom::Start(length - tail_bytes))?;
    let mut tail = Vec::new();
    reader.by_ref().take(tail_bytes).read_to_end(&mut tail)?;
    if (tail.len() as u64) < tail_bytes {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    // The last one, as every reader has it: what stands in a comment is refused, for readers differ there.
    let found = tail.windows(SIGNATURE.len()).rposition(|window| window == SIGNATURE);
    let at = found.filter(|at| at + RECORD_BYTES <= tail.len()).ok_or(BadEnd::None)?;
    Ok(judge(&tail[at..], length - (tail.len() - at) as u64)?)
}

/// Judges the record, which begins at `start` of the archive.
fn judge(record: &[u8], start: u64) -> Result<usize, BadEnd> {
    let short = |at: usize| u16::from_le_bytes([record[at], record[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
    let [disk, list_disk, entries_here, entries] = [4, 6, 8, 10].map(short);
    let (list_bytes, list_start, comment_bytes) = (long(12), long(16), short(20));
    if entries == u16::MAX || list_bytes == u32::MAX || list_start == u32::MAX {
        return Err(BadEnd::Zip64);
    }
    if disk != 0 || list_disk != 0 || entries_here != entries {
        return Err(BadEnd::Parts);
    }
    let is_at_end = record.len() == RECORD_BYTES + usize::from(comment_bytes);
    if !is_at_end || u64::from(list_start) + u64::from(list_bytes) != start {
        return Err(BadEnd::Loose);
    }
    if usize::from(entries) > ENTRIES_MAX {
        return Err(BadEnd::Entries(usize::from(entries)));
    }
    if u64::from(list_bytes) > LIST_BYTES_MAX {
        return Err(BadEnd::List);
    }
    Ok(usize::from(entries))
}
