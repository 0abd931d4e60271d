//! Connections that only read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};

use crate::open_reader;

/// How many idle connections are kept. More are opened when they are needed, and closed afterwards.
const IDLE_MAX: usize = 8;

#[derive(Clone, Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Readers { path: path.to_owned(), idle: Arc::default() }
    }

    /// Each query sees one state of the database, however many statements it has.
    pub(crate) fn read<T, E: From<rusqlite::Error>>(
        &self,
        query: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.lend(|connection| query(&connection.unchecked_transaction()?))
    }

    /// Lends a connection, outside any transaction.
    pub(crate) fn lend<T, E: From<rusqlite::Error>>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let result = query(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        result
    }
}
