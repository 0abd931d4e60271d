//! What is to be removed, and what became of it.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, Transaction, named_params};

use crate::inbox::retirement::case::{millis, read_record};
use crate::inbox::retirement::step;
use crate::inbox::{Inbox, InboxError};
use crate::retirement::view::proof;
use crate::retirement::{Record, Standing};

/// What became of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// It is recorded, now or before.
    Recorded,
    /// The content does not end.
    Withdrawn,
    /// There is no such retirement.
    Unknown,
}

impl Inbox {
    /// What the application is to be asked to remove now, the nearest deadline first.
    pub(crate) fn removals_due(
        &self,
        margin: SignedDuration,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Record>, InboxError> {
        self.database.read(|transaction: &Transaction<'_>| {
            let mut statement = transaction.prepare_cached(
                "-- removals_due
                SELECT *
                FROM retirements
                WHERE deadline <= :now + :margin
                    AND standing <> 'withdrawn'
                    AND removed_at IS NULL
                    AND (removal_asked_at IS NULL OR removal_next_at <= :now)
                ORDER BY deadline, number
                LIMIT :limit",
            )?;
            let params = named_params! {
                ":now": now.as_millisecond(),
                ":margin": millis(margin),
                ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
            };
            let rows = statement.query_map(params, |row: &Row<'_>| read_record(row))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The application was asked: it is asked again at `next_at`, if there is one, because of `failed`.
    pub(crate) async fn removal_asked(
        &self,
        number: i64,
        next_at: Option<Timestamp>,
        failed: Option<String>,
        now: Timestamp,
    ) -> Result<(), InboxError> {
        let asked = move |connection: &Connection| -> Result<(), InboxError> {
            let before = find(connection, number)?.and_then(|record| record.removal.reason);
            let is_first = connection
                .prepare_cached(
                    "-- removal_asked: first
                    UPDATE retirements SET removal_asked_at = :now WHERE number = :number AND removal_asked_at IS NULL",
                )?
                .execute(named_params! { ":now": now.as_millisecond(), ":number": number })?
                == 1;
            connection
                .prepare_cached(
                    "-- removal_asked
                    UPDATE retirements
                    SET removal_tries = removal_tries + :failed, removal_next_at = :next_at, removal_reason = :reason
                    WHERE number = :number AND removed_at IS NULL",
                )?
                .execute(named_params! {
                    ":failed": failed.is_some(),
                    ":next_at": next_at.map(Timestamp::as_millisecond),
                    ":reason": failed,
                    ":number": number,
                })?;
            match (is_first, &failed) {
                (true, None) => step::add(connection, number, now, "due", None, Some("the application can fetch it"))?,
                // What goes on for hours is one step.
                (_, Some(reason)) if before.as_ref() == Some(reason) => {}
                (_, Some(reason)) => step::add(connection, number, now, "failed", None, Some(reason))?,
                (false, None) => {}
            }
            Ok(())
        };
        Ok(self.database.write(asked).await?)
    }

    /// The application has removed it, as `by` says.
    pub(crate) async fn removed(&self, number: i64, by: String, now: Timestamp) -> Result<Confirmed, InboxError> {
        let removed = move |connection: &Connection| -> Result<Confirmed, InboxError> {
            let Some(record) = find(connection, number)? else { return Ok(Confirmed::Unknown) };
            let Some(deadline) = record.deadline() else { return Ok(Confirmed::Unknown) };
            if record.removal.removed_at.is_some() {
                return Ok(Confirmed::Recorded);
            }
            if record.told.standing == Standing::Withdrawn {
                let detail = "it does not end any more: put it back if you want it";
                step::add(connection, number, now, "removed", Some(&by), Some(detail))?;
                return Ok(Confirmed::Withdrawn);
            }
            connection
                .prepare_cached(
                    "-- removed
                    UPDATE retirements
                    SET removed_at = :now, removed_by = :by, removal_next_at = NULL, removal_reason = NULL,
                        removal_asked_at = coalesce(removal_asked_at, :now)
                    WHERE number = :number",
                )?
                .execute(named_params! { ":now": now.as_millisecond(), ":by": by, ":number": number })?;
            step::add(connection, number, now, "removed", Some(&by), Some(&proof(deadline, now)))?;
            Ok(Confirmed::Recorded)
        };
        Ok(self.database.write(removed).await?)
    }
}

fn find(connection: &Connection, number: i64) -> rusqlite::Result<Option<Record>> {
    use rusqlite::OptionalExtension as _;
    connection
        .prepare_cached("-- a record\nSELECT * FROM retirements WHERE number = :number")?
        .query_row(named_params! { ":number": number }, read_record)
        .optional()
}
