//! Tests: events that one webhook alone is told of.

use domain::event::Event;
use domain::id::{DeliveryId, WebhookId};
use domain::webhook::test_event::PENDING_MAX;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, params};
use store::error::StoreError;

use crate::error::VerbError;
use crate::event;
use crate::query::row;
use crate::row::RowExt;
use crate::webhook::health;

/// How many of its latest tests are looked at to see which are under way: it must not cost more as history grows.
const LATEST_MAX: u32 = 1_000;

/// Stores a test of the webhook, and its one delivery.
pub(crate) fn insert(
    connection: &Connection,
    webhook_id: &WebhookId,
    test: &Event,
    now: Timestamp,
) -> Result<DeliveryId, VerbError> {
    let sql = "-- save_test (webhook)
        SELECT no
        FROM webhooks
        WHERE id = ?1 AND portal_id = ?2 AND status <> 'deleted'";
    let webhook_no = row(connection, sql, &[&webhook_id.as_str(), &test.portal_id.0], |row| row.of::<i64>("no"))?;
    let webhook_no = webhook_no.ok_or(StoreError::Conflict)?;
    check_limit(connection, webhook_no)?;
    let event_no = event::insert(connection, test, Some(webhook_no), now)?;
    health::give_a_chance(connection, webhook_no)?;
    let sql = "-- save_test
        INSERT INTO deliveries (portal_id, webhook_no, event_no, state, due_at, attempt_number, failures)
        VALUES (?1, ?2, ?3, 'pending', ?4, 0, 0)
        RETURNING no";
    let params = params![test.portal_id.0, webhook_no, event_no, now.as_millisecond()];
    Ok(DeliveryId(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?))
}

fn check_limit(connection: &Connection, webhook_no: i64) -> Result<(), VerbError> {
    let sql = "-- save_test (limit)
        SELECT count(*)
        FROM (SELECT no FROM events WHERE test_webhook_no = ?1 ORDER BY no DESC LIMIT ?2) latest
        WHERE EXISTS (SELECT 1 FROM deliveries WHERE webhook_no = ?1 AND event_no = latest.no AND state = 'pending')";
    let pending: i64 = connection.prepare_cached(sql)?.query_row((webhook_no, LATEST_MAX), |row| row.get(0))?;
    if pending.unsigned_abs() < PENDING_MAX as u64 { Ok(()) } else { Err(StoreError::LimitReached(PENDING_MAX).into()) }
}
