//! A course that comes in: an archive with a manifest, and the file that the manifest says is opened.

use std::io::{Read, Seek};

use crate::archive::{Archive, ArchiveError, ArchiveFile, BadEntry};
use crate::manifest::{self, MANIFEST_BYTES_MAX, MANIFEST_NAME, Manifest, ManifestError, Reference};

/// Why an archive is no course.
#[derive(Debug, thiserror::Error)]
pub enum CourseError {
    /// The archive is at fault.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The manifest is.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is no manifest where one should be.
    #[error("the archive has no imsmanifest.xml: it is not a SCORM package")]
    NoManifest,
    /// There is one in a folder.
    #[error("the archive has its imsmanifest.xml in the folder {0:?}: pack what is in the folder, not the folder")]
    InFolder(String),
    /// What is opened is not there.
    #[error("imsmanifest.xml launches {0:?}, which is not in the archive")]
    NoEntry(String),
}

/// Reads the manifest of an archive.
///
/// # Errors
///
/// What is wrong with the manifest, or that there is none; or that the file is missing which it says is opened.
pub fn read<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Manifest, CourseError> {
    let bytes = match archive.read(MANIFEST_NAME, MANIFEST_BYTES_MAX) {
        Err(ArchiveError::Entry { why: BadEntry::TooLong(_), .. }) => return Err(ManifestError::Length.into()),
        Err(error) => return Err(error.into()),
        Ok(bytes) => bytes.ok_or_else(|| no_manifest(archive.files()))?,
    };
    let manifest = manifest::read(&bytes)?;
    let path = find(archive.files(), &manifest.entry.path)?;
    Ok(Manifest { entry: Reference { path, ..manifest.entry }, ..manifest })
}

fn no_manifest(files: &[ArchiveFile]) -> CourseError {
    let folder = files.iter().find_map(|file| file.path.strip_suffix(MANIFEST_NAME)?.strip_suffix('/'));
    folder.map_or(CourseError::NoManifest, |folder| CourseError::InFolder(folder.chars().take(200).collect()))
}

/// The path in the archive. Many who write manifests never see a system where case counts; no two paths differ in nothing else.
fn find(files: &[ArchiveFile], path: &str) -> Result<String, CourseError> {
    let exact = files.iter().find(|file| file.path == path);
    let folded = path.to_lowercase();
    let found = exact.or_else(|| files.iter().find(|file| file.path.to_lowercase() == folded));
    found.map(|file| file.path.clone()).ok_or_else(|| CourseError::NoEntry(path.chars().take(200).collect()))
}
