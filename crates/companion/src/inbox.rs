//! The durable inbox: what arrived, what is to be done about it, and what was recorded from it.
//!
//! One verb is one transaction. Knows neither HTTP nor the platform: it is told what was read and what was found.

mod keep;
pub(crate) mod learner;
mod list;
mod overview;
mod people;
pub(crate) mod retirement;
mod row;
mod settle;

use std::path::Path;
use std::str::FromStr;

use serde::Serialize;
use sqlite::{Database, Durability, Migration, VerbFailure, WriteError};

pub(crate) use keep::{Arrival, Kept};
pub use list::PAGE_MAX;
pub use overview::{ATTENTION_MAX, Attention, Overview};
pub(crate) use settle::{Due, Recorded};

/// The schema of the inbox.
pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "inbox", sql: include_str!("../migrations/0001_inbox.sql") },
    Migration { number: 2, name: "retirement", sql: include_str!("../migrations/0002_retirement.sql") },
    Migration { number: 3, name: "people", sql: include_str!("../migrations/0003_people.sql") },
];

/// The inbox. Clones share it.
#[derive(Clone, Debug)]
pub struct Inbox {
    database: Database,
}

/// What keeps the inbox from being read or written. Nothing of what was asked for is stored then.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the inbox: {0}")]
pub struct InboxError(sqlite::Error);

/// Where an entry stands. The migration says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be fetched at once.
    New,
    /// Fetched without success, to be fetched again.
    Waiting,
    /// Its completion is recorded.
    Recorded,
    /// Known, and there is nothing to fetch.
    Noted,
    /// The platform says, again and again, that the enrollment is not completed.
    NotCompleted,
    /// The platform says, again and again, that there is no such enrollment.
    Unresolved,
    /// Of an event type or a generation that is not known here.
    Unsupported,
    /// Not an event.
    Unreadable,
}

impl State {
    /// Every state.
    pub const ALL: [State; 8] = [
        State::New,
        State::Waiting,
        State::Recorded,
        State::Noted,
        State::NotCompleted,
        State::Unresolved,
        State::Unsupported,
        State::Unreadable,
    ];

    /// The spelling in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::New => "new",
            State::Waiting => "waiting",
            State::Recorded => "recorded",
            State::Noted => "noted",
            State::NotCompleted => "not_completed",
            State::Unresolved => "unresolved",
            State::Unsupported => "unsupported",
            State::Unreadable => "unreadable",
        }
    }

    /// Whether somebody should look at an entry in this state.
    pub const fn needs_attention(self) -> bool {
        match self {
            State::Waiting | State::NotCompleted | State::Unresolved | State::Unsupported | State::Unreadable => true,
            State::New | State::Recorded | State::Noted => false,
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        State::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| format!("no such state: {text:?}"))
    }
}

impl Inbox {
    /// Opens or makes the file at `path`. What it answers for survives a power cut.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is not an inbox that this version knows.
    pub fn open(path: &Path) -> Result<Self, InboxError> {
        Ok(Inbox::over(Database::open(path, Durability::Full, MIGRATIONS)?))
    }

    /// The inbox in a database that was opened with [`MIGRATIONS`].
    pub fn over(database: Database) -> Self {
        Inbox { database }
    }

    /// Whether writes are taken.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn check(&self) -> Result<(), InboxError> {
        Ok(self.database.check().await?)
    }
}

impl From<sqlite::Error> for InboxError {
    fn from(error: sqlite::Error) -> Self {
        InboxError(error)
    }
}

impl From<rusqlite::Error> for InboxError {
    fn from(error: rusqlite::Error) -> Self {
        InboxError(error.into())
    }
}

impl VerbFailure for InboxError {
    fn io(&self) -> Option<String> {
        self.0.io()
    }
}

impl From<WriteError<InboxError>> for InboxError {
    fn from(error: WriteError<InboxError>) -> Self {
        match error {
            WriteError::Verb(error) => error,
            WriteError::Database(error) => InboxError(error),
        }
    }
}
