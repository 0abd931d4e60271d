//! What keeps a verb from doing its work.

use sqlite::rusqlite;
use sqlite::rusqlite::ErrorCode;
use store::error::StoreError;

/// What keeps a verb from doing its work.
#[derive(Debug)]
pub(crate) enum VerbError {
    /// The caller can do something about it.
    Refused(StoreError),
    /// SQLite did not take it.
    Sqlite(rusqlite::Error),
    /// What is stored makes no sense.
    Unreadable(String),
}

impl From<rusqlite::Error> for VerbError {
    fn from(error: rusqlite::Error) -> Self {
        VerbError::Sqlite(error)
    }
}

impl sqlite::VerbFailure for VerbError {
    fn io(&self) -> Option<String> {
        match self {
            VerbError::Sqlite(error) => error.io(),
            VerbError::Refused(_) | VerbError::Unreadable(_) => None,
        }
    }
}

impl From<StoreError> for VerbError {
    fn from(error: StoreError) -> Self {
        VerbError::Refused(error)
    }
}

/// Gives an error for a row that breaks a uniqueness, and passes on every other.
pub(crate) fn on_duplicate(refusal: StoreError) -> impl FnOnce(rusqlite::Error) -> VerbError {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) if is_unique(&error) => refusal.into(),
        _ => error.into(),
    }
}

fn is_unique(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE))
}

/// A change that no row took is one against another version than the stored one.
pub(crate) fn expect_one(changed: usize) -> Result<(), VerbError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Conflict.into()) }
}
