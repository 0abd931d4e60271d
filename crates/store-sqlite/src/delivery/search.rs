//! Deliveries looked through from the newest on.
//!
//! What is wanted decides by which index they are walked; what the index does not say is compared here, row by row, and after
//! so many rows the walk stops and says where.

use async_trait::async_trait;
use domain::id::{DeliveryId, PortalId};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, ToSql};
use store::delivery_search::{
    DeliveryCursor, DeliverySearch, DeliverySearches, DeliveryStatus, FoundDeliveries, LOOKED_AT_MAX,
};
use store::error::Result;

use crate::SqliteStore;
use crate::error::VerbError;
use crate::event::list::between;
use crate::row::RowExt;

macro_rules! columns {
    () => {
        "SELECT deliveries.no, webhooks.id AS webhook_id, state, due_at, finished_at, failed_reason, attempt_number,
        webhooks.status, webhooks.updated_at, events.id, events.portal_id, event_type, subject_id, data, occurred_at,
        deadline_at, test_webhook_no, deliveries.event_no
    "
    };
}

macro_rules! walked {
    () => {
        "
    CROSS JOIN webhooks ON webhooks.no = deliveries.webhook_no
    CROSS JOIN events ON events.no = deliveries.event_no
    "
    };
}

/// After the event `?2`, up to the event `?3`, and of that one before the delivery `?4`.
macro_rules! span {
    () => {
        "deliveries.event_no > ?2 AND deliveries.event_no <= ?3
        AND NOT (deliveries.event_no = ?3 AND deliveries.no >= ?4)"
    };
}

macro_rules! newest_first {
    () => {
        "
    ORDER BY deliveries.event_no DESC, deliveries.no DESC"
    };
}

/// All of the portal `?1`.
pub(super) const OF_PORTAL: &str = concat!(
    "-- search_deliveries (portal)
    ",
    columns!(),
    "FROM deliveries INDEXED BY deliveries_by_portal",
    walked!(),
    "WHERE deliveries.portal_id = ?1 AND ",
    span!(),
    newest_first!()
);

/// All of the webhook `?5`.
pub(super) const OF_WEBHOOK: &str = concat!(
    "-- search_deliveries (webhook)
    ",
    columns!(),
    "FROM deliveries INDEXED BY deliveries_by_webhook",
    walked!(),
    "WHERE deliveries.webhook_no = (SELECT no FROM webhooks WHERE id = ?5 AND portal_id = ?1) AND ",
    span!(),
    newest_first!()
);

/// Those of the event `?5`, which are few.
pub(super) const OF_EVENT: &str = concat!(
    "-- search_deliveries (event)
    ",
    columns!(),
    "FROM deliveries INDEXED BY deliveries_by_portal",
    walked!(),
    "WHERE deliveries.portal_id = ?1 AND deliveries.event_no = (SELECT no FROM events WHERE id = ?5) AND ",
    span!(),
    newest_first!()
);

/// Those of events about `?5`, which are few.
pub(super) const ABOUT: &str = concat!(
    "-- search_deliveries (about)
    ",
    columns!(),
    "FROM deliveries INDEXED BY deliveries_by_portal",
    walked!(),
    "WHERE deliveries.portal_id = ?1 AND deliveries.event_no IN (SELECT no FROM events WHERE subject_id = ?5) AND ",
    span!(),
    newest_first!()
);

/// What failed: of each webhook, or of the one `?5`, the last `?6`.
pub(super) const FAILED: &str = concat!(
    "-- search_deliveries (failed)
    ",
    columns!(),
    "FROM webhooks
    CROSS JOIN deliveries ON deliveries.no IN (
        SELECT deliveries.no
        FROM deliveries INDEXED BY deliveries_failed
        WHERE deliveries.webhook_no = webhooks.no AND deliveries.state = 'failed' AND ",
    span!(),
    newest_first!(),
    "
        LIMIT ?6
    )
    CROSS JOIN events ON events.no = deliveries.event_no
    WHERE webhooks.portal_id = ?1 AND (?5 IS NULL OR webhooks.id = ?5)",
    newest_first!()
);

/// What is pending, or held; for where that is little.
pub(super) const PENDING: &str = concat!(
    "-- search_deliveries (pending)
    ",
    columns!(),
    "FROM webhooks
    CROSS JOIN deliveries INDEXED BY deliveries_due ON deliveries.webhook_no = webhooks.no
    CROSS JOIN events ON events.no = deliveries.event_no
    WHERE webhooks.portal_id = ?1 AND (?5 IS NULL OR webhooks.id = ?5) AND deliveries.state = 'pending' AND ",
    span!(),
    newest_first!()
);

/// How much is pending, or held; counted up to `?3`.
pub(super) const PENDING_TOTAL: &str = "-- search_deliveries (pending total)
    SELECT count(*)
    FROM (
        SELECT 1
        FROM webhooks
        CROSS JOIN deliveries INDEXED BY deliveries_due ON deliveries.webhook_no = webhooks.no
        WHERE webhooks.portal_id = ?1 AND (?2 IS NULL OR webhooks.id = ?2) AND deliveries.state = 'pending'
        LIMIT ?3
    )";

#[async_trait]
impl DeliverySearches for SqliteStore {
    async fn search_deliveries(
        &self,
        portal_id: PortalId,
        search: &DeliverySearch,
        before: Option<DeliveryCursor>,
        limit: u32,
    ) -> Result<FoundDeliveries> {
        let search = search.clone();
        self.scan("search_deliveries", move |connection| find(connection, portal_id, &search, before, limit)).await
    }
}

