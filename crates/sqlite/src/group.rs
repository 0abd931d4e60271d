//! Which group of verbs is being written: what whoever remembers rows between groups must know.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use rusqlite::Connection;

use crate::error::Error;

/// The groups of a database. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Groups(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    present: AtomicU64,
    /// SQLite's own number for what other processes wrote: it changes when they do.
    others: AtomicI64,
}

impl Groups {
    /// The number of the group that is being written, or was written last.
    pub fn present(&self) -> u64 {
        self.0.present.load(Ordering::Acquire)
    }

    /// A number that is another one once another process has written, as of the beginning of this group.
    pub fn others(&self) -> i64 {
        self.0.others.load(Ordering::Acquire)
    }

    pub(crate) fn begin(&self, connection: &Connection) -> Result<(), Error> {
        let others = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        self.0.others.store(others, Ordering::Release);
        self.0.present.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}
