//! What the platform is to be asked of content that ends, and what it said.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, named_params};

use crate::inbox::retirement::case::read_record;
use crate::inbox::{Inbox, InboxError};
use crate::retirement::{Alternative, Learner, Record};

/// What the platform said of content that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) title: Option<String>,
    pub(crate) retire_time: Option<Timestamp>,
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) learners: Vec<Learner>,
    pub(crate) is_truncated: bool,
    /// What of it could not be had.
    pub(crate) remark: Option<String>,
}

impl Inbox {
    /// What is to be asked of the platform, longest due first.
    pub(crate) fn retirements_to_fetch(&self, now: Timestamp, limit: usize) -> Result<Vec<Record>, InboxError> {
        self.database.read(|transaction: &Transaction<'_>| {
            let mut statement = transaction.prepare_cached(
                "-- retirements_to_fetch
                SELECT *
                FROM retirements
                WHERE fetch_due_at <= :now
                ORDER BY fetch_due_at, number
                LIMIT :limit",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement
                .query_map(named_params! { ":now": now.as_millisecond(), ":limit": limit }, |row: &Row<'_>| {
                    read_record(row)
                })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Stores what the platform said; it is asked again at `due_at`, unless something has changed meanwhile.
    pub(crate) async fn save_details(
        &self,
        record: &Record,
        details: Details,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), InboxError> {
        let (number, revision) = (record.number, record.told.revision);
        let save = move |connection: &Connection| -> Result<(), InboxError> {
            let alternatives = serde_json::to_string(&details.alternatives).expect("texts always serialise");
            let saved = connection
                .prepare_cached(
                    "-- save_details
                    UPDATE retirements
                    SET title = coalesce(:title, title),
                        retire_time = coalesce(retire_time, :retire_time),
                        alternatives = :alternatives,
                        is_truncated = :is_truncated,
                        fetched_at = :now,
                        fetch_due_at = :due_at,
                        fetches = 0,
                        fetch_reason = :remark
                    WHERE number = :number AND revision = :revision",
                )?
                .execute(named_params! {
                    ":title": details.title,
                    ":retire_time": details.retire_time.map(Timestamp::as_millisecond),
                    ":alternatives": alternatives,
                    ":is_truncated": details.is_truncated,
                    ":now": now.as_millisecond(),
                    ":due_at": due_at.map(Timestamp::as_millisecond),
                    ":remark": details.remark,
                    ":number": number,
                    ":revision": revision,
                })?;
            if saved == 1 {
                replace_learners(connection, number, &details.learners)?;
            }
            Ok(())
        };
        Ok(self.database.write(save).await?)
    }

    /// The platform did not say; it is asked again at `due_at`.
    pub(crate) async fn postpone_fetch(
        &self,
        number: i64,
        due_at: Timestamp,
        reason: String,
    ) -> Result<(), InboxError> {
        let postpone = move |connection: &Connection| -> Result<(), InboxError> {
            connection
                .prepare_cached(
                    "-- postpone_fetch
                    UPDATE retirements
                    SET fetch_due_at = :due_at, fetches = fetches + 1, fetch_reason = :reason
                    WHERE number = :number AND fetch_due_at IS NOT NULL",
                )?
                .execute(named_params! { ":due_at": due_at.as_millisecond(), ":reason": reason, ":number": number })?;
            Ok(())
        };
        Ok(self.database.write(postpone).await?)
    }

    /// Makes everything that waits for the platform, the mail server or the application due now: a start is when an operator may
    /// have mended what was waited for.
    pub(crate) async fn wake_retirements(&self, now: Timestamp) -> Result<(), InboxError> {
        let wake = move |connection: &Connection| -> Result<(), InboxError> {
            for statement in [
                "-- wake fetches\nUPDATE retirements SET fetch_due_at = :now WHERE fetch_due_at > :now AND fetches > 0",
                "-- wake removals\nUPDATE retirements SET removal_next_at = :now WHERE removal_next_at > :now",
                "-- wake mails\nUPDATE mails SET due_at = :now WHERE due_at > :now",
            ] {
                connection.prepare_cached(statement)?.execute(named_params! { ":now": now.as_millisecond() })?;
            }
            Ok(())
        };
        Ok(self.database.write(wake).await?)
    }
}

fn replace_learners(connection: &Connection, number: i64, learners: &[Learner]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("-- forget learners\nDELETE FROM retirement_learners WHERE retirement = :number")?
        .execute(named_params! { ":number": number })?;
    let mut statement = connection.prepare_cached(
        "-- save a learner
        INSERT OR REPLACE INTO retirement_learners (retirement, enrollment_id, user_account_id, status, is_assigned)
        VALUES (:number, :enrollment_id, :user_account_id, :status, :is_assigned)",
    )?;
    for Learner { enrollment_id, user_account_id, status, is_assigned } in learners {
        statement.execute(named_params! {
            ":number": number,
            ":enrollment_id": enrollment_id,
            ":user_account_id": user_account_id,
            ":status": status,
            ":is_assigned": is_assigned,
        })?;
    }
    Ok(())
}
