//! Events, stored with the change that they were born of and with a delivery for each webhook that is told.

use std::sync::Arc;

use domain::event::Event;
use domain::id::PortalId;
use domain::portal::PARTNERS_ABOVE_MAX;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, params};

use crate::error::VerbError;
use crate::query::row;
use crate::row::InOrder;

/// Stores events and their deliveries, due at once.
pub(crate) fn insert(connection: &Connection, events: &[Event], at: Timestamp) -> Result<(), VerbError> {
    for event in events {
        connection
            .prepare_cached(
                "-- insert_event
                INSERT INTO events (id, portal_id, event_type, subject_id, data, occurred_at, deadline_at, created_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                event.id.as_str(),
                event.portal_id.0,
                event.event_type.as_str(),
                event.subject_id,
                event.data,
                event.occurred_at.as_millisecond(),
                event.deadline_at.map(Timestamp::as_millisecond),
                at.as_millisecond(),
            ])?;
        insert_deliveries(connection, connection.last_insert_rowid(), event, at)?;
    }
    Ok(())
}

/// One for each matching webhook of the event's portal and of every partner above it.
fn insert_deliveries(connection: &Connection, event_no: i64, event: &Event, at: Timestamp) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- insert_deliveries
            WITH RECURSIVE concerned (portal_id, height) AS (
                VALUES (?1, 0)
                UNION ALL
                SELECT partner_id, height + 1
                FROM concerned
                JOIN portals ON portals.id = concerned.portal_id
                WHERE partner_id IS NOT NULL AND height < ?5
            )
            INSERT INTO deliveries (portal_id, webhook_no, event_no, state, due_at, attempt_number, failures)
            SELECT concerned.portal_id, webhook_no, ?3, 'pending', ?4, 0, 0
            FROM concerned
            CROSS JOIN webhook_event_types ON webhook_event_types.portal_id = concerned.portal_id AND event_type = ?2",
        )?
        .execute(params![
            event.portal_id.0,
            event.event_type.as_str(),
            event_no,
            at.as_millisecond(),
            PARTNERS_ABOVE_MAX as i64,
        ])?;
    Ok(())
}

/// The event with this number.
pub(crate) fn find(connection: &Connection, no: i64) -> Result<Option<Arc<Event>>, VerbError> {
    let sql = "-- find_event
        SELECT id, portal_id, event_type, subject_id, data, occurred_at, deadline_at
        FROM events
        WHERE no = ?1";
    row(connection, sql, &[&no], |row| decode(&mut InOrder::from(row, 0)))
}

/// Reads the columns of an event, in the order of [`find`].
pub(crate) fn decode(columns: &mut InOrder<'_>) -> Result<Arc<Event>, VerbError> {
    let (id, portal_id, event_type) = (columns.id()?, PortalId(columns.of()?), columns.id()?);
    Ok(Arc::new(Event {
        id,
        portal_id,
        event_type,
        subject_id: columns.of()?,
        data: columns.of()?,
        occurred_at: columns.at()?,
        deadline_at: columns.at_or_null()?,
    }))
}