fn find(
    connection: &Connection,
    portal_id: PortalId,
    search: &DeliverySearch,
    before: Option<DeliveryCursor>,
    limit: u32,
) -> Result<FoundDeliveries, VerbError> {
    let (after, mut until) = between(connection, &search.stored)?;
    let mut below = i64::MAX;
    if let Some(cursor) = before.filter(|cursor| cursor.event_no <= until) {
        (until, below) = (cursor.event_no, cursor.delivery_id.0);
    }
    let span: [&dyn ToSql; 4] = [&portal_id.0, &after, &until, &below];
    let webhook_id = search.webhook_id.as_ref().map(|id| id.as_str());
    let event_id = search.event_id.as_ref().map(|id| id.as_str());
    let is_open = matches!(search.status, Some(DeliveryStatus::Pending | DeliveryStatus::Held));
    let (sql, besides): (&str, Vec<&dyn ToSql>) = if event_id.is_some() {
        (OF_EVENT, vec![&event_id])
    } else if search.subject_id.is_some() {
        (ABOUT, vec![&search.subject_id])
    } else if search.status == Some(DeliveryStatus::Failed) {
        (FAILED, vec![&webhook_id, &LOOKED_AT_MAX])
    } else if is_open && is_little_pending(connection, portal_id, webhook_id)? {
        (PENDING, vec![&webhook_id])
    } else if webhook_id.is_some() {
        (OF_WEBHOOK, vec![&webhook_id])
    } else {
        (OF_PORTAL, Vec::new())
    };
    let params: Vec<&dyn ToSql> = span.into_iter().chain(besides).collect();
    walk(connection, sql, &params, search, limit)
}

fn is_little_pending(
    connection: &Connection,
    portal_id: PortalId,
    webhook_id: Option<&str>,
) -> Result<bool, VerbError> {
    let params = (portal_id.0, webhook_id, LOOKED_AT_MAX);
    let count: u32 = connection.prepare_cached(PENDING_TOTAL)?.query_row(params, |row| row.get(0))?;
    Ok(count < LOOKED_AT_MAX)
}

/// Takes rows until there are enough, or enough were looked at. What the statement does not put in order as it goes is so little
/// that it is sorted.
fn walk(
    connection: &Connection,
    sql: &str,
    params: &[&dyn ToSql],
    search: &DeliverySearch,
    limit: u32,
) -> Result<FoundDeliveries, VerbError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = FoundDeliveries::default();
    let mut last = None;
    for _ in 0..LOOKED_AT_MAX {
        let Some(row) = rows.next()? else { return Ok(FoundDeliveries { next: None, ..found }) };
        let delivery = super::decode(row)?;
        let is_wanted = search.wants(&delivery);
        if is_wanted && found.items.len() >= limit as usize {
            return Ok(found);
        }
        last = Some((cursor(row)?, delivery.event.occurred_at));
        if is_wanted {
            found.next = Some(cursor(row)?);
            found.items.push(delivery);
        }
    }
    let (next, looked_until): (Option<DeliveryCursor>, Option<Timestamp>) = last.unzip();
    Ok(FoundDeliveries { next, looked_until, ..found })
}

fn cursor(row: &Row<'_>) -> Result<DeliveryCursor, VerbError> {
    Ok(DeliveryCursor { event_no: row.of("event_no")?, delivery_id: DeliveryId(row.of("no")?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQLite does for a statement, step by step.
    fn plan(sql: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        for migration in crate::MIGRATIONS {
            connection.execute_batch(migration.sql).unwrap();
        }
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        let mut steps = String::new();
        while let Some(row) = rows.next().unwrap() {
            steps += &(row.get::<_, String>(3).unwrap() + "\n");
        }
        steps
    }

    #[test]
    fn what_may_be_long_is_walked_in_its_order_and_nothing_is_read_whole() {
        for (sql, index, is_sorted) in [
            (OF_PORTAL, "deliveries_by_portal (portal_id=? AND event_no>? AND event_no<?)", true),
            (OF_WEBHOOK, "deliveries_by_webhook (webhook_no=? AND event_no>? AND event_no<?)", true),
            (OF_EVENT, "deliveries_by_portal (portal_id=? AND event_no=?)", true),
            (ABOUT, "deliveries_by_portal (portal_id=? AND event_no=?)", true),
            (FAILED, "deliveries_failed (webhook_no=? AND event_no>? AND event_no<?)", false),
            (PENDING, "deliveries_due (webhook_no=?)", false),
            (PENDING_TOTAL, "deliveries_due (webhook_no=?)", true),
        ] {
            let plan = plan(sql);
            assert!(plan.contains(index), "{sql}\n{plan}");
            assert!(
                ["SCAN deliveries", "SCAN events", "SCAN webhooks"].iter().all(|step| !plan.contains(step)),
                "{plan}"
            );
            assert_eq!(!plan.contains("TEMP B-TREE FOR ORDER BY"), is_sorted, "{sql}\n{plan}");
        }
    }

    #[test]
    #[should_panic(expected = "SCAN events")]
    fn a_statement_that_reads_everything_is_noticed() {
        let plan = plan("SELECT no FROM events WHERE created_at < 5");
        assert!(!plan.contains("SCAN events"), "{plan}");
    }
}
