//! What an event tells of content goes into its retirement in the commit that stores the event.

use client::verify::VerifiedBody;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::inbox::retirement::step;
use crate::inbox::row::{instant, instant_if_any, strange};
use crate::inbox::{Inbox, InboxError};
use crate::reading::Reading;
use crate::retirement::news::{Change, News, Told};

impl Inbox {
    /// Reads content events that arrived before there were retirements, once. Says how many there were.
    pub(crate) async fn replay_news(&self, now: Timestamp) -> Result<usize, InboxError> {
        let is_replayed = self.database.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("-- replay_news\nSELECT 1 FROM link_key WHERE replayed_at IS NULL")?;
            Ok::<_, InboxError>(!statement.exists([])?)
        })?;
        if is_replayed {
            return Ok(0);
        }
        let replay = move |connection: &Connection| -> Result<usize, InboxError> {
            let claimed = connection
                .prepare_cached(
                    "-- replay_news: once\nUPDATE link_key SET replayed_at = :now WHERE replayed_at IS NULL",
                )?
                .execute(named_params! { ":now": now.as_millisecond() })?;
            if claimed == 0 {
                return Ok(0);
            }
            let mut statement = connection.prepare_cached(
                "-- replay_news: content events
                SELECT body, received_at
                FROM inbox
                WHERE state = 'noted' AND event_type IN
                    ('content.decommission', 'content.decommission.pending', 'content.add', 'content.remove')
                ORDER BY number",
            )?;
            let rows =
                statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>("body")?, instant(row, "received_at")?)))?;
            let mut count = 0;
            for row in rows {
                let (body, received_at) = row?;
                if let Reading::Content(_, news) = Reading::new(VerifiedBody::verified_before(&body)) {
                    apply(connection, &news, received_at)?;
                    count += 1;
                }
            }
            Ok(count)
        };
        Ok(self.database.write(replay).await?)
    }
}

/// Applies what an event tells to the retirement of its content, which is made if there is none. What was applied already
/// changes nothing.
pub(in crate::inbox) fn apply(connection: &Connection, news: &News, now: Timestamp) -> rusqlite::Result<()> {
    let found = find(connection, news)?;
    let before = found.as_ref().map(|(_, told)| told);
    let Some(Change { told, step, is_new_end }) = Told::after(before, news, now) else {
        if let Some((number, told)) = &found {
            let detail = format!("event {} is older than event {}", news.event_id, told.event_id);
            step::add(connection, *number, now, "ignored", None, Some(&detail))?;
        }
        return Ok(());
    };
    let number = match found {
        Some((number, _)) => number,
        None => insert(connection, news, &told)?,
    };
    update(connection, number, &told)?;
    if is_new_end {
        forget_removal(connection, number)?;
    }
    if let Some((what, detail)) = step {
        step::add(connection, number, now, what, None, Some(&detail))?;
        ask_again(connection, number, &told, now)?;
    }
    Ok(())
}

fn find(connection: &Connection, news: &News) -> rusqlite::Result<Option<(i64, Told)>> {
    connection
        .prepare_cached(
            "-- find the retirement of content
            SELECT number, standing, event_id, event_time, retire_time, remove_time, deadline, flagged_since, revision,
                changed_at, round, round_remove_time
            FROM retirements
            WHERE portal_id = :portal_id AND lo_id = :lo_id",
        )?
        .query_row(named_params! { ":portal_id": news.portal_id, ":lo_id": news.lo_id }, |row| {
            Ok((row.get("number")?, read_told(row)?))
        })
        .optional()
}

pub(super) fn read_told(row: &Row<'_>) -> rusqlite::Result<Told> {
    let standing: String = row.get("standing")?;
    Ok(Told {
        standing: standing.parse().map_err(|error: String| strange(rusqlite::types::Type::Text, error))?,
        event_id: row.get("event_id")?,
        event_time: instant(row, "event_time")?,
        retire_time: instant_if_any(row, "retire_time")?,
        remove_time: instant_if_any(row, "remove_time")?,
        deadline: instant_if_any(row, "deadline")?,
        flagged_since: instant_if_any(row, "flagged_since")?,
        revision: row.get("revision")?,
        changed_at: instant(row, "changed_at")?,
        round: row.get("round")?,
        round_remove_time: instant_if_any(row, "round_remove_time")?,
    })
}

fn insert(connection: &Connection, news: &News, told: &Told) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "-- insert a retirement
            INSERT INTO retirements (portal_id, lo_id, standing, event_id, event_time, revision, changed_at, round)
            VALUES (:portal_id, :lo_id, 'withdrawn', :event_id, :event_time, 0, :changed_at, 0)",
        )?
        .execute(named_params! {
            ":portal_id": news.portal_id,
            ":lo_id": news.lo_id,
            ":event_id": told.event_id,
            ":event_time": told.event_time.as_millisecond(),
            ":changed_at": told.changed_at.as_millisecond(),
        })?;
    Ok(connection.last_insert_rowid())
}

fn update(connection: &Connection, number: i64, told: &Told) -> rusqlite::Result<()> {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
    connection
        .prepare_cached(
            "-- update what was told of a retirement
            UPDATE retirements
            SET standing = :standing, event_id = :event_id, event_time = :event_time, retire_time = :retire_time,
                remove_time = :remove_time, deadline = :deadline, flagged_since = :flagged_since,
                revision = :revision, changed_at = :changed_at, round = :round, round_remove_time = :round_remove_time
            WHERE number = :number",
        )?
        .execute(named_params! {
            ":number": number,
            ":standing": told.standing.as_str(),
            ":event_id": told.event_id,
            ":event_time": told.event_time.as_millisecond(),
            ":retire_time": millis(told.retire_time),
            ":remove_time": millis(told.remove_time),
            ":deadline": millis(told.deadline),
            ":flagged_since": millis(told.flagged_since),
            ":revision": told.revision,
            ":changed_at": told.changed_at.as_millisecond(),
            ":round": told.round,
            ":round_remove_time": millis(told.round_remove_time),
        })?;
    Ok(())
}

/// What was confirmed of another end is in the history.
fn forget_removal(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "-- forget the removal for another end
            UPDATE retirements
            SET removal_asked_at = NULL, removal_tries = 0, removal_next_at = NULL, removal_reason = NULL,
                removed_at = NULL, removed_by = NULL
            WHERE number = :number",
        )?
        .execute(named_params! { ":number": number })?;
    Ok(())
}

/// What ends is asked about at once, and what never was to end is not.
fn ask_again(connection: &Connection, number: i64, told: &Told, now: Timestamp) -> rusqlite::Result<()> {
    let due_at = told.deadline.map(|_| now.as_millisecond());
    connection
        .prepare_cached(
            "-- ask again\nUPDATE retirements SET fetch_due_at = :due_at, fetches = 0 WHERE number = :number",
        )?
        .execute(named_params! { ":due_at": due_at, ":number": number })?;
    Ok(())
}
