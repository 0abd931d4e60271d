//! How many attempts of a webhook went well and how many did not, hour by hour.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_trait::async_trait;
use domain::delivery::FinishedAttempt;
use domain::id::{PortalId, WebhookId};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, OptionalExtension, Row};
use store::error::Result;
use store::webhook_health::{HOURS, HourCount, WAITING_COUNTED_MAX, WebhookHealth, WebhookHealths, hour_of};

use crate::SqliteStore;
use crate::error::VerbError;
use crate::query::rows;
use crate::row::RowExt;

/// For how many hours they are kept: as many as are shown, and as many for a clock that is set back.
const KEPT: i64 = 48;
/// How many deliveries that wait a pulse counts: with more, others of what it feels change too.
const FELT_MAX: u32 = 20;

/// Counts the attempts of a webhook that were recorded now.
pub(crate) fn count(
    connection: &Connection,
    id: &WebhookId,
    attempts: &[&FinishedAttempt],
    now: Timestamp,
) -> Result<(), VerbError> {
    let succeeded = attempts.iter().filter(|attempt| attempt.outcome.is_success()).count();
    let failed = attempts.len() - succeeded;
    let hour = hour_of(now);
    let counted: Option<(i64, bool)> = connection
        .prepare_cached(
            "-- finish_attempts (hour)
            INSERT INTO webhook_hours (webhook_no, hour, succeeded, failed)
            SELECT no, ?2, ?3, ?4
            FROM webhooks
            WHERE id = ?1
            ON CONFLICT (webhook_no, hour) DO UPDATE
            SET succeeded = succeeded + ?3, failed = failed + ?4
            RETURNING webhook_no, succeeded + failed = ?3 + ?4",
        )?
        .query_row((id.as_str(), hour, succeeded as i64, failed as i64), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match counted {
        // The first of its hour: another is over.
        Some((no, true)) => {
            connection
                .prepare_cached(
                    "-- finish_attempts (old hours)
                    DELETE FROM webhook_hours
                    WHERE webhook_no = ?1 AND hour <= ?2",
                )?
                .execute((no, hour - KEPT))?;
            Ok(())
        }
        Some((_, false)) | None => Ok(()),
    }
}

#[async_trait]
impl WebhookHealths for SqliteStore {
    async fn list_webhook_health(&self, portal_id: PortalId, now: Timestamp) -> Result<Vec<WebhookHealth>> {
        let sql = "-- list_webhook_health
            SELECT no, id, failing_since,
                (
                    SELECT count(*)
                    FROM (SELECT 1 FROM deliveries WHERE webhook_no = webhooks.no AND state = 'pending' LIMIT ?2)
                ) AS waiting,
                CASE WHEN status = 'active' THEN (
                    SELECT min(due_at)
                    FROM deliveries
                    WHERE webhook_no = webhooks.no AND state = 'pending' AND due_at <= ?3
                ) END AS oldest_due_at
            FROM webhooks
            WHERE portal_id = ?1 AND status <> 'deleted'
            ORDER BY no";
        let last_hour = hour_of(now);
        self.scan("list_webhook_health", move |connection| {
            rows(connection, sql, (portal_id.0, WAITING_COUNTED_MAX, now.as_millisecond()), |row| {
                let hours = hours(connection, row.of("no")?, last_hour)?;
                Ok(WebhookHealth {
                    webhook_id: row.id("id")?,
                    hours,
                    waiting: row.of("waiting")?,
                    oldest_due_at: row.at_or_null("oldest_due_at")?,
                    failing_since: row.at_or_null("failing_since")?,
                })
            })
        })
        .await
    }

    async fn find_pulse(&self, portal_id: PortalId) -> Result<u64> {
        let sql = "-- find_pulse
            SELECT no, version,
                (SELECT max(event_no) FROM deliveries WHERE webhook_no = webhooks.no) AS event_no,
                (SELECT min(due_at) FROM deliveries WHERE webhook_no = webhooks.no AND state = 'pending') AS first_due_at,
                (SELECT max(due_at) FROM deliveries WHERE webhook_no = webhooks.no AND state = 'pending') AS last_due_at,
                (
                    SELECT count(*)
                    FROM (SELECT 1 FROM deliveries WHERE webhook_no = webhooks.no AND state = 'pending' LIMIT ?2)
                ) AS waiting,
                (SELECT max(hour) FROM webhook_hours WHERE webhook_no = webhooks.no) AS hour,
                (
                    SELECT succeeded + failed
                    FROM webhook_hours
                    WHERE webhook_no = webhooks.no
                    ORDER BY hour DESC
                    LIMIT 1
                ) AS attempts,
                (SELECT sum(deliveries + 1) + count(finished_at) FROM replays WHERE webhook_no = webhooks.no) AS replays
            FROM webhooks
            WHERE portal_id = ?1
            ORDER BY no";
        self.scan("find_pulse", move |connection| {
            let felt = rows(connection, sql, (portal_id.0, FELT_MAX), feel)?;
            let mut hasher = DefaultHasher::new();
            felt.hash(&mut hasher);
            Ok(hasher.finish())
        })
        .await
    }
}

fn feel(row: &Row<'_>) -> Result<[Option<i64>; 9], VerbError> {
    let columns =
        ["no", "version", "event_no", "first_due_at", "last_due_at", "waiting", "hour", "attempts", "replays"];
    let mut felt = [None; 9];
    for (value, column) in felt.iter_mut().zip(columns) {
        *value = row.of(column)?;
    }
    Ok(felt)
}

/// The counts of the hours up to `last`.
fn hours(connection: &Connection, webhook_no: i64, last: i64) -> Result<[HourCount; HOURS], VerbError> {
    let sql = "-- list_webhook_health (hours)
        SELECT hour, succeeded, failed
        FROM webhook_hours
        WHERE webhook_no = ?1 AND hour > ?2 AND hour <= ?3";
    let first = last - HOURS as i64;
    let counted = rows(connection, sql, (webhook_no, first, last), |row| {
        Ok((row.of::<i64>("hour")?, HourCount { succeeded: row.of("succeeded")?, failed: row.of("failed")? }))
    })?;
    let mut hours = [HourCount::default(); HOURS];
    for (hour, count) in counted {
        hours[(hour - first - 1) as usize] = count;
    }
    Ok(hours)
}
