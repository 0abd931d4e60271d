//! What webhooks were when an event was born.

use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, PortalId, WebhookId};
use domain::webhook::WebhookStatus;
use domain::why::{Standing, Then, Told};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, OptionalExtension, Row, params};
use store::event::STANDINGS_MAX;

use super::read_event_types;
use crate::delivery;
use crate::error::VerbError;
use crate::query::rows;
use crate::row::{RowExt, unreadable};

/// Keeps what the webhook is from now on, if that is not what it was. Called wherever its event types or its status may have
/// changed, in the same transaction: events are numbered by the one writer, so it is exact which of them come after.
pub(super) fn keep(connection: &Connection, id: &WebhookId) -> Result<(), VerbError> {
    let changed: Option<i64> = connection
        .prepare_cached(
            "-- keep_webhook_history
            INSERT INTO webhook_history (webhook_no, from_event_no, event_types, status)
            SELECT no, (SELECT coalesce(max(no), 0) FROM events), event_types, status
            FROM webhooks
            WHERE id = ?1 AND (event_types, status) IS NOT (
                SELECT event_types, status
                FROM webhook_history
                WHERE webhook_no = webhooks.no
                ORDER BY from_event_no DESC
                LIMIT 1
            )
            ON CONFLICT (webhook_no, from_event_no) DO UPDATE
            SET event_types = excluded.event_types, status = excluded.status
            RETURNING webhook_no",
        )?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    changed.map_or(Ok(()), |no| forget(connection, no))
}

/// Of what was true before the oldest event that is left, only the last counts: so the history of a webhook does not become longer
/// than what happened while events are kept.
fn forget(connection: &Connection, no: i64) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- keep_webhook_history (forget)
            DELETE FROM webhook_history
            WHERE webhook_no = ?1 AND from_event_no < (
                SELECT max(from_event_no)
                FROM webhook_history
                WHERE webhook_no = ?1 AND from_event_no < (SELECT min(no) FROM events)
            )",
        )?
        .execute([no])?;
    Ok(())
}

/// Deletes what is left of deleted webhooks, their history with them, once nothing leads to them.
pub(super) fn prune_deleted(connection: &Connection, before: Timestamp, limit: u32) -> Result<u64, VerbError> {
    let sql = "-- prune_webhooks (which)
        SELECT no
        FROM webhooks
        WHERE status = 'deleted' AND updated_at < ?1
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE webhook_no = webhooks.no)
            AND NOT EXISTS (SELECT 1 FROM replays WHERE webhook_no = webhooks.no)
        LIMIT ?2";
    let nos = rows(connection, sql, (before.as_millisecond(), limit), |row| row.of::<i64>("no"))?;
    for no in &nos {
        let history = "-- prune_webhooks (history)\nDELETE FROM webhook_history\nWHERE webhook_no = ?1";
        connection.prepare_cached(history)?.execute([no])?;
        let hours = "-- prune_webhooks (hours)\nDELETE FROM webhook_hours\nWHERE webhook_no = ?1";
        connection.prepare_cached(hours)?.execute([no])?;
        connection.prepare_cached("-- prune_webhooks\nDELETE FROM webhooks\nWHERE no = ?1")?.execute([no])?;
    }
    Ok(nos.len() as u64)
}

pub(crate) const STANDINGS: &str = "-- explain_event (webhooks)
    SELECT
        webhooks.id,
        webhooks.name,
        webhooks.status,
        webhooks.updated_at,
        history.webhook_no AS then_no,
        history.event_types AS then_event_types,
        history.status AS then_status,
        deliveries.no AS delivery_no,
        state,
        due_at,
        finished_at,
        failed_reason,
        attempt_number
    FROM webhooks
    LEFT JOIN webhook_history history ON history.webhook_no = webhooks.no AND history.from_event_no = (
        SELECT max(from_event_no)
        FROM webhook_history
        WHERE webhook_no = webhooks.no AND from_event_no < ?2
    )
    LEFT JOIN deliveries ON deliveries.no = (
        SELECT no
        FROM deliveries
        WHERE webhook_no = webhooks.no AND event_no = ?2
        ORDER BY state = 'pending' DESC, state = 'delivered' DESC, no DESC
        LIMIT 1
    )
    WHERE webhooks.portal_id = ?1
    ORDER BY deliveries.no IS NULL, webhooks.status = 'deleted', webhooks.no
    LIMIT ?3";

/// How the webhooks of a portal stand to an event.
pub(crate) fn standings(
    connection: &Connection,
    portal_id: PortalId,
    event_no: i64,
) -> Result<Vec<Standing>, VerbError> {
    rows(connection, STANDINGS, params![portal_id.0, event_no, STANDINGS_MAX], decode)
}

fn decode(row: &Row<'_>) -> Result<Standing, VerbError> {
    let is_deleted = row.of::<String>("status")? == "deleted";
    Ok(Standing { webhook_id: row.id("id")?, name: row.of("name")?, then: then(row)?, told: told(row)?, is_deleted })
}

fn then(row: &Row<'_>) -> Result<Then, VerbError> {
    let is_there = row.of::<Option<i64>>("then_no")?.is_some();
    let (event_types, status) =
        (row.of::<Option<String>>("then_event_types")?, row.of::<Option<String>>("then_status")?);
    match (is_there, event_types, status) {
        (false, _, _) => Ok(Then::NotThere),
        (true, Some(event_types), Some(status)) => Ok(Then::Was {
            event_types: read_event_types(&event_types).ok_or_else(|| unreadable("event_types"))?,
            status: WebhookStatus::read(&status).ok_or_else(|| unreadable("status"))?,
        }),
        (true, _, _) => Ok(Then::NotKept),
    }
}

fn told(row: &Row<'_>) -> Result<Option<Told>, VerbError> {
    let Some(no) = row.of::<Option<i64>>("delivery_no")? else { return Ok(None) };
    let state: DeliveryState = delivery::state(row)?;
    Ok(Some(Told { delivery_id: DeliveryId(no), attempt_number: row.of("attempt_number")?, state }))
}
