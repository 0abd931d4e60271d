//! What is in a folder that nobody serves from: opened with our own store, without help, and compared with the promises.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use sqlite::rusqlite::Connection;
use store::keyring::Keyring;
use store_sqlite::SqliteStore;

/// The enrollments that are completed, have their event, and whose event has a delivery.
///
/// # Errors
///
/// If the store does not open it, or the database is not whole.
pub(crate) fn completed(data: &Path) -> Result<HashSet<String>, String> {
    let key = std::fs::read_to_string(data.join("schoolbell.key")).map_err(|error| format!("the key: {error}"))?;
    let keyring = Keyring::read(&key).map_err(|error| error.to_string())?;
    let path = data.join("schoolbell.db");
    let _open = SqliteStore::open(&path, Arc::new(keyring)).map_err(|error| format!("opening: {error}"))?;
    let connection = Connection::open(&path).map_err(|error| error.to_string())?;
    let is_whole: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| format!("checking: {error}"))?;
    if is_whole != "ok" {
        return Err(format!("it is not whole: {is_whole}"));
    }
    let sql = "SELECT enrollments.id FROM enrollments WHERE status = 'completed' AND EXISTS (
            SELECT 1 FROM events JOIN deliveries ON event_no = events.no
            WHERE subject_id = CAST(enrollments.id AS TEXT)
        )";
    let mut statement = connection.prepare(sql).map_err(|error| error.to_string())?;
    let ids = statement.query_map([], |row| row.get::<_, i64>(0)).map_err(|error| error.to_string())?;
    ids.map(|id| id.map(|id| id.to_string()).map_err(|error| error.to_string())).collect()
}
