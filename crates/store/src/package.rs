//! Uploaded packages and their files.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::PackageId;
use domain::learning_object::LearningObject;
use domain::package::{Package, PackageFile, PackagePiece};
use jiff::Timestamp;

use crate::error::Result;

/// How many bytes of files a verb takes at once.
pub const PIECES_BYTES_MAX: usize = domain::package::CHUNK_BYTES_MAX;
/// How many pieces of files a verb takes at once.
pub const PIECES_MAX: usize = 500;

/// Uploaded packages.
///
/// A package is stored in steps, each small enough that nobody waits for it, and can be found when the last of them has made it
/// the content of its learning object. What comes no further is pruned.
#[async_trait]
pub trait Packages: Send + Sync {
    /// Begins to store a package; `LimitReached` if all packages of its portal would together be longer than
    /// `per_portal_bytes_max`.
    async fn save_package(&self, package: Package, per_portal_bytes_max: u64) -> Result<()>;

    /// Stores pieces of a package that was begun: at most [`PIECES_MAX`] of at most [`PIECES_BYTES_MAX`] together, those of a file in
    /// their order. `Conflict` if it was given up meanwhile.
    async fn save_package_pieces(&self, id: &PackageId, pieces: Vec<PackagePiece>) -> Result<()>;

    /// Stores a change that makes a package the content of its learning object: from then on it can be found, and the one before it
    /// is replaced. `Conflict` unless the package is whole and was begun for this learning object.
    async fn save_package_content(&self, id: &PackageId, change: Change<LearningObject>) -> Result<()>;

    /// A package that is or was the content of a learning object.
    async fn find_package(&self, id: &PackageId) -> Result<Option<Package>>;

    /// A file of a package that can be found.
    async fn find_package_file(&self, id: &PackageId, path: &str) -> Result<Option<PackageFile>>;

    /// A chunk of a file of a package that can be found: [`CHUNK_BYTES_MAX`](domain::package::CHUNK_BYTES_MAX) from `n` times as many
    /// on, or what is left. `None` beyond the end.
    async fn read_package_chunk(&self, id: &PackageId, path: &str, n: u32) -> Result<Option<Vec<u8>>>;

    /// Deletes packages that were begun before `unfinished_before` and never finished, and that were replaced before
    /// `replaced_before`: none of them can be found any more, and one step of about `rows_max` rows is done. Says how many rows went;
    /// none when there is nothing more to do.
    async fn prune_packages(
        &self,
        unfinished_before: Timestamp,
        replaced_before: Timestamp,
        rows_max: u32,
    ) -> Result<u64>;
}
