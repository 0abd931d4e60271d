//! The disk under a platform: what it is made to do, written down call by call (`shim/disk.c`), and the image that a power cut
//! would leave.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::binary::Environment;
use crate::dice::Dice;
use crate::shim;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
/// A record begins with its kind, its file, a length, nothing, and an offset.
const HEAD: usize = 24;
/// The files, by number.
pub(crate) const DATABASE: u32 = 1;
pub(crate) const WAL: u32 = 2;

/// The compiled shim, in a folder of its own, with the log that it writes.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
}

/// Which call fails, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// `sync` or `write`.
    pub(crate) call: &'static str,
    /// The how-manieth.
    pub(crate) at: u64,
    /// An `errno`.
    pub(crate) error: i32,
}

impl Disk {
    /// Compiles it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        shim::compile("disk", folder.path());
        Disk { folder }
    }

    /// Where it is written down what the platform does.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// How much is written down so far. What a platform has said is about calls before this.
    pub(crate) fn position(&self) -> u64 {
        self.log().metadata().map_or(0, |metadata| metadata.len())
    }

    /// What puts a platform over this disk, with an empty log.
    pub(crate) fn environment(&self, data: &Path, fault: Option<Fault>) -> Environment {
        let _ = std::fs::remove_file(self.log());
        let mut environment: Environment = vec![
            ("LD_PRELOAD", self.folder.path().join("disk.so").into()),
            ("DISK_FOLDER", data.into()),
            ("DISK_LOG", self.log().into()),
        ];
        if let Some(Fault { call, at, error }) = fault {
            environment.push(("DISK_FAIL", format!("{call}:{at}:{error}").into()));
        }
        environment
    }

    /// What was done, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        read(&std::fs::read(self.log()).unwrap())
    }
}

/// One call of the platform on one of the files.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) file: u32,
    pub(crate) done: Done,
    /// The position in the log after it.
    pub(crate) position: u64,
}

/// What a call did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Done {
    Opened { is_new: bool },
    Written { offset: usize, data: Vec<u8> },
    Cut { size: usize },
    Synced,
    Removed,
    WriteFailed,
    SyncFailed,
}

fn read(log: &[u8]) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut at = 0;
    while at + HEAD <= log.len() {
        let word = |offset: usize| u32::from_le_bytes(log[at + offset..at + offset + 4].try_into().unwrap());
        let offset = u64::from_le_bytes(log[at + 16..at + HEAD].try_into().unwrap()) as usize;
        let (kind, file, length) = (word(0), word(4), word(8) as usize);
        if at + HEAD + length > log.len() {
            break;
        }
        let data = log[at + HEAD..at + HEAD + length].to_vec();
        at += HEAD + length;
        let done = match kind {
            1 => Done::Opened { is_new: offset == 1 },
            2 => Done::Written { offset, data },
            3 => Done::Cut { size: offset },
            4 => Done::Synced,
            5 => Done::Removed,
            6 => Done::WriteFailed,
            7 => Done::SyncFailed,
            other => panic!("a record of kind {other}"),
        };
        calls.push(Call { file, done, position: at as u64 });
    }
    calls
}

/// How much of what was not synced a power cut leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Keep {
    None,
    Half,
    All,
}

/// One file on the platter and in the cache before it.
#[derive(Clone, Debug, Default)]
struct File {
    /// What is safe; `None` if the file is not there.
    safe: Option<Vec<u8>>,
    /// What was done since the last sync.
    pending: Vec<Done>,
}

/// The files, as they are played back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(HashMap<u32, File>);

impl Files {
    /// As they lie in a folder that nobody writes to.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| File { safe: std::fs::read(folder.join(name)).ok(), pending: Vec::new() };
        Files(HashMap::from([(DATABASE, file(name(DATABASE))), (WAL, file(name(WAL)))]))
    }

    /// Plays one call.
    pub(crate) fn play(&mut self, call: &Call) {
        let file = self.0.entry(call.file).or_default();
        match &call.done {
            Done::Synced => {
                for done in std::mem::take(&mut file.pending) {
                    apply(&mut file.safe, &done, || true);
                }
            }
            Done::WriteFailed | Done::SyncFailed | Done::Opened { is_new: false } => {}
            done => file.pending.push(done.clone()),
        }
    }

    /// Writes what a power cut leaves at this moment into an empty folder.
    pub(crate) fn leave(&self, keep: Keep, dice: &mut Dice, folder: &Path) {
        for (number, File { safe, pending }) in &self.0 {
            let mut left = safe.clone();
            for done in pending {
                apply(&mut left, done, || match keep {
                    Keep::None => false,
                    Keep::Half => dice.below(2) == 0,
                    Keep::All => true,
                });
            }
            if let Some(left) = left {
                std::fs::write(folder.join(name(*number)), left).unwrap();
            }
        }
    }
}

fn name(file: u32) -> &'static str {
    if file == DATABASE { "schoolbell.db" } else { "schoolbell.db-wal" }
}

