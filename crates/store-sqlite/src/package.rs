//! Uploaded packages and their files.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::{LearningObjectId, PackageId, PortalId};
use domain::learning_object::LearningObject;
use domain::package::{Package, PackageEdition, PackageFile, PackagePiece};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::error::{Result, StoreError};
use store::package::Packages;

use crate::error::{VerbError, expect_one, on_duplicate};
use crate::query::{row, rows};
use crate::row::RowExt;
use crate::{SqliteStore, learning_object};

/// What can be found: the content of a learning object, or what was until a while ago.
const CAN_BE_FOUND: &str = "state IN ('played', 'replaced')";
/// How many bytes of files a step of pruning gives back to the database at most, but for one chunk.
const PRUNED_BYTES_MAX: u64 = 2 * 1024 * 1024;

#[async_trait]
impl Packages for SqliteStore {
    async fn save_package(&self, package: Package, per_portal_bytes_max: u64) -> Result<()> {
        self.write("save_package", move |connection| begin(connection, &package, per_portal_bytes_max)).await
    }

    async fn save_package_pieces(&self, id: &PackageId, pieces: Vec<PackagePiece>) -> Result<()> {
        let id = id.clone();
        self.write("save_package_pieces", move |connection| save_pieces(connection, &id, &pieces)).await
    }

    async fn save_package_content(&self, id: &PackageId, change: Change<LearningObject>) -> Result<()> {
        let id = id.clone();
        self.write("save_package_content", move |connection| finish(connection, &id, &change.after)).await
    }

    async fn find_package(&self, id: &PackageId) -> Result<Option<Package>> {
        let sql = format!(
            "-- find_package
            SELECT id, portal_id, lo_id, edition, title, entry, launch_data, mastery_score, files, bytes, created_at
            FROM packages
            WHERE id = ?1 AND {CAN_BE_FOUND}"
        );
        self.read("find_package", |connection| row(connection, &sql, &[&id.as_str()], decode))
    }

    async fn find_package_file(&self, id: &PackageId, path: &str) -> Result<Option<PackageFile>> {
        let sql = format!(
            "-- find_package_file
            SELECT path, file.bytes
            FROM packages
            JOIN package_files file ON file.package_no = packages.no
            WHERE packages.id = ?1 AND {CAN_BE_FOUND} AND path = ?2"
        );
        let decode = |row: &Row<'_>| Ok(PackageFile { path: row.of("path")?, bytes: length(row, "bytes")? });
        self.read("find_package_file", |connection| row(connection, &sql, &[&id.as_str(), &path], decode))
    }

    async fn read_package_chunk(&self, id: &PackageId, path: &str, n: u32) -> Result<Option<Vec<u8>>> {
        let (id, path) = (id.clone(), path.to_owned());
        let sql = format!(
            "-- read_package_chunk
            SELECT chunk.bytes
            FROM packages
            JOIN package_files file ON file.package_no = packages.no
            JOIN package_chunks chunk ON chunk.file_no = file.no
            WHERE packages.id = ?1 AND {CAN_BE_FOUND} AND path = ?2 AND n = ?3"
        );
        let query = move |connection: &sqlite::rusqlite::Transaction<'_>| {
            row(connection, &sql, &[&id.as_str(), &path, &n], |row| row.of("bytes"))
        };
        self.scan("read_package_chunk", query).await
    }

    async fn prune_packages(
        &self,
        unfinished_before: Timestamp,
        replaced_before: Timestamp,
        rows_max: u32,
    ) -> Result<u64> {
        let verb = move |connection: &Connection| {
            drop_old(connection, "uploading", unfinished_before)?;
            drop_old(connection, "replaced", replaced_before)?;
            prune(connection, rows_max)
        };
        self.write("prune_packages", verb).await
    }
}

