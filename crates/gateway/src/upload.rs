//! A package from the bytes of its archive into the store.
//!
//! All of it is unpacked twice: once to see that every file is whole, so that an archive that is refused leaves nothing behind, and
//! once to store the files, piece by piece, each in a verb of its own, so that nobody waits for the writer. Unpacking runs on threads
//! that may block. What is stored is not seen by anybody until a last verb makes it the content of its learning object; what never
//! comes to that is pruned. Nothing is written anywhere else. Knows nothing of HTTP but how many uploads there may be at once.

mod room;

use std::io::Cursor;
use std::ops::ControlFlow;

use domain::id::{LearningObjectId, PackageId, PortalId};
use domain::package::{CHUNK_BYTES_MAX, Package, PackageEdition, PackagePiece};
use jiff::Timestamp;
use scorm::archive::{Archive, ArchiveError, Piece};
use scorm::course::{self, CourseError};
use scorm::manifest::{Manifest, SourceEdition};
use store::Store;
use store::error::StoreError;
use store::package::{PIECES_BYTES_MAX, PIECES_MAX};
use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep};

pub(crate) use self::room::Uploads;

/// How many batches of pieces lie ready while one is stored.
const BATCHES_AHEAD: usize = 1;
/// How many times as long as storing a batch took it rests then: for so much of the time the writer is free for others.
const RESTS: u32 = 3;

/// For what a package is.
#[derive(Clone, Debug)]
pub struct Purpose {
    /// The name that it gets.
    pub id: PackageId,
    /// The owner of the content.
    pub portal_id: PortalId,
    /// The content.
    pub lo_id: LearningObjectId,
    /// How long all packages of the portal may be together, unpacked.
    pub per_portal_bytes_max: u64,
    /// When it was uploaded.
    pub now: Timestamp,
}

/// Why a package is not kept.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The archive is no course that can be played.
    #[error(transparent)]
    Course(#[from] CourseError),
    /// The portal has no room for it.
    #[error("all packages of a portal may have {0} bytes together, unpacked, and this one is too much")]
    NoRoom(u64),
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ArchiveError> for UploadError {
    fn from(error: ArchiveError) -> Self {
        CourseError::from(error).into()
    }
}

/// An archive whose files are all known to be whole.
struct Course {
    archive: Archive<Cursor<Vec<u8>>>,
    manifest: Manifest,
}

/// Stores the files of the archive. To be played, the package must then be made the content of its learning object, with
/// [`save_package_content`](store::package::Packages::save_package_content).
///
/// # Errors
///
/// What is wrong with the archive, before anything is stored; or what the store says.
pub async fn keep(store: &dyn Store, archive: Vec<u8>, purpose: Purpose) -> Result<Package, UploadError> {
    let course = spawn_blocking(move || examine(archive)).await.unwrap_or_else(resume)?;
    let per_portal_bytes_max = purpose.per_portal_bytes_max;
    let package = describe(&course, purpose);
    store.save_package(package.clone(), per_portal_bytes_max).await.map_err(|error| match error {
        StoreError::LimitReached(_) => UploadError::NoRoom(per_portal_bytes_max),
        error => error.into(),
    })?;
    let (ready, mut batches) = mpsc::channel(BATCHES_AHEAD);
    let unpacked = spawn_blocking(move || unpack(course.archive, &ready));
    while let Some(batch) = batches.recv().await {
        let started = Instant::now();
        store.save_package_pieces(&package.id, batch).await?;
        sleep(started.elapsed() * RESTS).await;
    }
    unpacked.await.unwrap_or_else(resume)?;
    Ok(package)
}

fn resume<T>(error: JoinError) -> T {
    std::panic::resume_unwind(error.into_panic())
}

/// Reads the list, the manifest, and then every file to its end.
fn examine(archive: Vec<u8>) -> Result<Course, UploadError> {
    let mut archive = Archive::open(Cursor::new(archive))?;
    let manifest = course::read(&mut archive)?;
    archive.unpack(CHUNK_BYTES_MAX, |_| ControlFlow::Continue(()))?;
    Ok(Course { archive, manifest })
}

fn describe(course: &Course, purpose: Purpose) -> Package {
    let Manifest { edition, title, entry, launch_data, mastery_score } = course.manifest.clone();
    Package {
        id: purpose.id,
        portal_id: purpose.portal_id,
        lo_id: purpose.lo_id,
        edition: match edition {
            SourceEdition::Scorm12 => PackageEdition::Scorm12,
            SourceEdition::Scorm2004Second => PackageEdition::Scorm2004Second,
            SourceEdition::Scorm2004Third => PackageEdition::Scorm2004Third,
            SourceEdition::Scorm2004Fourth => PackageEdition::Scorm2004Fourth,
        },
        title,
        entry: entry.href(),
        launch_data,
        mastery_score,
        files: u32::try_from(course.archive.files().len()).expect("an archive has some thousand entries at most"),
        bytes: course.archive.unpacked_bytes(),
        created_at: purpose.now,
    }
}

/// Hands the files over in batches, each no more than a verb takes, for as long as somebody takes them.
fn unpack(mut archive: Archive<Cursor<Vec<u8>>>, ready: &mpsc::Sender<Vec<PackagePiece>>) -> Result<(), ArchiveError> {
    let mut batch: Vec<PackagePiece> = Vec::new();
    let mut batch_bytes = 0;
    archive.unpack(CHUNK_BYTES_MAX, |piece: Piece<'_>| {
        if batch.len() == PIECES_MAX || batch_bytes + piece.bytes.len() > PIECES_BYTES_MAX {
            batch_bytes = 0;
            if ready.blocking_send(std::mem::take(&mut batch)).is_err() {
                return ControlFlow::Break(());
            }
        }
        batch_bytes += piece.bytes.len();
        let (path, file_bytes) = (piece.file.path.clone(), piece.file.bytes);
        batch.push(PackagePiece { path, file_bytes, n: piece.n, bytes: piece.bytes });
        ControlFlow::Continue(())
    })?;
    // If nobody takes it, nobody waits for it.
    let _ = ready.blocking_send(batch);
    Ok(())
}