/// Does what a call did, or as much of it as `is_kept` says: of a write each sector is kept or not by itself.
fn apply(file: &mut Option<Vec<u8>>, done: &Done, mut is_kept: impl FnMut() -> bool) {
    match done {
        Done::Written { offset, data } => {
            let mut at = 0;
            while at < data.len() {
                let length = (SECTOR - (offset + at) % SECTOR).min(data.len() - at);
                if is_kept() {
                    write(file.get_or_insert_default(), offset + at, &data[at..at + length]);
                }
                at += length;
            }
        }
        Done::Opened { .. } if is_kept() => drop(file.get_or_insert_default()),
        Done::Cut { size } if is_kept() => {
            if let Some(file) = file {
                file.resize(*size, 0);
            }
        }
        Done::Removed if is_kept() => *file = None,
        _ => {}
    }
}

fn write(file: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if file.len() < offset + data.len() {
        file.resize(offset + data.len(), 0);
    }
    file[offset..offset + data.len()].copy_from_slice(data);
}

/// Whether no `fsync` that failed was tried again without its data having been written again: the second may succeed and
/// have written nothing.
///
/// # Errors
///
/// The file that it was done to.
pub(crate) fn check_no_retry(calls: &[Call]) -> Result<(), String> {
    /// Where a write began, and its length: those since the last sync, and those that a failed sync left in doubt.
    type Writes = Vec<(usize, usize)>;
    let mut files: HashMap<u32, (Writes, Writes)> = HashMap::new();
    for call in calls {
        let (pending, doubtful) = files.entry(call.file).or_default();
        match &call.done {
            Done::Written { offset, data } => {
                pending.push((*offset, data.len()));
                doubtful.retain(|(at, length)| *offset > *at || offset + data.len() < at + length);
            }
            Done::SyncFailed => doubtful.append(pending),
            Done::Synced if !doubtful.is_empty() => return Err(format!("{} was synced again", name(call.file))),
            Done::Synced => pending.clear(),
            Done::Removed => {
                pending.clear();
                doubtful.clear();
            }
            Done::Opened { .. } | Done::Cut { .. } | Done::WriteFailed => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(done: Done) -> Call {
        Call { file: WAL, done, position: 0 }
    }

    fn written(offset: usize, byte: u8, length: usize) -> Call {
        call(Done::Written { offset, data: vec![byte; length] })
    }

    #[track_caller]
    fn check_left(calls: &[Call], keep: Keep, expected: Option<&[u8]>) {
        let mut files = Files::default();
        calls.iter().for_each(|call| files.play(call));
        let folder = tempfile::tempdir().unwrap();
        files.leave(keep, &mut Dice::loaded(), folder.path());
        assert_eq!(std::fs::read(folder.path().join(name(WAL))).ok().as_deref(), expected);
    }

    #[test]
    fn a_power_cut_takes_what_was_not_synced_and_nothing_else() {
        let new = || call(Done::Opened { is_new: true });
        check_left(&[new()], Keep::None, None);
        check_left(&[new(), written(0, 1, 3)], Keep::None, None);
        check_left(&[new(), written(0, 1, 3)], Keep::All, Some(&[1, 1, 1]));
        let synced = [new(), written(0, 1, 3), call(Done::Synced)];
        check_left(&synced, Keep::None, Some(&[1, 1, 1]));
        let after = [&synced[..], &[written(1, 2, 1), call(Done::Cut { size: 2 })]].concat();
        check_left(&after, Keep::None, Some(&[1, 1, 1]));
        check_left(&after, Keep::All, Some(&[1, 2]));
        check_left(&[&synced[..], &[call(Done::Removed)]].concat(), Keep::None, Some(&[1, 1, 1]));
        check_left(&[&synced[..], &[call(Done::Removed)]].concat(), Keep::All, None);
    }

    #[test]
    fn a_write_is_torn_between_sectors() {
        let mut files = Files::default();
        files.play(&written(0, 1, 64 * SECTOR));
        let folder = tempfile::tempdir().unwrap();
        files.leave(Keep::Half, &mut Dice::loaded(), folder.path());
        let left = std::fs::read(folder.path().join(name(WAL))).unwrap();
        let kept = left.chunks(SECTOR).filter(|sector| sector.iter().all(|byte| *byte == 1)).count();
        let whole = left.chunks(SECTOR).filter(|sector| sector.iter().all(|byte| byte == &sector[0])).count();
        assert!((8..56).contains(&kept), "{kept}");
        assert_eq!(whole, left.len().div_ceil(SECTOR));
    }

    #[test]
    fn a_sync_that_is_tried_again_is_seen_unless_its_data_was_written_again() {
        let failed = [written(0, 1, 8), call(Done::SyncFailed)];
        check_no_retry(&failed).unwrap();
        check_no_retry(&[&failed[..], &[call(Done::Synced)]].concat()).unwrap_err();
        check_no_retry(&[&failed[..], &[written(0, 1, 4), call(Done::Synced)]].concat()).unwrap_err();
        check_no_retry(&[&failed[..], &[written(0, 1, 8), call(Done::Synced)]].concat()).unwrap();
    }
}
