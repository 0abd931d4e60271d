//! The store on SQLite: embedded, one node.
//!
//! One file a noun, each with its verbs as SQL. Writes go through the one writer of [`sqlite`], which commits them in groups;
//! point reads run where they are asked for, longer ones on threads that may block.

mod audit;
mod credential;
mod delivery;
mod destination;
mod enrollment;
mod error;
mod event;
mod hub_session;
mod id;
mod idempotency;
mod learning_activity;
mod learning_object;
mod notice;
mod package;
mod password;
mod play;
mod portal;
mod publish;
mod query;
mod replay;
mod retirement;
mod row;
mod standby;
#[cfg(feature = "testing")]
pub mod testing;
mod told;
mod user_account;
mod webhook;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlite::rusqlite::{Connection, Transaction};
use sqlite::{Database, Durability, Groups, Migration, WriteError};
use store::error::{Result, StoreError};
use store::keyring::{Keyring, Place};

use crate::error::VerbError;
use crate::standby::Births;

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "platform", sql: include_str!("../migrations/0001_platform.sql") },
    Migration { number: 2, name: "webhook_options", sql: include_str!("../migrations/0002_webhook_options.sql") },
    Migration { number: 3, name: "idempotency", sql: include_str!("../migrations/0003_idempotency.sql") },
    Migration { number: 4, name: "notices", sql: include_str!("../migrations/0004_notices.sql") },
    Migration { number: 5, name: "history", sql: include_str!("../migrations/0005_history.sql") },
    Migration { number: 6, name: "speed", sql: include_str!("../migrations/0006_speed.sql") },
    Migration { number: 7, name: "retirement", sql: include_str!("../migrations/0007_retirement.sql") },
    Migration { number: 8, name: "rotation", sql: include_str!("../migrations/0008_rotation.sql") },
    Migration { number: 9, name: "content", sql: include_str!("../migrations/0009_content.sql") },
    Migration { number: 10, name: "destinations", sql: include_str!("../migrations/0010_destinations.sql") },
    Migration { number: 11, name: "play", sql: include_str!("../migrations/0011_play.sql") },
    Migration { number: 12, name: "hub", sql: include_str!("../migrations/0012_hub.sql") },
    Migration { number: 13, name: "audit", sql: include_str!("../migrations/0013_audit.sql") },
    Migration { number: 14, name: "answer_headers", sql: include_str!("../migrations/0014_answer_headers.sql") },
];

/// How long another process may hold the database up while it is opened.
const KEY_CHECK_FOR: Duration = Duration::from_secs(5);

/// The store on SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    database: Database,
    keyring: Arc<Keyring>,
    ids: id::Blocks,
    webhooks: Arc<webhook::Cache>,
    told: Arc<told::Told>,
    standby: Arc<standby::Standby>,
    endings: Arc<credential::Endings>,
}

/// What keeps a store from being opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened, or is not ours.
    #[error(transparent)]
    Database(#[from] sqlite::Error),
    /// Its secrets are sealed under other keys.
    #[error("the keys are not those that this database was made with")]
    WrongKeys,
}

impl SqliteStore {
    /// Opens or makes the database file at `path`; secrets in it are sealed under `keyring`.
    ///
    /// # Errors
    ///
    /// See [`Database::open`]; and when the database was made with other keys.
    pub fn open(path: &Path, keyring: Arc<Keyring>) -> Result<Self, OpenError> {
        SqliteStore::open_with(path, keyring, Durability::Full)
    }

    fn open_with(path: &Path, keyring: Arc<Keyring>, durability: Durability) -> Result<Self, OpenError> {
        let told: Arc<told::Told> = Arc::default();
        let watching = told.clone();
        let watch = move |table: &str, groups: &Groups| watching.changed(table, groups);
        let database = Database::open_watched(path, durability, MIGRATIONS, watch)?;
        check_keys(path, &keyring)?;
        Ok(SqliteStore {
            database,
            keyring,
            ids: id::Blocks::default(),
            webhooks: Arc::default(),
            told,
            standby: Arc::default(),
            endings: Arc::default(),
        })
    }

