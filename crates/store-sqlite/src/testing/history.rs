//! A past, written straight into the file: more deliveries than anybody would wait for.

use std::path::Path;

use sqlite::rusqlite::{Connection, Error, params};

/// How many events are written in one transaction.
const CHUNK: i64 = 200_000;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct History<'a> {
    /// The webhook that the deliveries are for.
    pub webhook_id: &'a str,
    /// The events tell of enrollments from this number on.
    pub first_enrollment: i64,
    /// How many events there are, each with one delivery.
    pub count: i64,
    /// When all of it happened, in Unix milliseconds.
    pub at_ms: i64,
    /// Whether they were delivered, at the first attempt, or are due.
    pub delivered: bool,
}

/// Writes it into a database that nobody has open.
///
/// # Errors
///
/// When SQLite refuses, or there is no such webhook.
pub fn write(file: &Path, history: &History<'_>) -> Result<(), Error> {
    let mut connection = Connection::open(file)?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", -512 * 1024)?;
    let webhook = "SELECT no, portal_id FROM webhooks WHERE id = ?1";
    let (webhook_no, portal_id): (i64, i64) =
        connection.query_row(webhook, [history.webhook_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let last = |table: &str| -> Result<i64, Error> {
        connection.query_row(&format!("SELECT coalesce(max(no), 0) FROM {table}"), [], |row| row.get(0))
    };
    let before = last("events")?.max(last("deliveries")?);
    for first in (0..history.count).step_by(CHUNK as usize) {
        let end = (first + CHUNK).min(history.count);
        let transaction = connection.transaction()?;
        transaction.execute(EVENTS, params![first, end, before, portal_id, history.first_enrollment, history.at_ms])?;
        let deliveries = if history.delivered { DELIVERED } else { DUE };
        transaction.execute(deliveries, params![first, end, before, portal_id, webhook_no, history.at_ms])?;
        if history.delivered {
            transaction.execute(ATTEMPTS, params![first, end, before, history.at_ms])?;
        }
        transaction.commit()?;
    }
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Ids are spread as those that are drawn, and differ.
const EVENTS: &str = "WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < ?2)
    INSERT INTO events (no, id, portal_id, event_type, subject_id, data, occurred_at, created_at)
    SELECT ?3 + 1 + n, printf('%s%08X', hex(randomblob(2)), n), ?4, 'enrollment.complete', ?5 + n,
        printf('{\"id\":\"%d\",\"lo_id\":\"741712\",\"portal_id\":\"%d\",\"event_time\":\"2022-03-29T01:29:36.000Z\"}', ?5 + n, ?4),
        ?6, ?6
    FROM counted";

const DELIVERED: &str = "WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < ?2)
    INSERT INTO deliveries (no, portal_id, webhook_no, event_no, state, attempt_number, failures, finished_at)
    SELECT ?3 + 1 + n, ?4, ?5, ?3 + 1 + n, 'delivered', 1, 0, ?6
    FROM counted";

const DUE: &str = "WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < ?2)
    INSERT INTO deliveries (no, portal_id, webhook_no, event_no, state, due_at, attempt_number, failures)
    SELECT ?3 + 1 + n, ?4, ?5, ?3 + 1 + n, 'pending', ?6, 0, 0
    FROM counted";

const ATTEMPTS: &str = "WITH RECURSIVE counted (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < ?2)
    INSERT INTO attempts (delivery_no, number, started_at, took_ms, status, body, truncated)
    SELECT ?3 + 1 + n, 1, ?4, 3, 200, x'', 0
    FROM counted";
