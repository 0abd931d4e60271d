//! What can go wrong below the verbs.

use rusqlite::ErrorCode;

/// What keeps a database from being opened or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refuses.
    #[error("sqlite: {0}")]
    Sqlite(#[source] std::sync::Arc<rusqlite::Error>),
    /// The disk is full. What was not written can be tried again.
    #[error("the disk is full")]
    DiskFull,
    /// The writer met an I/O error and takes no more writes: what is on disk must be looked at.
    #[error("the writer has stopped: {0}")]
    Stopped(String),
    /// Another verb of the same group met a full disk or an I/O error, which undid the group. It can be tried again.
    #[error("the transaction was undone")]
    Undone,
    /// A verb panicked, and was undone.
    #[error("a verb panicked: {0}")]
    Panicked(String),
    /// The library is one that can corrupt the file.
    #[error("sqlite {0} is too old to be trusted with a database: 3.51.3 or later is needed")]
    OldSqlite(String),
    /// The file has migrations that this version does not know.
    #[error("the database was written by a newer version: it has migration {number} {name:?}, which is unknown here")]
    Newer {
        /// Its number.
        number: i64,
        /// Its name.
        name: String,
    },
    /// A migration was edited after it was applied.
    #[error("migration {number} {name:?} is not the one that was applied to this database")]
    Drifted {
        /// Its number.
        number: i64,
        /// Its name.
        name: String,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) { Error::DiskFull } else { Error::Sqlite(std::sync::Arc::new(error)) }
    }
}

/// What a verb may fail with. The writer must know when it was an I/O error, for it takes no more writes after one.
pub trait VerbFailure: From<rusqlite::Error> {
    /// The I/O error that SQLite met, in its words, if that is why the verb failed.
    fn io(&self) -> Option<String>;
}

impl VerbFailure for rusqlite::Error {
    fn io(&self) -> Option<String> {
        (self.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) && !is_full(self)).then(|| self.to_string())
    }
}

impl VerbFailure for Error {
    fn io(&self) -> Option<String> {
        match self {
            Error::Sqlite(error) => error.io(),
            _ => None,
        }
    }
}

/// A full disk, of which SQLite says so; but that it could not make the index of the WAL larger it calls an I/O error.
fn is_full(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    error.sqlite_error_code() == Some(ErrorCode::DiskFull) || code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// Why a write did nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The verb said no, and was undone.
    #[error(transparent)]
    Verb(E),
    /// The database did.
    #[error(transparent)]
    Database(Error),
}
