//! Numbers that name things, taken from the database in blocks.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use store::error::Result;
use store::id::{Ids, Sequence};

use crate::{SqliteStore, finish};

/// How many numbers are taken at a time. So many are skipped at most when the process ends.
const BLOCK: i64 = 100;

/// What is left of the blocks that were taken.
#[derive(Debug, Default)]
pub(crate) struct Blocks(Mutex<HashMap<Sequence, Range<i64>>>);

impl Blocks {
    fn next(&self, sequence: Sequence) -> Option<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&sequence)?.next()
    }

    fn refill(&self, sequence: Sequence, block: Range<i64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sequence, block);
    }
}

#[async_trait]
impl Ids for SqliteStore {
    async fn next_id(&self, sequence: Sequence) -> Result<i64> {
        if let Some(id) = self.ids.next(sequence) {
            return Ok(id);
        }
        let verb = move |connection: &sqlite::rusqlite::Connection| {
            let next: i64 = connection
                .prepare_cached(
                    "-- next_id
                    UPDATE sequences
                    SET next = next + ?2
                    WHERE name = ?1
                    RETURNING next",
                )?
                .query_row((sequence.as_str(), BLOCK), |row| row.get(0))?;
            Ok(next - BLOCK..next)
        };
        // Not as a part of the request that asks, if that has a key: numbers are no work of its own, and most are taken for
        // others.
        let started = Instant::now();
        let mut block = finish("next_id", started, self.database.write(verb).await)?;
        // The first is ours; whoever else ran out at the same time may have put back a block already, whose numbers are then
        // skipped.
        let id = block.next().expect("a block has numbers in it");
        self.ids.refill(sequence, block);
        Ok(id)
    }
}
