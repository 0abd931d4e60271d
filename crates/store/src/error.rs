//! Why a verb did nothing.

use std::error::Error;

/// Why a verb did nothing. Whatever it is, nothing is half-written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What was read is not what is stored any more, or something else took the place: read again and decide again.
    #[error("somebody else changed it at the same time")]
    Conflict,
    /// Another has it already, and it must be unique.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// There are as many as there may be.
    #[error("there are already {0}, which is the limit")]
    LimitReached(usize),
    /// The database cannot take it at present: its disk is full, its connection lost, its writer stopped.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// What is stored cannot be read, or a statement was refused: somebody must look.
    #[error("{verb}: {source}")]
    Internal {
        /// The verb that met it.
        verb: &'static str,
        /// What it met.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What a verb comes to.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