    /// Runs a verb that writes; if it is run for a request with a key, or an entry of the audit log was noted of it, together with
    /// storing those.
    async fn write<T, F>(&self, verb: &'static str, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
    {
        self.write_if(verb, f, |_| true).await
    }

    /// Like `write`, for verbs that may find nothing to do: then there is no entry of them.
    async fn write_if<T, F, D>(&self, verb: &'static str, f: F, did: D) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
        D: FnOnce(&T) -> bool + Send + 'static,
    {
        self.written(verb, self.recorded(f, did), |_| {}).await
    }

    /// Like `write`, and runs `after` once it is on disk.
    async fn write_then<T, F, A>(&self, verb: &'static str, f: F, after: A) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.written(verb, self.recorded(f, |_| true), after).await
    }

    /// Like `write`, for verbs that may leave deliveries due: wakes whoever waits for work, once it is on disk.
    async fn write_and_wake<T, F>(&self, verb: &'static str, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
    {
        self.write_and_wake_if(verb, f, |_| true).await
    }

    /// Like `write_and_wake`, for verbs that may find nothing to do.
    async fn write_and_wake_if<T, F, D>(&self, verb: &'static str, f: F, did: D) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
        D: FnOnce(&T) -> bool + Send + 'static,
    {
        let standby = self.standby.clone();
        self.written(verb, self.recorded(f, did), move |_| standby.nudge()).await
    }

    /// Runs what writes as it is, and `after` once it is on disk.
    async fn written<T, F, A>(&self, verb: &'static str, f: F, after: A) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        let started = Instant::now();
        let result = self.database.write_then(f, after).await;
        finish(verb, started, result)
    }

    /// Like `write`, for verbs that publish events. One that is `whole` refuses before it writes.
    async fn publish<F>(&self, verb: &'static str, whole: bool, f: F) -> Result<()>
    where
        F: FnOnce(&Connection) -> Result<Births, VerbError> + Send + 'static,
    {
        let started = Instant::now();
        let standby = self.standby.clone();
        let bear = move |births: &Births| standby.bear(births);
        // A request with a key stores that first, so it has written something when the verb refuses; and an entry is stored after
        // the verb, which has written something if that fails.
        let result = match whole && store::idempotency::run().is_none() && !store::audit::is_noted() {
            true => self.database.write_whole(f, bear).await,
            false => self.database.write_then(self.recorded(f, |_| true), bear).await,
        };
        finish(verb, started, result).map(drop)
    }

    fn read<T>(&self, verb: &'static str, f: impl FnOnce(&Transaction<'_>) -> Result<T, VerbError>) -> Result<T> {
        let started = Instant::now();
        let result = self.database.read(f).map_err(WriteError::Verb);
        finish(verb, started, result)
    }

    /// Like `read`, for verbs of one statement.
    fn read_once<T>(&self, verb: &'static str, f: impl FnOnce(&Connection) -> Result<T, VerbError>) -> Result<T> {
        let started = Instant::now();
        let result = self.database.read_once(f).map_err(WriteError::Verb);
        finish(verb, started, result)
    }

    async fn scan<T, F>(&self, verb: &'static str, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, VerbError> + Send + 'static,
    {
        let started = Instant::now();
        let result = self.database.scan(f).await.map_err(WriteError::Verb);
        finish(verb, started, result)
    }
}

/// Leaves a sealed text in a new database, and opens that of one that was there before.
fn check_keys(path: &Path, keyring: &Keyring) -> Result<(), OpenError> {
    let place = Place { table: "key_check", column: "sealed", row: "1" };
    let connection = Connection::open(path).map_err(sqlite::Error::from)?;
    connection.busy_timeout(KEY_CHECK_FOR).map_err(sqlite::Error::from)?;
    let sealed = keyring.seal(place, "schoolbell");
    connection
        .execute("INSERT OR IGNORE INTO key_check (id, sealed) VALUES (1, ?1)", [sealed])
        .map_err(sqlite::Error::from)?;
    let sealed: Vec<u8> = connection
        .query_row("SELECT sealed FROM key_check WHERE id = 1", [], |row| row.get(0))
        .map_err(sqlite::Error::from)?;
    keyring.open(place, &sealed).map(drop).map_err(|_| OpenError::WrongKeys)
}

fn finish<T>(verb: &'static str, started: Instant, result: Result<T, WriteError<VerbError>>) -> Result<T> {
    metrics::histogram!("store_verb_seconds", "verb" => verb).record(started.elapsed());
    result.map_err(|error| match error {
        WriteError::Verb(VerbError::Refused(error)) => error,
        WriteError::Verb(VerbError::Sqlite(error)) => match sqlite::Error::from(error) {
            sqlite::Error::DiskFull => StoreError::Unavailable(sqlite::Error::DiskFull.to_string()),
            error => StoreError::Internal { verb, source: error.into() },
        },
        WriteError::Verb(VerbError::Unreadable(what)) => StoreError::Internal { verb, source: what.into() },
        WriteError::Database(sqlite::Error::Panicked(message)) => StoreError::Internal { verb, source: message.into() },
        WriteError::Database(error) => StoreError::Unavailable(error.to_string()),
    })
}
