//! How the inbox is doing, for the operator.

use std::collections::BTreeMap;

use contract::time::Millis;
use rusqlite::{Row, Transaction, named_params};
use serde::Serialize;

use crate::inbox::row::{instant, instant_if_any, state};
use crate::inbox::{Inbox, InboxError, State};

/// How many entries that need attention are listed. The counts tell of all.
pub const ATTENTION_MAX: u32 = 100;

/// How the inbox is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// How many entries there are in each state; every state is there.
    pub counts: BTreeMap<State, i64>,
    /// How many learners are looked for; see `GET /unmatched`.
    pub unmatched: i64,
    /// When the oldest entry arrived that is still to be fetched; `None` when there is none.
    pub oldest_waiting_at: Option<Millis>,
    /// The newest entries that somebody should look at, at most [`ATTENTION_MAX`].
    pub attention: Vec<Attention>,
}

/// An entry that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// The entry, in the order of arrival.
    pub number: i64,
    /// The event; `None` when the body has no id.
    pub event_id: Option<String>,
    /// What happened, as written; `None` when the body cannot be read.
    pub event_type: Option<String>,
    /// Where; `None` when that is not known.
    pub portal_id: Option<String>,
    /// The enrollment; `None` when nothing is to be fetched.
    pub enrollment_id: Option<String>,
    /// Where the entry stands.
    pub state: State,
    /// Why.
    pub reason: String,
    /// How often the details were asked for without success.
    pub fetches: u32,
    /// When it first arrived.
    pub received_at: Millis,
    /// How often it arrived.
    pub received_count: u32,
    /// When it is tried again; `None` when it is not.
    pub due_at: Option<Millis>,
}

impl Inbox {
    /// How the inbox is doing.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub async fn overview(&self) -> Result<Overview, InboxError> {
        let overview = |transaction: &Transaction<'_>| -> Result<Overview, InboxError> {
            Ok(Overview {
                counts: counts(transaction)?,
                unmatched: unmatched(transaction)?,
                oldest_waiting_at: oldest_waiting_at(transaction)?,
                attention: attention(transaction)?,
            })
        };
        self.database.scan(overview).await
    }
}

fn counts(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeMap<State, i64>> {
    let mut counts = State::ALL.into_iter().map(|state| (state, 0)).collect::<BTreeMap<_, _>>();
    let mut statement = transaction.prepare_cached(
        "-- overview: counts
        SELECT state, count(*) AS entries
        FROM inbox
        GROUP BY state",
    )?;
    for counted in statement.query_map([], |row| Ok((state(row)?, row.get("entries")?)))? {
        let (state, entries) = counted?;
        counts.insert(state, entries);
    }
    Ok(counts)
}

fn unmatched(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    let mut statement = transaction.prepare_cached(
        "-- overview: unmatched
        SELECT count(*)
        FROM learners
        WHERE state = 'open' AND EXISTS (SELECT 1 FROM completions WHERE learner = learners.number)",
    )?;
    statement.query_row([], |row| row.get(0))
}

fn oldest_waiting_at(transaction: &Transaction<'_>) -> rusqlite::Result<Option<Millis>> {
    let mut statement = transaction.prepare_cached(
        "-- overview: oldest waiting
        SELECT min(received_at) AS oldest_waiting_at
        FROM inbox
        WHERE due_at IS NOT NULL",
    )?;
    Ok(statement.query_row([], |row| instant_if_any(row, "oldest_waiting_at"))?.map(Millis))
}

fn attention(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Attention>> {
    let states = State::ALL.into_iter().filter(|state| state.needs_attention()).map(State::as_str);
    let states = serde_json::to_string(&states.collect::<Vec<_>>()).expect("a list of words always serialises");
    let mut statement = transaction.prepare_cached(
        "-- overview: attention
        SELECT number, event_id, event_type, portal_id, enrollment_id, state, reason, fetches, received_at,
            received_count, due_at
        FROM inbox
        WHERE state IN (SELECT value FROM json_each(:states))
        ORDER BY number DESC
        LIMIT :limit",
    )?;
    let rows = statement.query_map(named_params! { ":states": states, ":limit": ATTENTION_MAX }, read_attention)?;
    rows.collect()
}

fn read_attention(row: &Row<'_>) -> rusqlite::Result<Attention> {
    Ok(Attention {
        number: row.get("number")?,
        event_id: row.get("event_id")?,
        event_type: row.get("event_type")?,
        portal_id: row.get("portal_id")?,
        enrollment_id: row.get("enrollment_id")?,
        state: state(row)?,
        reason: row.get("reason")?,
        fetches: row.get("fetches")?,
        received_at: Millis(instant(row, "received_at")?),
        received_count: row.get("received_count")?,
        due_at: instant_if_any(row, "due_at")?.map(Millis),
    })
}
