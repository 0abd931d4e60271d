//! The history of a retirement.

use contract::time::Millis;
use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, named_params};
use serde::Serialize;

use crate::inbox::row::instant;

/// How many steps of one retirement are told, the newest first.
const STEPS_MAX: u32 = 500;

/// Something that happened to a retirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct HistoryStep {
    /// When.
    pub(crate) at: Millis,
    /// What: `flagged`, `moved`, `withdrawn`, `gone`, `decided`, `asked`, `failed`, `removed`, `muted`, ….
    pub(crate) what: String,
    /// Who did it, where a person did.
    pub(crate) who: Option<String>,
    /// The rest, as a sentence.
    pub(crate) detail: Option<String>,
}

pub(super) fn add(
    connection: &Connection,
    retirement: i64,
    at: Timestamp,
    what: &str,
    who: Option<&str>,
    detail: Option<&str>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "-- add a step
            INSERT INTO retirement_steps (retirement, at, what, who, detail)
            VALUES (:retirement, :at, :what, :who, :detail)",
        )?
        .execute(named_params! {
            ":retirement": retirement,
            ":at": at.as_millisecond(),
            ":what": what,
            ":who": who,
            ":detail": detail,
        })?;
    Ok(())
}

pub(super) fn list(transaction: &Transaction<'_>, retirement: i64) -> rusqlite::Result<Vec<HistoryStep>> {
    let mut statement = transaction.prepare_cached(
        "-- the steps of a retirement
        SELECT at, what, who, detail
        FROM retirement_steps
        WHERE retirement = :retirement
        ORDER BY number DESC
        LIMIT :limit",
    )?;
    let read = |row: &Row<'_>| {
        Ok(HistoryStep {
            at: Millis(instant(row, "at")?),
            what: row.get("what")?,
            who: row.get("who")?,
            detail: row.get("detail")?,
        })
    };
    let steps = statement.query_map(named_params! { ":retirement": retirement, ":limit": STEPS_MAX }, read)?;
    steps.collect()
}
