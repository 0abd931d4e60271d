//! Lists of events, and what is told of one.

use contract::event_type::EventType;
use domain::id::{EventId, PortalId};
use domain::portal::PARTNERS_ABOVE_MAX;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::enrollment::TimeRange;
use store::event::{COUNTED_MAX, EventFilter, StoredEvent};
use store::page::{Listed, PageRequest};

use crate::error::VerbError;
use crate::query::{row, rows};
use crate::replay::last_before;
use crate::row::{InOrder, RowExt};

macro_rules! columns {
    () => {
        "events.no, events.id, events.portal_id, events.event_type, subject_id, data, occurred_at, deadline_at,
        test_webhook_no, events.created_at"
    };
}

/// Where the columns of an event begin in them.
const EVENT_AT: usize = 1;

/// The portal `?1` and all that are below it.
macro_rules! family {
    () => {
        "family (portal_id, depth) AS (
            VALUES (?1, 0)
            UNION ALL
            SELECT portals.id, depth + 1
            FROM family
            JOIN portals ON portals.partner_id = family.portal_id
            WHERE depth < ?2
        )"
    };
}

/// The newest of each portal and type are put in a queue; whatever is taken from its head is replaced by the next of its kind.
/// So it costs a look-up for each portal and type and for each event on the way, however many events there are.
pub(super) const NEWEST: &str = concat!(
    "-- list_events
    WITH RECURSIVE ",
    family!(),
    ",
    newest (no, portal_id, event_type) AS (
        SELECT
            (
                SELECT max(no)
                FROM events
                WHERE events.portal_id = family.portal_id AND events.event_type = wanted.value AND no > ?4 AND no <= ?5
            ),
            family.portal_id,
            wanted.value
        FROM family
        CROSS JOIN json_each(?3) wanted
        UNION ALL
        SELECT
            (
                SELECT max(no)
                FROM events
                WHERE events.portal_id = newest.portal_id AND events.event_type = newest.event_type
                    AND no > ?4 AND no < newest.no
            ),
            newest.portal_id,
            newest.event_type
        FROM newest
        WHERE newest.no IS NOT NULL
        ORDER BY 1 DESC
        LIMIT ?6 + ?7
    )
    SELECT ",
    columns!(),
    "
    FROM newest
    CROSS JOIN events ON events.no = newest.no
    ORDER BY newest.no DESC
    LIMIT ?6 OFFSET ?7"
);

pub(super) const NEWEST_TOTAL: &str = concat!(
    "-- list_events (total)
    WITH RECURSIVE ",
    family!(),
    "
    SELECT count(*)
    FROM (
        SELECT 1
        FROM family
        CROSS JOIN json_each(?3) wanted
        CROSS JOIN events ON events.portal_id = family.portal_id AND events.event_type = wanted.value
            AND no > ?4 AND no <= ?5
        LIMIT ?6
    )"
);

/// What there is about one thing is little.
pub(super) const ABOUT: &str = concat!(
    "-- list_events (about)
    WITH RECURSIVE ",
    family!(),
    "
    SELECT ",
    columns!(),
    "
    FROM events
    WHERE subject_id = ?8 AND events.portal_id IN (SELECT portal_id FROM family)
        AND event_type IN (SELECT value FROM json_each(?3)) AND no > ?4 AND no <= ?5
    ORDER BY no DESC
    LIMIT ?6 OFFSET ?7"
);

pub(super) const ABOUT_TOTAL: &str = concat!(
    "-- list_events (total about)
    WITH RECURSIVE ",
    family!(),
    "
    SELECT count(*)
    FROM (
        SELECT 1
        FROM events
        WHERE subject_id = ?7 AND events.portal_id IN (SELECT portal_id FROM family)
            AND event_type IN (SELECT value FROM json_each(?3)) AND no > ?4 AND no <= ?5
        LIMIT ?6
    )"
);

pub(super) const FIND: &str = concat!(
    "-- explain_event
    WITH RECURSIVE above (portal_id, height) AS (
        SELECT portal_id, 0
        FROM events
        WHERE id = ?2
        UNION ALL
        SELECT partner_id, height + 1
        FROM above
        JOIN portals ON portals.id = above.portal_id
        WHERE partner_id IS NOT NULL AND height < ?3
    )
    SELECT ",
    columns!(),
    "
    FROM events
    WHERE id = ?2 AND EXISTS (SELECT 1 FROM above WHERE above.portal_id = ?1)"
);

/// The event with its number, if it is of the portal or of one below it.
pub(super) fn find(
    connection: &Connection,
    portal_id: PortalId,
    id: &EventId,
) -> Result<Option<(i64, StoredEvent)>, VerbError> {
    let decode = |row: &Row<'_>| Ok((row.of("no")?, decode(row)?));
    row(connection, FIND, &[&portal_id.0, &id.as_str(), &(PARTNERS_ABOVE_MAX as i64)], decode)
}

/// One page, and how many there are.
pub(super) fn list(
    connection: &Connection,
    portal_id: PortalId,
    filter: &EventFilter,
    page: PageRequest,
) -> Result<Listed<StoredEvent>, VerbError> {
    let types = filter.event_types.as_deref().unwrap_or(&EventType::ALL);
    let types: Vec<_> = types.iter().map(|event_type| event_type.as_str()).collect();
    let types = serde_json::to_string(&types).expect("a list of strings always serialises");
    let (after, until) = between(connection, &filter.stored)?;
    let (depth, limit, offset) = (PARTNERS_ABOVE_MAX as i64, page.limit, page.offset);
    let count = |sql: &str, params: &[&dyn sqlite::rusqlite::ToSql]| -> Result<i64, VerbError> {
        Ok(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?)
    };
    let (total, items) = match filter.subject_id {
        Some(id) => (
            count(ABOUT_TOTAL, params![portal_id.0, depth, types, after, until, COUNTED_MAX, id])?,
            rows(connection, ABOUT, params![portal_id.0, depth, types, after, until, limit, offset, id], decode)?,
        ),
        None => (
            count(NEWEST_TOTAL, params![portal_id.0, depth, types, after, until, COUNTED_MAX])?,
            rows(connection, NEWEST, params![portal_id.0, depth, types, after, until, limit, offset], decode)?,
        ),
    };
    Ok(Listed { total: total.unsigned_abs(), items })
}

/// The number after which the events begin that were stored then, and the last of them.
pub(crate) fn between(connection: &Connection, stored: &TimeRange) -> Result<(i64, i64), VerbError> {
    let sql = "-- list_events (last)
        SELECT coalesce(max(no), 0)
        FROM events";
    let last: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    let before = |at: Option<Timestamp>| at.map(|at| last_before(connection, at, last)).transpose();
    // Times are stored to the millisecond, of which the last is wanted whole.
    let beyond = |at: Timestamp| Timestamp::from_millisecond(at.as_millisecond() + 1).unwrap_or(Timestamp::MAX);
    Ok((before(stored.from)?.unwrap_or(0), before(stored.to.map(beyond))?.unwrap_or(last)))
}

fn decode(row: &Row<'_>) -> Result<StoredEvent, VerbError> {
    Ok(StoredEvent { event: super::decode(&mut InOrder::from(row, EVENT_AT))?, stored_at: row.at("created_at")? })
}
