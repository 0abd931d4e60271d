//! Replays: old events told again.

use async_trait::async_trait;
use domain::id::{DeliveryId, PortalId, ReplayId, UserAccountId, WebhookId};
use domain::portal::PARTNERS_ABOVE_MAX;
use domain::replay::{Replay, ReplayScope};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, OptionalExtension, Row, params};
use store::error::{Result, StoreError};
use store::replay::{Replayed, Replays};

use crate::SqliteStore;
use crate::error::{VerbError, on_duplicate};
use crate::query::{row, rows};
use crate::row::RowExt;
use crate::webhook::health;

const REPLAYS: &str =
    "SELECT replays.id, replays.portal_id, webhooks.id AS webhook_id, scope, since, deliveries, finished_at,
        replays.created_by, replays.created_at
    FROM replays
    JOIN webhooks ON webhooks.no = replays.webhook_no";

#[async_trait]
impl Replays for SqliteStore {
    async fn replay_delivery(&self, portal_id: PortalId, id: DeliveryId, now: Timestamp) -> Result<Replayed> {
        let verb = move |connection: &Connection| {
            let sql = "-- replay_delivery
                SELECT webhook_no, event_no
                FROM deliveries
                JOIN webhooks ON webhooks.no = deliveries.webhook_no
                WHERE deliveries.no = ?1 AND deliveries.portal_id = ?2 AND webhooks.status <> 'deleted'";
            let found =
                row(connection, sql, &[&id.0, &portal_id.0], |row| Ok((row.of("webhook_no")?, row.of("event_no")?)))?;
            let Some((webhook_no, event_no)) = found else { return Ok(Replayed::NotFound) };
            health::give_a_chance(connection, webhook_no)?;
            let made = insert_again(connection, portal_id, webhook_no, event_no, now)?;
            Ok(made.map_or(Replayed::UnderWay, |no| Replayed::Again(DeliveryId(no))))
        };
        self.write_and_wake_if("replay_delivery", verb, |replayed| matches!(replayed, Replayed::Again(_))).await
    }

    async fn save_replay(&self, replay: Replay) -> Result<()> {
        self.write("save_replay", move |connection| save(connection, &replay)).await
    }

    async fn find_replay(&self, portal_id: PortalId, id: &ReplayId) -> Result<Option<Replay>> {
        let sql = format!(
            "-- find_replay
            {REPLAYS}
            WHERE replays.id = ?1 AND replays.portal_id = ?2"
        );
        self.read("find_replay", |connection| row(connection, &sql, &[&id.as_str(), &portal_id.0], decode))
    }

    async fn list_replays(&self, portal_id: PortalId, webhook_id: &WebhookId, limit: u32) -> Result<Vec<Replay>> {
        let sql = format!(
            "-- list_replays
            {REPLAYS}
            WHERE webhooks.id = ?1 AND webhooks.portal_id = ?2
            ORDER BY replays.no DESC
            LIMIT ?3"
        );
        let params = (webhook_id.as_str(), portal_id.0, limit);
        self.read("list_replays", |connection| rows(connection, &sql, params, decode))
    }

    async fn expand_replays(&self, limit: u32, now: Timestamp) -> Result<bool> {
        // Asked every second, and mostly for nothing: then nothing is written and nobody is woken.
        let is_idle = self.read("expand_replays", |connection| Ok(next(connection)?.is_none()))?;
        if is_idle {
            return Ok(false);
        }
        self.write_and_wake("expand_replays", move |connection| expand(connection, limit, now)).await
    }

    async fn prune_replays(&self, before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "-- prune_replays
            DELETE FROM replays
            WHERE no IN (SELECT no FROM replays WHERE finished_at < ?1 LIMIT ?2)";
        let verb = move |c: &Connection| Ok(c.prepare_cached(sql)?.execute((before.as_millisecond(), limit))? as u64);
        self.write("prune_replays", verb).await
    }
}