fn begin(connection: &Connection, package: &Package, per_portal_bytes_max: u64) -> Result<(), VerbError> {
    let stored: i64 = connection
        .prepare_cached(
            "-- save_package (portal)
            SELECT coalesce(sum(bytes), 0)
            FROM packages
            WHERE portal_id = ?1",
        )?
        .query_row([package.portal_id.0], |row| row.get(0))?;
    if stored.unsigned_abs().saturating_add(package.bytes) > per_portal_bytes_max {
        return Err(StoreError::LimitReached(usize::try_from(per_portal_bytes_max).unwrap_or(usize::MAX)).into());
    }
    connection
        .prepare_cached(
            "-- save_package
            INSERT INTO packages (id, portal_id, lo_id, edition, title, entry, launch_data, mastery_score, files, bytes, state,
                state_at, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'uploading', ?11, ?11)",
        )?
        .execute(params![
            package.id.as_str(),
            package.portal_id.0,
            package.lo_id.0,
            package.edition.as_str(),
            package.title,
            package.entry,
            package.launch_data,
            package.mastery_score,
            package.files,
            package.bytes as i64,
            package.created_at.as_millisecond(),
        ])
        .map_err(on_duplicate(StoreError::Conflict))?;
    Ok(())
}

/// The number of a package that is not whole yet.
fn unfinished(connection: &Connection, id: &PackageId) -> Result<i64, VerbError> {
    let sql = "-- save_package_pieces (package)
        SELECT no
        FROM packages
        WHERE id = ?1 AND state = 'uploading'";
    Ok(row(connection, sql, &[&id.as_str()], |row| row.of("no"))?.ok_or(StoreError::Conflict)?)
}

fn save_pieces(connection: &Connection, id: &PackageId, pieces: &[PackagePiece]) -> Result<(), VerbError> {
    let package_no = unfinished(connection, id)?;
    for piece in pieces {
        let file_no = file(connection, package_no, piece)?;
        if !piece.bytes.is_empty() {
            connection
                .prepare_cached(
                    "-- save_package_pieces
                    INSERT INTO package_chunks (file_no, n, bytes)
                    VALUES (?1, ?2, ?3)",
                )?
                .execute(params![file_no, piece.n, piece.bytes])
                .map_err(on_duplicate(StoreError::Conflict))?;
        }
    }
    Ok(())
}

/// The number of the file that a piece is of, which begins with its first.
fn file(connection: &Connection, package_no: i64, piece: &PackagePiece) -> Result<i64, VerbError> {
    if piece.n > 0 {
        let sql = "-- save_package_pieces (file)
            SELECT no
            FROM package_files
            WHERE package_no = ?1 AND path = ?2";
        return Ok(row(connection, sql, &[&package_no, &piece.path], |row| row.of("no"))?.ok_or(StoreError::Conflict)?);
    }
    connection
        .prepare_cached(
            "-- save_package_pieces (new file)
            INSERT INTO package_files (package_no, path, bytes)
            VALUES (?1, ?2, ?3)",
        )?
        .execute(params![package_no, piece.path, piece.file_bytes as i64])
        .map_err(on_duplicate(StoreError::Conflict))?;
    Ok(connection.last_insert_rowid())
}

fn finish(connection: &Connection, id: &PackageId, lo: &LearningObject) -> Result<(), VerbError> {
    let package_no = unfinished(connection, id)?;
    learning_object::save(connection, lo)?;
    let changed = connection
        .prepare_cached(
            "-- save_package_content
            UPDATE packages
            SET state = 'played', state_at = ?3
            WHERE no = ?1 AND lo_id = ?2 AND id = ?4
                AND files = (SELECT count(*) FROM package_files WHERE package_no = ?1)
                AND bytes = (SELECT sum(bytes) FROM package_files WHERE package_no = ?1)
                AND bytes = (
                    SELECT sum(length(chunk.bytes))
                    FROM package_files file
                    JOIN package_chunks chunk ON chunk.file_no = file.no
                    WHERE file.package_no = ?1
                )",
        )?
        .execute(params![
            package_no,
            lo.id.0,
            lo.updated_at.as_millisecond(),
            lo.content.as_ref().and_then(|content| content.package()).map(PackageId::as_str),
        ])?;
    expect_one(changed)
}

