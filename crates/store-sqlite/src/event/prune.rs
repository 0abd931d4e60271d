//! Deleting old events, with their deliveries and attempts.
//!
//! What is deleted leaves pages of the file free, which are taken by what is stored next: a database in which as much is pruned
//! as is stored does not grow, and nothing has to be moved to make it smaller.

use domain::portal::PARTNERS_ABOVE_MAX;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, params};
use store::event::{PruneCursor, PrunedEvents};

use crate::error::VerbError;
use crate::query::{row, rows};
use crate::row::RowExt;

/// How many events a step looks at, most of which may have to stay.
const LOOKED_AT_MAX: usize = 2_000;

pub(super) const LOOK: &str = "-- prune_events (look)
    SELECT no, max(created_at, coalesce(deadline_at, created_at)) < ?2 AS is_old
    FROM events
    WHERE no > ?1 AND no < (SELECT max(no) FROM events)
    ORDER BY no
    LIMIT ?3";

/// The portals that the event `?1` concerns: by them its deliveries are found.
macro_rules! above {
    () => {
        "WITH RECURSIVE above (portal_id, height) AS (
            SELECT portal_id, 0
            FROM events
            WHERE no = ?1
            UNION ALL
            SELECT partner_id, height + 1
            FROM above
            JOIN portals ON portals.id = above.portal_id
            WHERE partner_id IS NOT NULL AND height < ?2
        )"
    };
}

pub(super) const SETTLED: &str = concat!(
    "-- prune_events (settled)
    ",
    above!(),
    "
    SELECT NOT EXISTS (
        SELECT 1
        FROM above
        CROSS JOIN deliveries ON deliveries.portal_id = above.portal_id AND event_no = ?1
        WHERE state = 'pending' OR no = (SELECT max(no) FROM deliveries)
    )"
);

pub(super) const ATTEMPTS: &str = concat!(
    "-- prune_events (attempts)
    ",
    above!(),
    "
    DELETE FROM attempts
    WHERE (delivery_no, number) IN (
        SELECT delivery_no, number
        FROM above
        CROSS JOIN deliveries ON deliveries.portal_id = above.portal_id AND event_no = ?1
        CROSS JOIN attempts ON delivery_no = deliveries.no
        LIMIT ?3
    )"
);

pub(super) const DELIVERIES: &str = concat!(
    "-- prune_events (deliveries)
    ",
    above!(),
    "
    DELETE FROM deliveries
    WHERE no IN (
        SELECT deliveries.no
        FROM above
        CROSS JOIN deliveries ON deliveries.portal_id = above.portal_id AND event_no = ?1
    )"
);

/// Old events that a step may delete, by their numbers, and where the walk stands then.
#[derive(Debug)]
pub(super) struct Found {
    prunable: Vec<i64>,
    next: Option<PruneCursor>,
}

/// Looks for events to delete, without writing. The walk ends where a whole step meets nothing that is old: a few that
/// were stored while the clock was wrong do not end it.
pub(super) fn look(
    connection: &Connection,
    cursor: PruneCursor,
    before: Timestamp,
    rows_max: u32,
) -> Result<Found, VerbError> {
    let params = params![cursor.0, before.as_millisecond(), LOOKED_AT_MAX as i64];
    let seen = rows(connection, LOOK, params, |row| Ok((row.of::<i64>("no")?, row.of::<bool>("is_old")?)))?;
    let mut prunable = Vec::new();
    for &(no, is_old) in &seen {
        if is_old && is_settled(connection, no)? {
            prunable.push(no);
            if prunable.len() == rows_max as usize {
                return Ok(Found { prunable, next: Some(PruneCursor(no)) });
            }
        }
    }
    let goes_on = seen.len() == LOOKED_AT_MAX && seen.iter().any(|(_, is_old)| *is_old);
    let next = seen.last().filter(|_| goes_on).map(|(no, _)| PruneCursor(*no));
    Ok(Found { prunable, next })
}

impl Found {
    /// What the step comes to if there is nothing to delete.
    pub(super) fn nothing(&self) -> Option<PrunedEvents> {
        self.prunable.is_empty().then_some(PrunedEvents { events: 0, next: self.next })
    }
}

/// Whether nothing of the event is under way any more, and its deliveries are none that the next is numbered by.
fn is_settled(connection: &Connection, no: i64) -> Result<bool, VerbError> {
    Ok(connection.prepare_cached(SETTLED)?.query_row([no, PARTNERS_ABOVE_MAX as i64], |row| row.get(0))?)
}

/// Deletes what was found, unless it is under way again. The attempts of an event go first, in as many steps as they need; the
/// deliveries go with the event, so that nobody is told of it without them.
pub(super) fn prune(
    connection: &Connection,
    found: &Found,
    before: Timestamp,
    rows_max: u32,
) -> Result<PrunedEvents, VerbError> {
    let mut left = u64::from(rows_max);
    let mut events = 0;
    for &no in &found.prunable {
        if !is_settled(connection, no)? {
            continue;
        }
        let attempts = prune_attempts(connection, no, left)?;
        if attempts == left {
            // There may be more of them, and room for no more: the next step begins with this event.
            note(connection, before)?;
            return Ok(PrunedEvents { events, next: Some(PruneCursor(no - 1)) });
        }
        left = (left - attempts).saturating_sub(prune_event(connection, no)?);
        events += 1;
        if left == 0 {
            note(connection, before)?;
            return Ok(PrunedEvents { events, next: Some(PruneCursor(no)) });
        }
    }
    note(connection, before)?;
    Ok(PrunedEvents { events, next: found.next })
}

fn prune_attempts(connection: &Connection, event_no: i64, limit: u64) -> Result<u64, VerbError> {
    let deleted =
        connection.prepare_cached(ATTEMPTS)?.execute(params![event_no, PARTNERS_ABOVE_MAX as i64, limit as i64])?;
    Ok(deleted as u64)
}

/// The event and its deliveries; gives how many rows that were.
fn prune_event(connection: &Connection, no: i64) -> Result<u64, VerbError> {
    let deliveries = connection.prepare_cached(DELIVERIES)?.execute([no, PARTNERS_ABOVE_MAX as i64])?;
    let events = connection.prepare_cached("-- prune_events\nDELETE FROM events\nWHERE no = ?1")?.execute([no])?;
    Ok((deliveries + events) as u64)
}

/// From now on nobody is promised what is older.
fn note(connection: &Connection, before: Timestamp) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- prune_events (note)
            INSERT INTO pruned (id, events_before)
            VALUES (1, ?1)
            ON CONFLICT (id) DO UPDATE
            SET events_before = max(events_before, excluded.events_before)",
        )?
        .execute([before.as_millisecond()])?;
    Ok(())
}

/// Before when events may be gone.
pub(super) fn pruned_before(connection: &Connection) -> Result<Option<Timestamp>, VerbError> {
    let sql = "-- find_events_from
        SELECT events_before
        FROM pruned";
    row(connection, sql, &[], |row| row.at("events_before"))
}
