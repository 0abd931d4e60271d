//! What is due, and what becomes of it.
//!
//! Settling, postponing and closing act only on an entry that is still due, so that two who work on the same one do
//! not undo each other.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use crate::completion::{Details, Finding, Telling};
use crate::inbox::learner::{Identity, identify};
use crate::inbox::row::{instant, spelled};
use crate::inbox::{Inbox, InboxError, State};
use crate::learner::Match;

/// An entry whose enrollment is to be fetched.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) number: i64,
    pub(crate) event_id: String,
    pub(crate) event_time: Timestamp,
    pub(crate) portal_id: String,
    pub(crate) enrollment_id: String,
    /// How often the details were asked for without success.
    pub(crate) fetches: u32,
    /// How many of these the platform answered with "no such" or "not completed".
    pub(crate) misses: u32,
}

/// What recording came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The list has changed.
    Changed,
    /// It has, by a completion of a learner in whom nobody is recognised.
    Unmatched,
    /// It said the same before, or somebody else settled the entry first.
    Unchanged,
}

impl Inbox {
    /// What is due, longest due first.
    pub(crate) fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, InboxError> {
        self.database.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "-- due
                SELECT number, event_id, event_time, portal_id, enrollment_id, fetches, misses
                FROM inbox
                WHERE due_at <= :now
                ORDER BY due_at, number
                LIMIT :limit",
            )?;
            let rows = statement.query_map(
                named_params! { ":now": now.as_millisecond(), ":limit": i64::try_from(limit).unwrap_or(i64::MAX) },
                read_due,
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// When something falls due that is not due yet.
    pub(crate) fn next_due_at(&self, now: Timestamp) -> Result<Option<Timestamp>, InboxError> {
        self.database.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "-- next_due_at
                SELECT due_at
                FROM inbox
                WHERE due_at > :now
                ORDER BY due_at
                LIMIT 1",
            )?;
            let found =
                statement.query_row(named_params! { ":now": now.as_millisecond() }, |row| instant(row, "due_at"));
            Ok(found.optional()?)
        })
    }

    /// Makes everything that waits due now.
    pub(crate) async fn wake(&self, now: Timestamp) -> Result<(), InboxError> {
        let wake = move |connection: &Connection| -> Result<(), InboxError> {
            connection
                .prepare_cached("-- wake\nUPDATE inbox SET due_at = :now WHERE due_at > :now")?
                .execute(named_params! { ":now": now.as_millisecond() })?;
            Ok(())
        };
        Ok(self.database.write(wake).await?)
    }

    /// Records the completion that `due` tells of and whose it is, and settles it, in one.
    pub(crate) async fn record(&self, due: &Due, finding: Finding, now: Timestamp) -> Result<Recorded, InboxError> {
        let number = due.number;
        let details = finding.details.clone();
        let telling = Telling { event_id: due.event_id.clone(), event_time: due.event_time, details };
        let record = move |connection: &Connection| -> Result<Recorded, InboxError> {
            if !settle(connection, number, State::Recorded, None, now)? {
                return Ok(Recorded::Unchanged);
            }
            let stored = find(connection, &telling.details.enrollment_id)?;
            let merged = match &stored {
                Some((stored, _)) => stored.then(telling.clone()),
                None => telling.clone(),
            };
            let whole = Finding { details: merged.details.clone(), ..finding.clone() };
            let identity = identify(connection, &whole, stored.as_ref().map(|(_, identity)| identity.clone()), now)?;
            let is_unmatched = identity.learner.is_some() && identity.person.is_none();
            let recorded = (merged, identity);
            if stored.as_ref() == Some(&recorded) {
                return Ok(Recorded::Unchanged);
            }
            save(connection, &recorded.0, &recorded.1, now)?;
            Ok(if is_unmatched { Recorded::Unmatched } else { Recorded::Changed })
        };
        Ok(self.database.write(record).await?)
    }

    /// Lets `due` wait. `missed` says that the platform had an answer, but not the one hoped for.
    pub(crate) async fn postpone(
        &self,
        due: &Due,
        due_at: Timestamp,
        reason: String,
        missed: bool,
    ) -> Result<(), InboxError> {
        let number = due.number;
        let postpone = move |connection: &Connection| -> Result<(), InboxError> {
            connection
                .prepare_cached(
                    "-- postpone
                    UPDATE inbox
                    SET state = 'waiting', due_at = :due_at, reason = :reason,
                        fetches = fetches + 1, misses = misses + :missed
                    WHERE number = :number AND due_at IS NOT NULL",
                )?
                .execute(named_params! {
                    ":due_at": due_at.as_millisecond(),
                    ":reason": reason,
                    ":missed": missed,
                    ":number": number,
                })?;
            Ok(())
        };
        Ok(self.database.write(postpone).await?)
    }

    /// Gives `due` up, without a completion.
    pub(crate) async fn give_up(
        &self,
        due: &Due,
        state: State,
        reason: String,
        now: Timestamp,
    ) -> Result<(), InboxError> {
        let number = due.number;
        let give_up = move |connection: &Connection| -> Result<(), InboxError> {
            settle(connection, number, state, Some(&reason), now)?;
            Ok(())
        };
        Ok(self.database.write(give_up).await?)
    }
}