fn save(connection: &Connection, replay: &Replay) -> Result<(), VerbError> {
    let sql = "-- save_replay (webhook)
        SELECT no
        FROM webhooks
        WHERE id = ?1 AND portal_id = ?2 AND status <> 'deleted'";
    let webhook_no =
        row(connection, sql, &[&replay.webhook_id.as_str(), &replay.portal_id.0], |row| row.of::<i64>("no"))?;
    let webhook_no = webhook_no.ok_or(StoreError::Conflict)?;
    let until: i64 = connection
        .prepare_cached("-- save_replay (until)\nSELECT coalesce(max(no), 0) FROM events")?
        .query_row([], |row| row.get(0))?;
    let cursor = last_before(connection, replay.since, until)?;
    health::give_a_chance(connection, webhook_no)?;
    connection
        .prepare_cached(
            "-- save_replay
            INSERT INTO replays (id, portal_id, webhook_no, scope, since, cursor, until, deliveries, created_by, created_at,
                stepped_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?9)",
        )?
        .execute(params![
            replay.id.as_str(),
            replay.portal_id.0,
            webhook_no,
            replay.scope.as_str(),
            replay.since.as_millisecond(),
            cursor,
            until,
            replay.created_by.0,
            replay.created_at.as_millisecond(),
        ])
        .map_err(on_duplicate(StoreError::Taken("replay")))?;
    Ok(())
}

/// The number of the last event stored before `since`. Events are numbered in the order in which they are stored, so halving
/// finds it in a few look-ups, and no index of times has to be kept.
pub(crate) fn last_before(connection: &Connection, since: Timestamp, until: i64) -> Result<i64, VerbError> {
    let mut find = connection.prepare_cached(
        "-- save_replay (since)
        SELECT no, created_at
        FROM events
        WHERE no > ?1
        ORDER BY no
        LIMIT 1",
    )?;
    let (mut before, mut after) = (0, until);
    while before < after {
        let middle = before + (after - before) / 2;
        let next: Option<(i64, i64)> = find.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match next {
            Some((no, created_at)) if created_at < since.as_millisecond() => before = no,
            Some(_) | None => after = middle,
        }
    }
    Ok(before)
}

/// A replay that is not finished, as far as carrying it out needs it.
struct Unfinished {
    no: i64,
    portal_id: PortalId,
    webhook_no: i64,
    scope: ReplayScope,
    since: i64,
    cursor: i64,
    until: i64,
}

fn next(connection: &Connection) -> Result<Option<Unfinished>, VerbError> {
    let sql = "-- expand_replays (next)
        SELECT no, portal_id, webhook_no, scope, since, cursor, until
        FROM replays
        WHERE finished_at IS NULL
        ORDER BY stepped_at, no
        LIMIT 1";
    row(connection, sql, &[], decode_unfinished)
}

fn expand(connection: &Connection, limit: u32, now: Timestamp) -> Result<bool, VerbError> {
    let Some(replay) = next(connection)? else { return Ok(false) };
    let event_nos = match replay.scope {
        ReplayScope::Failed => failed(connection, &replay, limit)?,
        ReplayScope::All => stored(connection, &replay, limit)?,
    };
    let mut made = 0;
    for &no in &event_nos {
        let is_meant = match replay.scope {
            ReplayScope::Failed => !is_settled(connection, &replay, no)?,
            ReplayScope::All => concerns(connection, &replay, no)?,
        };
        if is_meant && insert_again(connection, replay.portal_id, replay.webhook_no, no, now)?.is_some() {
            made += 1;
        }
    }
    crash::point!("replay/expanded");
    let is_over = event_nos.len() < limit as usize;
    let cursor = event_nos.last().copied().filter(|_| !is_over).unwrap_or(replay.until);
    connection
        .prepare_cached(
            "-- expand_replays (progress)
            UPDATE replays
            SET cursor = ?2, deliveries = deliveries + ?3, finished_at = ?4, stepped_at = ?5
            WHERE no = ?1",
        )?
        .execute(params![replay.no, cursor, made, is_over.then_some(now.as_millisecond()), now.as_millisecond()])?;
    Ok(true)
}

/// Events of which a delivery to the webhook failed.
fn failed(connection: &Connection, replay: &Unfinished, limit: u32) -> Result<Vec<i64>, VerbError> {
    let sql = "-- expand_replays (failed)
        SELECT DISTINCT event_no
        FROM deliveries
        WHERE webhook_no = ?1 AND event_no > ?2 AND event_no <= ?3 AND state = 'failed'
        ORDER BY event_no
        LIMIT ?4";
    let params = params![replay.webhook_no, replay.cursor, replay.until, limit];
    rows(connection, sql, params, |row| row.of("event_no"))
}

