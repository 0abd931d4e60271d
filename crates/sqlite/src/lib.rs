#![doc = include_str!("../README.md")]

mod error;
mod group;
mod migrate;
mod reader;
mod writer;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction};

pub use error::{Error, VerbFailure, WriteError};
pub use group::Groups;
pub use migrate::Migration;
pub use rusqlite;

use reader::Readers;
use writer::{Extent, Writer};

/// The oldest SQLite that may be linked: older ones can corrupt a WAL that is reset while it is written to.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long another process may hold the write lock before a write gives up.
const BUSY_FOR: Duration = Duration::from_secs(5);
/// How many statements each connection keeps prepared.
const STATEMENTS_MAX: usize = 128;
/// How much each connection caches, in KiB.
const CACHE_KIB: i32 = 16 * 1024;
/// The WAL is copied back into the file when it has this many pages (of 4 KiB).
const CHECKPOINT_PAGES: i32 = 4_000;

/// What a commit is worth when the power fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// What was committed stays: `synchronous=FULL`.
    #[default]
    Full,
    /// The last commits may be gone: for tests that need many databases and no power cuts.
    Off,
}

/// A SQLite file in WAL mode: one writer, many readers. Clones share it; the last one closes it.
#[derive(Clone, Debug)]
pub struct Database {
    writer: Writer,
    readers: Readers,
    path: PathBuf,
    groups: Groups,
}

impl Database {
    /// Opens or makes the file at `path` and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is no database, was written by a newer version (its schema has migrations that are
    /// not in `migrations`) or by a different one (a migration that was applied has another text).
    pub fn open(path: &Path, durability: Durability, migrations: &[Migration]) -> Result<Self, Error> {
        Database::open_watched(path, durability, migrations, |_, _| {})
    }

    /// Like [`open`](Self::open). `changed` is called in the writer for every row that a verb changes, with the name of its table
    /// and before it is known whether the change stays; not for tables without row ids. It must be quick.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_watched(
        path: &Path,
        durability: Durability,
        migrations: &[Migration],
        mut changed: impl FnMut(&str, &Groups) + Send + 'static,
    ) -> Result<Self, Error> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(Error::OldSqlite(rusqlite::version().to_owned()));
        }
        make_private(path);
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_FOR)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // The writer does it itself, see [`writer`]: SQLite would keep the errors of doing so to itself.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let synchronous = match durability {
            Durability::Full => "full",
            Durability::Off => "off",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        #[cfg(feature = "crash-points")]
        if let Ok(synchronous) = std::env::var("SCHOOLBELL_PROVE_SYNCHRONOUS") {
            // For the negative control of a proof, and never in what is shipped.
            connection.pragma_update(None, "synchronous", synchronous)?;
        }
        // Whoever closes it after an I/O error leaves the file and the WAL as they are; see [`writer`].
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        configure(&connection)?;
        migrate::apply(&mut connection, migrations)?;
        let groups = Groups::default();
        let watched = groups.clone();
        connection.update_hook(Some(move |_, _: &str, table: &str, _| changed(table, &watched)))?;
        let writer = Writer::start(connection, checkpoint_pages(), groups.clone())?;
        Ok(Database { writer, readers: Readers::new(path), path: path.to_owned(), groups })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which group of verbs is being written.
    pub fn groups(&self) -> Groups {
        self.groups.clone()
    }

    /// Runs `verb` in the writer, all or nothing, and returns when what it did is on disk.
    ///
    /// Verbs that are waiting at the same time share one physical commit, each under its own savepoint: one that fails is
    /// undone without the others.
    ///
    /// # Errors
    ///
    /// [`WriteError::Verb`] with what `verb` returned, [`WriteError::Database`] when SQLite refuses. In both cases nothing of
    /// it is stored.
    pub async fn write<T, E, F>(&self, verb: F) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: VerbFailure + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        self.writer.write(Extent::Steps, verb, |_| {}).await
    }

    /// Like [`write`](Self::write), and runs `after` once what the verb did is on disk, also when nobody waits for the answer
    /// any more. `after` runs in the writer and must be quick.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn write_then<T, E, F, A>(&self, verb: F, after: A) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: VerbFailure + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.writer.write(Extent::Steps, verb, after).await
    }

    /// Like [`write_then`](Self::write_then), for a verb that is whole: what it refuses it refuses before it has written anything, as
    /// one does whose first statement is the only one that can fail. It has no savepoint, which saves a third of a small verb's
    /// cost.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write). If it fails although it has written something, so does every other verb of its group:
    /// nothing of any of them is stored.
    pub async fn write_whole<T, E, F, A>(&self, verb: F, after: A) -> Result<T, WriteError<E>>
    where
        T: Send + 'static,
        E: VerbFailure + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.writer.write(Extent::Whole, verb, after).await
    }

    /// Runs a query that reads a few rows by a key, on the thread that asks: quicker than handing it over.
    ///
    /// # Errors
    ///
    /// What `query` returns, or what keeps a connection from being opened.
    pub fn read<T, E: From<rusqlite::Error>>(
        &self,
        query: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.read(query)
    }

    /// Like [`read`](Self::read), for a query of one statement: it sees one state of the database without a transaction round it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_once<T, E: From<rusqlite::Error>>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.lend(query)
    }

    /// Runs a query that may read many rows, on a thread for work that blocks.
    ///
    /// # Errors
    ///
    /// What `query` returns, or what keeps a connection from being opened.
    pub async fn scan<T, E, F>(&self, query: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let readers = self.readers.clone();
        match tokio::task::spawn_blocking(move || readers.read(query)).await {
            Ok(result) => result,
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }

    /// Whether the writer takes writes: writes a page and commits it.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub async fn check(&self) -> Result<(), Error> {
        // A page that is written with what is in it already is not written, so this counts.
        let probe = self.write(|connection| {
            let count: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            connection.pragma_update(None, "user_version", count.wrapping_add(1))
        });
        probe.await.map_err(|error: WriteError<rusqlite::Error>| match error {
            WriteError::Verb(error) => error.into(),
            WriteError::Database(error) => error,
        })
    }
}

/// A new file is for its owner only, and so are the files that SQLite puts beside it. If it cannot be made, opening it says why.
fn make_private(path: &Path) {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.write(true).create_new(true).open(path);
}

/// [`CHECKPOINT_PAGES`], but in proofs, where a short run must see it happen.
fn checkpoint_pages() -> i32 {
    #[cfg(feature = "crash-points")]
    if let Some(pages) = std::env::var("SCHOOLBELL_PROVE_CHECKPOINT_PAGES").ok().and_then(|pages| pages.parse().ok()) {
        return pages;
    }
    CHECKPOINT_PAGES
}

fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY_FOR)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Without it a plan that looked at a value is made anew whenever the value is bound again: for a statement of the hot path
    // that costs more than all else.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(())
}

fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