fn read_due(row: &Row<'_>) -> rusqlite::Result<Due> {
    Ok(Due {
        number: row.get("number")?,
        event_id: row.get("event_id")?,
        event_time: instant(row, "event_time")?,
        portal_id: row.get("portal_id")?,
        enrollment_id: row.get("enrollment_id")?,
        fetches: row.get("fetches")?,
        misses: row.get("misses")?,
    })
}

/// Whether the entry was still due.
fn settle(
    connection: &Connection,
    number: i64,
    state: State,
    reason: Option<&str>,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let settled = connection
        .prepare_cached(
            "-- settle
            UPDATE inbox
            SET state = :state, reason = :reason, due_at = NULL, settled_at = :now
            WHERE number = :number AND due_at IS NOT NULL",
        )?
        .execute(named_params! {
            ":state": state.as_str(),
            ":reason": reason,
            ":now": now.as_millisecond(),
            ":number": number,
        })?;
    Ok(settled == 1)
}

fn find(connection: &Connection, enrollment_id: &str) -> rusqlite::Result<Option<(Telling, Identity)>> {
    connection
        .prepare_cached(
            "-- find the completion of an enrollment
            SELECT enrollment_id, event_id, event_time, portal_id, lo_id, user_id, email, external_id, pass, result,
                completed_at, updated_time, learner, person, matched_by
            FROM completions
            WHERE enrollment_id = :enrollment_id",
        )?
        .query_row(named_params! { ":enrollment_id": enrollment_id }, |row| {
            let telling = Telling {
                event_id: row.get("event_id")?,
                event_time: instant(row, "event_time")?,
                details: Details {
                    enrollment_id: row.get("enrollment_id")?,
                    portal_id: row.get("portal_id")?,
                    lo_id: row.get("lo_id")?,
                    user_id: row.get("user_id")?,
                    email: row.get("email")?,
                    external_id: row.get("external_id")?,
                    pass: row.get("pass")?,
                    result: row.get("result")?,
                    completed_at: instant(row, "completed_at")?,
                    updated_time: instant(row, "updated_time")?,
                },
            };
            Ok((telling, Identity { learner: row.get("learner")?, person: read_match(row)? }))
        })
        .optional()
}

fn read_match(row: &Row<'_>) -> rusqlite::Result<Option<Match>> {
    let by = row.get::<_, Option<String>>("matched_by")?.map(spelled).transpose()?;
    Ok(row.get::<_, Option<String>>("person")?.zip(by).map(|(person, by)| Match { person, by }))
}

/// There is one writer and cursors are taken inside its transactions, so whoever sees a cursor sees all lower ones.
/// Rows are never deleted, so the highest never falls.
fn save(connection: &Connection, telling: &Telling, identity: &Identity, now: Timestamp) -> rusqlite::Result<()> {
    let Telling { event_id, event_time, details } = telling;
    connection
        .prepare_cached(
            "-- save a completion
            INSERT INTO completions (
                enrollment_id, cursor, event_id, event_time, portal_id, lo_id, user_id, email, external_id, details_from,
                learner, person, matched_by, status, pass, result, completed_at, updated_time, recorded_at
            )
            VALUES (
                :enrollment_id, (SELECT coalesce(max(cursor), 0) + 1 FROM completions), :event_id, :event_time,
                :portal_id, :lo_id, :user_id, :email, :external_id, :details_from,
                :learner, :person, :matched_by, 'completed', :pass, :result, :completed_at, :updated_time, :now
            )
            ON CONFLICT (enrollment_id) DO UPDATE
            SET cursor = excluded.cursor,
                event_id = excluded.event_id,
                event_time = excluded.event_time,
                portal_id = excluded.portal_id,
                lo_id = excluded.lo_id,
                user_id = excluded.user_id,
                email = excluded.email,
                external_id = excluded.external_id,
                details_from = excluded.details_from,
                learner = excluded.learner,
                person = excluded.person,
                matched_by = excluded.matched_by,
                pass = excluded.pass,
                result = excluded.result,
                completed_at = excluded.completed_at,
                updated_time = excluded.updated_time,
                recorded_at = excluded.recorded_at",
        )?
        .execute(named_params! {
            ":enrollment_id": details.enrollment_id,
            ":event_id": event_id,
            ":event_time": event_time.as_millisecond(),
            ":portal_id": details.portal_id,
            ":lo_id": details.lo_id,
            ":user_id": details.user_id,
            ":email": details.email,
            ":external_id": details.external_id,
            ":details_from": details.source().as_str(),
            ":learner": identity.learner,
            ":person": identity.person.as_ref().map(|found| &found.person),
            ":matched_by": identity.person.as_ref().map(|found| found.by.as_str()),
            ":pass": details.pass,
            ":result": details.result,
            ":completed_at": details.completed_at.as_millisecond(),
            ":updated_time": details.updated_time.as_millisecond(),
            ":now": now.as_millisecond(),
        })?;
    Ok(())
}

#[cfg(test)]
mod tests;