/// Whatever took the place of a package as the content of a learning object, the package can be fetched for a while longer.
pub(crate) fn replace(connection: &Connection, lo: &LearningObject) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- save_learning_object (replaced package)
            UPDATE packages
            SET state = 'replaced', state_at = ?3
            WHERE lo_id = ?1 AND state = 'played' AND id IS NOT ?2",
        )?
        .execute(params![
            lo.id.0,
            lo.content.as_ref().and_then(|content| content.package()).map(PackageId::as_str),
            lo.updated_at.as_millisecond(),
        ])?;
    Ok(())
}

fn drop_old(connection: &Connection, state: &str, before: Timestamp) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- prune_packages (drop)
            UPDATE packages
            SET state = 'dropped'
            WHERE state = ?1 AND state <> 'played' AND state_at < ?2",
        )?
        .execute((state, before.as_millisecond()))?;
    Ok(())
}

/// Chunks first, then files, then the package: what is left of it is found again.
fn prune(connection: &Connection, rows_max: u32) -> Result<u64, VerbError> {
    let sql = "-- prune_packages (next)
        SELECT no
        FROM packages
        WHERE state = 'dropped'
        ORDER BY state_at, no
        LIMIT 1";
    let Some(no) = row(connection, sql, &[], |row| row.of::<i64>("no"))? else { return Ok(0) };
    let chunks = prune_chunks(connection, no, rows_max)?;
    if chunks > 0 {
        return Ok(chunks);
    }
    let files = connection
        .prepare_cached(
            "-- prune_packages (files)
            DELETE FROM package_files
            WHERE no IN (SELECT no FROM package_files WHERE package_no = ?1 LIMIT ?2)",
        )?
        .execute((no, rows_max))?;
    if files > 0 {
        return Ok(files as u64);
    }
    Ok(connection.prepare_cached("-- prune_packages\nDELETE FROM packages WHERE no = ?1")?.execute([no])? as u64)
}

fn prune_chunks(connection: &Connection, package_no: i64, rows_max: u32) -> Result<u64, VerbError> {
    let sql = "-- prune_packages (chunks)
        SELECT chunk.rowid AS no, length(chunk.bytes) AS length
        FROM package_files file
        JOIN package_chunks chunk ON chunk.file_no = file.no
        WHERE file.package_no = ?1
        LIMIT ?2";
    let chunks =
        rows(connection, sql, params![package_no, rows_max], |row| Ok((row.of::<i64>("no")?, length(row, "length")?)))?;
    let (mut deleted, mut bytes) = (0, 0);
    for (no, length) in chunks {
        connection
            .prepare_cached("-- prune_packages (chunk)\nDELETE FROM package_chunks WHERE rowid = ?1")?
            .execute([no])?;
        deleted += 1;
        bytes += length;
        if bytes >= PRUNED_BYTES_MAX {
            break;
        }
    }
    Ok(deleted)
}

fn length(row: &Row<'_>, column: &str) -> Result<u64, VerbError> {
    row.of::<i64>(column).map(i64::unsigned_abs)
}

fn decode(row: &Row<'_>) -> Result<Package, VerbError> {
    Ok(Package {
        id: row.id("id")?,
        portal_id: PortalId(row.of("portal_id")?),
        lo_id: LearningObjectId(row.of("lo_id")?),
        edition: row.read("edition", PackageEdition::read)?,
        title: row.of("title")?,
        entry: row.of("entry")?,
        launch_data: row.of("launch_data")?,
        mastery_score: row.of("mastery_score")?,
        files: row.of("files")?,
        bytes: length(row, "bytes")?,
        created_at: row.at("created_at")?,
    })
}