/// Whether the event arrived after all, or is a test, for which nobody waits.
fn is_settled(connection: &Connection, replay: &Unfinished, event_no: i64) -> Result<bool, VerbError> {
    let sql = "-- expand_replays (settled)
        SELECT EXISTS (SELECT 1 FROM deliveries WHERE webhook_no = ?1 AND event_no = ?2 AND state = 'delivered')
            OR EXISTS (SELECT 1 FROM events WHERE no = ?2 AND test_webhook_no IS NOT NULL)";
    Ok(connection.prepare_cached(sql)?.query_row([replay.webhook_no, event_no], |row| row.get(0))?)
}

fn stored(connection: &Connection, replay: &Unfinished, limit: u32) -> Result<Vec<i64>, VerbError> {
    let sql = "-- expand_replays (stored)
        SELECT no
        FROM events
        WHERE no > ?1 AND no <= ?2
        ORDER BY no
        LIMIT ?3";
    rows(connection, sql, params![replay.cursor, replay.until, limit], |row| row.of("no"))
}

/// Whether the webhook would be told of this event if it were born now, and it is not older than what is asked for.
fn concerns(connection: &Connection, replay: &Unfinished, event_no: i64) -> Result<bool, VerbError> {
    let sql = "-- expand_replays (concerns)
        WITH RECURSIVE above (portal_id, height) AS (
            SELECT portal_id, 0
            FROM events
            WHERE no = ?1
            UNION ALL
            SELECT partner_id, height + 1
            FROM above
            JOIN portals ON portals.id = above.portal_id
            WHERE partner_id IS NOT NULL AND height < ?5
        )
        SELECT EXISTS (
            SELECT 1
            FROM events
            JOIN webhooks ON webhooks.no = ?2 AND webhooks.status <> 'deleted'
            WHERE events.no = ?1 AND events.created_at >= ?4 AND events.test_webhook_no IS NULL
                AND ',' || webhooks.event_types || ',' LIKE '%,' || events.event_type || ',%'
                AND EXISTS (SELECT 1 FROM above WHERE above.portal_id = ?3)
        )";
    let params = params![event_no, replay.webhook_no, replay.portal_id.0, replay.since, PARTNERS_ABOVE_MAX as i64];
    Ok(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?)
}

/// A new delivery of an event to a webhook, due at once, whose attempts are numbered on from those before it; none while
/// one is under way.
fn insert_again(
    connection: &Connection,
    portal_id: PortalId,
    webhook_no: i64,
    event_no: i64,
    now: Timestamp,
) -> Result<Option<i64>, VerbError> {
    let sql = "-- insert_delivery_again
        INSERT INTO deliveries (portal_id, webhook_no, event_no, state, due_at, attempt_number, failures)
        SELECT ?1, ?2, ?3, 'pending', ?4, coalesce(max(attempt_number), 0), 0
        FROM deliveries
        WHERE webhook_no = ?2 AND event_no = ?3
        HAVING coalesce(sum(state = 'pending'), 0) = 0
            AND EXISTS (SELECT 1 FROM webhooks WHERE no = ?2 AND status <> 'deleted')
        RETURNING no";
    let params = params![portal_id.0, webhook_no, event_no, now.as_millisecond()];
    Ok(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?)
}

fn decode_unfinished(row: &Row<'_>) -> Result<Unfinished, VerbError> {
    Ok(Unfinished {
        no: row.of("no")?,
        portal_id: PortalId(row.of("portal_id")?),
        webhook_no: row.of("webhook_no")?,
        scope: row.read("scope", ReplayScope::read)?,
        since: row.of("since")?,
        cursor: row.of("cursor")?,
        until: row.of("until")?,
    })
}

fn decode(row: &Row<'_>) -> Result<Replay, VerbError> {
    Ok(Replay {
        id: row.id("id")?,
        portal_id: PortalId(row.of("portal_id")?),
        webhook_id: row.id("webhook_id")?,
        scope: row.read("scope", ReplayScope::read)?,
        since: row.at("since")?,
        deliveries: row.of::<i64>("deliveries")?.unsigned_abs(),
        finished_at: row.at_or_null("finished_at")?,
        created_by: UserAccountId(row.of("created_by")?),
        created_at: row.at("created_at")?,
    })
}
