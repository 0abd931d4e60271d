//! Finding what is due, and leasing it.

use std::sync::Arc;

use domain::delivery::Lease;
use domain::id::{DeliveryId, PortalId};
use domain::webhook::Webhook;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::delivery::{DueLane, DueLanes, LeaseRequest};
use store::keyring::Keyring;

use crate::error::VerbError;
use crate::event;
use crate::query::rows;
use crate::row::{InOrder, RowExt};
use crate::webhook::Cache;

/// Steps from lane to lane through the index of what is pending, so that it costs two look-ups a lane, however much is
/// pending in it.
macro_rules! lanes {
    () => {
        "WITH RECURSIVE lane (webhook_no) AS (
            SELECT min(webhook_no)
            FROM deliveries
            WHERE state = 'pending'
            UNION ALL
            SELECT (
                SELECT min(webhook_no)
                FROM deliveries
                WHERE state = 'pending' AND deliveries.webhook_no > lane.webhook_no
            )
            FROM lane
            WHERE lane.webhook_no IS NOT NULL
        )"
    };
}

const LANES: &str = concat!(
    "-- list_due_lanes
    ",
    lanes!(),
    "
    SELECT
        webhooks.portal_id,
        webhooks.id,
        webhooks.version + webhooks.chances AS version,
        webhooks.rate_limit,
        (SELECT min(due_at) FROM deliveries WHERE state = 'pending' AND webhook_no = lane.webhook_no) AS oldest_due_at,
        (
            SELECT min(due_at)
            FROM deliveries
            WHERE state = 'pending' AND webhook_no = lane.webhook_no AND due_at > ?1
        ) AS next_due_at
    FROM lane
    JOIN webhooks ON webhooks.no = lane.webhook_no AND webhooks.status = 'active'
    ORDER BY webhooks.portal_id, webhooks.no"
);

/// What is leased lies after the present in its lane, where little else does: a backlog that is due is not read.
const EXPIRE: &str = concat!(
    "-- expire_leases
    ",
    lanes!(),
    "
    UPDATE deliveries
    SET due_at = ?1, lease_expires_at = NULL
    WHERE no IN (
        SELECT leased.no
        FROM lane
        CROSS JOIN deliveries leased ON leased.webhook_no = lane.webhook_no AND leased.state = 'pending'
            AND leased.due_at > ?1
        WHERE leased.lease_expires_at IS NOT NULL
    )"
);

const BRING_FORWARD: &str = concat!(
    "-- bring_forward
    ",
    lanes!(),
    "
    UPDATE deliveries
    SET due_at = due_at - ?2, lease_expires_at = lease_expires_at - ?2
    WHERE no IN (
        SELECT later.no
        FROM lane
        CROSS JOIN deliveries later ON later.webhook_no = lane.webhook_no AND later.state = 'pending'
            AND later.due_at > ?1
    )"
);

const HAS_DELETED: &str = concat!(
    "-- expire_deliveries (any)
    ",
    lanes!(),
    "
    SELECT EXISTS (SELECT 1 FROM lane JOIN webhooks ON webhooks.no = lane.webhook_no AND webhooks.status = 'deleted')"
);

const EXPIRE_DELETED: &str = concat!(
    "-- expire_deliveries
    ",
    lanes!(),
    "
    UPDATE deliveries
    SET state = 'failed', failed_reason = 'webhook_deleted', finished_at = ?2, due_at = NULL, lease_expires_at = NULL
    WHERE no IN (
        SELECT orphan.no
        FROM lane
        JOIN webhooks ON webhooks.no = lane.webhook_no AND webhooks.status = 'deleted'
        CROSS JOIN deliveries orphan ON orphan.webhook_no = lane.webhook_no AND orphan.state = 'pending'
        LIMIT ?1
    )"
);

pub(super) fn has_deleted(connection: &Connection) -> Result<bool, VerbError> {
    Ok(connection.prepare_cached(HAS_DELETED)?.query_row([], |row| row.get(0))?)
}

pub(super) fn expire_deleted(connection: &Connection, limit: u32, now: Timestamp) -> Result<u64, VerbError> {
    let expired = connection.prepare_cached(EXPIRE_DELETED)?.execute((limit, now.as_millisecond()))?;
    crash::point!("deliveries/expired");
    Ok(expired as u64)
}

