//! Events, stored with the change that they were born of and with a delivery for each webhook that is told.

pub(crate) mod list;
mod prune;
pub(crate) mod test_event;

use std::sync::Arc;

use async_trait::async_trait;
use domain::event::Event;
use domain::id::{EventId, PortalId};
use domain::why::Standing;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, params};
use store::error::Result;
use store::event::{EventFilter, Events, PruneCursor, PrunedEvents, StoredEvent};
use store::page::{Listed, PageRequest};

use crate::SqliteStore;
use crate::error::VerbError;
use crate::query::row;
use crate::row::InOrder;
use crate::webhook::history;

#[async_trait]
impl Events for SqliteStore {
    async fn list_events(
        &self,
        portal_id: PortalId,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Listed<StoredEvent>> {
        let filter = filter.clone();
        self.scan("list_events", move |connection| list::list(connection, portal_id, &filter, page)).await
    }

    async fn explain_event(&self, portal_id: PortalId, id: &EventId) -> Result<Option<(StoredEvent, Vec<Standing>)>> {
        let id = id.clone();
        self.scan("explain_event", move |connection| {
            let Some((no, event)) = list::find(connection, portal_id, &id)? else { return Ok(None) };
            Ok(Some((event, history::standings(connection, portal_id, no)?)))
        })
        .await
    }

    async fn find_events_from(&self) -> Result<Option<Timestamp>> {
        self.read("find_events_from", |connection| prune::pruned_before(connection))
    }

    async fn prune_events(&self, cursor: PruneCursor, before: Timestamp, rows_max: u32) -> Result<PrunedEvents> {
        // Looking costs the writer nothing, and mostly there is nothing to delete.
        let found = self.scan("prune_events", move |c| prune::look(c, cursor, before, rows_max)).await?;
        match found.nothing() {
            Some(nothing) => Ok(nothing),
            None => self.write("prune_events", move |c| prune::prune(c, &found, before, rows_max)).await,
        }
    }
}

/// Stores an event, and gives its number. `test_webhook_no` is the one webhook that is told of it, if it is a test.
pub(crate) fn insert(
    connection: &Connection,
    event: &Event,
    test_webhook_no: Option<i64>,
    at: Timestamp,
) -> Result<i64, VerbError> {
    connection
        .prepare_cached(
            "-- insert_event
            INSERT INTO events (id, portal_id, event_type, subject_id, data, occurred_at, deadline_at, created_at,
                test_webhook_no)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
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
            test_webhook_no,
        ])?;
    Ok(connection.last_insert_rowid())
}

/// The event with this number.
pub(crate) fn find(connection: &Connection, no: i64) -> Result<Option<Arc<Event>>, VerbError> {
    let sql = "-- find_event
        SELECT id, portal_id, event_type, subject_id, data, occurred_at, deadline_at, test_webhook_no
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
        is_test: columns.of::<Option<i64>>()?.is_some(),
    }))
}

#[cfg(test)]
mod tests;