pub(super) fn expire(connection: &Connection, now: Timestamp) -> Result<u64, VerbError> {
    Ok(connection.prepare_cached(EXPIRE)?.execute([now.as_millisecond()])? as u64)
}

pub(super) fn bring_forward(connection: &Connection, was: Timestamp, now: Timestamp) -> Result<u64, VerbError> {
    let by = was.as_millisecond() - now.as_millisecond();
    Ok(connection.prepare_cached(BRING_FORWARD)?.execute((was.as_millisecond(), by))? as u64)
}

pub(super) fn list_due_lanes(connection: &Connection, now: Timestamp) -> Result<DueLanes, VerbError> {
    let lanes = rows(connection, LANES, [now.as_millisecond()], decode_lane)?;
    let next_due_at = lanes.iter().filter_map(|(_, next_due_at)| *next_due_at).min();
    let due = lanes.into_iter().map(|(lane, _)| lane).filter(|lane| lane.oldest_due_at <= now).collect();
    Ok(DueLanes { due, next_due_at })
}

/// A lane, and when the next of its deliveries becomes due that is not due yet.
fn decode_lane(row: &Row<'_>) -> Result<(DueLane, Option<Timestamp>), VerbError> {
    let lane = DueLane {
        portal_id: PortalId(row.of("portal_id")?),
        webhook_id: row.id("id")?,
        version: row.of("version")?,
        rate_limit: crate::webhook::rate_limit(row)?,
        oldest_due_at: row.at("oldest_due_at")?,
    };
    Ok((lane, row.at_or_null("next_due_at")?))
}

pub(super) fn lease(
    connection: &Connection,
    request: &LeaseRequest,
    keyring: &Keyring,
    webhooks: &Cache,
) -> Result<Vec<Lease>, VerbError> {
    let mut leases = Vec::new();
    for (webhook_id, count) in &request.lanes {
        match webhooks.find_active(connection, keyring, webhook_id) {
            Ok(Some((no, webhook))) => lease_lane(connection, request, no, &webhook, *count, &mut leases)?,
            Ok(None) => {}
            // A webhook that cannot be read, its key missing perhaps, must not keep the others from their deliveries.
            Err(VerbError::Unreadable(error)) => {
                if webhooks.is_first_trouble_with(webhook_id) {
                    tracing::error!(%webhook_id, error, "webhook {webhook_id} cannot be read, so its deliveries wait");
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(leases)
}

fn lease_lane(
    connection: &Connection,
    request: &LeaseRequest,
    webhook_no: i64,
    webhook: &Arc<Webhook>,
    count: u32,
    leases: &mut Vec<Lease>,
) -> Result<(), VerbError> {
    let sql = "-- lease_deliveries
        UPDATE deliveries
        SET attempt_number = attempt_number + 1, due_at = ?4, lease_expires_at = ?4
        WHERE no IN (
            SELECT no
            FROM deliveries
            WHERE state = 'pending' AND webhook_no = ?1 AND due_at <= ?2
            ORDER BY due_at
            LIMIT ?3
        )
        RETURNING no, event_no, attempt_number, failures";
    let (now, expires_at) = (request.now.as_millisecond(), request.expires_at.as_millisecond());
    let leased = rows(connection, sql, params![webhook_no, now, count, expires_at], decode_leased)?;
    crash::point!("lease/raised");
    for (no, event_no, attempt_number, failures) in leased {
        let event = match event::find(connection, event_no) {
            Ok(Some(event)) => event,
            // One that cannot be read, perhaps because a newer version wrote it, must not keep the others from being
            // delivered. Its lease stands, so it comes back only when that runs out.
            Ok(None) | Err(VerbError::Unreadable(_)) => {
                tracing::error!(event_no, "event number {event_no} cannot be read, so it waits");
                continue;
            }
            Err(error) => return Err(error),
        };
        leases.push(Lease {
            delivery_id: DeliveryId(no),
            event,
            webhook: webhook.clone(),
            attempt_number,
            failures,
            expires_at: request.expires_at,
        });
    }
    Ok(())
}

fn decode_leased(row: &Row<'_>) -> Result<(i64, i64, u32, u32), VerbError> {
    let mut columns = InOrder::from(row, 0);
    Ok((columns.of()?, columns.of()?, columns.of()?, columns.of()?))
}
