//! Retirements with all that is known of them.

use contract::time::Millis;
use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Params, Row, Transaction, named_params};

use crate::inbox::retirement::step::{self, HistoryStep};
use crate::inbox::row::{instant, instant_if_any, strange};
use crate::inbox::{Inbox, InboxError};
use crate::retirement::view::{Affected, Case};
use crate::retirement::{Decision, Record, Removal, RetirementState};

/// The most retirements on one page.
pub(crate) const RETIREMENTS_MAX: u32 = 500;
/// The most in a table, and in a calendar.
const TABLE_MAX: u32 = 10_000;
/// How long a calendar shows what is over.
const CALENDAR_BACK: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Everything about retirements `r` in one row each; `{}` is what follows.
const SELECT: &str = "SELECT r.*,
        (SELECT count(*) FROM retirement_learners l
            WHERE l.retirement = r.number AND l.status NOT IN ('completed', 'complete', 'not-started')) AS in_progress,
        (SELECT count(*) FROM retirement_learners l
            WHERE l.retirement = r.number AND l.status = 'not-started') AS not_started,
        (SELECT count(*) FROM retirement_learners l
            WHERE l.retirement = r.number AND l.status IN ('completed', 'complete')) AS completed,
        (SELECT count(*) FROM retirement_learners l
            WHERE l.retirement = r.number AND l.is_assigned AND l.status NOT IN ('completed', 'complete')) AS assigned,
        (SELECT count(*) FROM completions c
            WHERE c.portal_id = r.portal_id AND c.lo_id = r.lo_id) AS recorded_completions,
        d.decision, d.replacement_lo_id, d.reason, d.decided_by, d.decided_at
    FROM retirements r
    LEFT JOIN retirement_decisions d ON d.number = (
        SELECT max(number) FROM retirement_decisions
        WHERE retirement = r.number AND decided_at >= r.flagged_since)";

/// [`Record::state`], as SQL.
const STATE: &str = "CASE
        WHEN r.standing = 'withdrawn' THEN 'withdrawn'
        WHEN r.removed_at IS NOT NULL THEN 'removed'
        WHEN r.deadline - :margin <= :now THEN 'due'
        ELSE 'scheduled'
    END";

/// Which retirements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// In one of these states; in any if there is none.
    pub(crate) states: Vec<RetirementState>,
    pub(crate) portal_id: Option<String>,
    pub(crate) lo_id: Option<String>,
}

impl Inbox {
    /// How many there are, and a part of them, what ends next first.
    pub(crate) async fn retirements(
        &self,
        filter: Filter,
        margin: SignedDuration,
        now: Timestamp,
        limit: u32,
        offset: u32,
    ) -> Result<(u64, Vec<Case>), InboxError> {
        let states = filter.states.iter().map(|state| state.as_str()).collect::<Vec<_>>();
        let states = (!states.is_empty()).then(|| serde_json::to_string(&states).expect("words always serialise"));
        let scan = move |transaction: &Transaction<'_>| -> Result<(u64, Vec<Case>), InboxError> {
            let matching = format!(
                "WHERE r.deadline IS NOT NULL
                    AND (:portal_id IS NULL OR r.portal_id = :portal_id)
                    AND (:lo_id IS NULL OR r.lo_id = :lo_id)
                    AND (:states IS NULL OR {STATE} IN (SELECT value FROM json_each(:states)))"
            );
            let Filter { portal_id, lo_id, .. } = &filter;
            let (margin, now) = (millis(margin), now.as_millisecond());
            let total = transaction
                .prepare_cached(&format!("-- retirements: total\nSELECT count(*) AS total FROM retirements r {matching}"))?
                .query_row(
                    named_params! { ":portal_id": portal_id, ":lo_id": lo_id, ":states": states, ":margin": margin, ":now": now },
                    |row| count(row, "total"),
                )?;
            let part = format!(
                "-- retirements\n{SELECT} {matching} ORDER BY r.deadline, r.number LIMIT :limit OFFSET :offset"
            );
            let params = named_params! {
                ":portal_id": portal_id, ":lo_id": lo_id, ":states": states, ":margin": margin, ":now": now,
                ":limit": limit.min(TABLE_MAX), ":offset": offset,
            };
            Ok((total, cases(transaction, &part, params)?))
        };
        self.database.scan(scan).await
    }

    /// Everything that is still to end or to be removed, for a table.
    pub(crate) async fn upcoming(&self, margin: SignedDuration, now: Timestamp) -> Result<Vec<Case>, InboxError> {
        let states = vec![RetirementState::Scheduled, RetirementState::Due];
        let (_, cases) = self.retirements(Filter { states, ..Filter::default() }, margin, now, TABLE_MAX, 0).await?;
        Ok(cases)
    }

    /// One, with its history, the newest first.
    pub(crate) async fn retirement(&self, number: i64) -> Result<Option<(Case, Vec<HistoryStep>)>, InboxError> {
        let scan = move |transaction: &Transaction<'_>| -> Result<_, InboxError> {
            let Some(case) = find(transaction, number)? else { return Ok(None) };
            Ok(Some((case, step::list(transaction, number)?)))
        };
        self.database.scan(scan).await
    }

    /// What a calendar shows: what is to end, and what has ended or was withdrawn lately.
    pub(crate) async fn calendar(&self, now: Timestamp) -> Result<Vec<Case>, InboxError> {
        let since = now.saturating_sub(CALENDAR_BACK).unwrap_or(Timestamp::MIN).as_millisecond();
        let scan = move |transaction: &Transaction<'_>| -> Result<Vec<Case>, InboxError> {
            let sql = format!(
                "-- calendar
                {SELECT}
                WHERE r.deadline IS NOT NULL
                    AND (CASE r.standing WHEN 'withdrawn' THEN r.changed_at ELSE r.deadline END) >= :since
                ORDER BY r.deadline, r.number
                LIMIT :limit"
            );
            cases(transaction, &sql, named_params! { ":since": since, ":limit": TABLE_MAX })
        };
        self.database.scan(scan).await
    }
}

/// One of them.
pub(super) fn find(transaction: &Transaction<'_>, number: i64) -> Result<Option<Case>, InboxError> {
    let sql = format!("-- retirement\n{SELECT} WHERE r.number = :number AND r.deadline IS NOT NULL");
    let found = transaction.prepare_cached(&sql)?.query_row(named_params! { ":number": number }, read_case);
    Ok(found.optional()?)
}

/// Those that a statement with [`select`] finds.
pub(super) fn cases(transaction: &Transaction<'_>, sql: &str, params: impl Params) -> Result<Vec<Case>, InboxError> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map(params, read_case)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What every statement that reads cases begins with.
pub(super) fn select() -> &'static str {
    SELECT
}

pub(super) fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn read_case(row: &Row<'_>) -> rusqlite::Result<Case> {
    let record = read_record(row)?;
    let learners = Affected {
        in_progress: count(row, "in_progress")?,
        not_started: count(row, "not_started")?,
        completed: count(row, "completed")?,
        assigned: count(row, "assigned")?,
        recorded_completions: count(row, "recorded_completions")?,
        is_truncated: record.is_truncated,
        as_of: record.fetched_at.map(Millis),
    };
    Ok(Case { record, learners, decision: read_decision(row)? })
}

/// Nothing is counted below zero.
fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

fn read_decision(row: &Row<'_>) -> rusqlite::Result<Option<(Decision, Timestamp)>> {
    let Some(decision) = row.get::<_, Option<String>>("decision")? else { return Ok(None) };
    let decision = Decision {
        decision: decision.parse().map_err(|error: String| strange(Type::Text, error))?,
        replacement_lo_id: row.get("replacement_lo_id")?,
        reason: row.get("reason")?,
        by: row.get("decided_by")?,
    };
    Ok(Some((decision, instant(row, "decided_at")?)))
}

pub(super) fn read_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let alternatives: String = row.get("alternatives")?;
    Ok(Record {
        number: row.get("number")?,
        portal_id: row.get("portal_id")?,
        lo_id: row.get("lo_id")?,
        told: super::news::read_told(row)?,
        title: row.get("title")?,
        alternatives: serde_json::from_str(&alternatives).map_err(|error| strange(Type::Text, error))?,
        is_truncated: row.get("is_truncated")?,
        fetched_at: instant_if_any(row, "fetched_at")?,
        fetches: row.get("fetches")?,
        fetch_reason: row.get("fetch_reason")?,
        removal: Removal {
            asked_at: instant_if_any(row, "removal_asked_at")?,
            tries: row.get("removal_tries")?,
            next_at: instant_if_any(row, "removal_next_at")?,
            reason: row.get("removal_reason")?,
            removed_at: instant_if_any(row, "removed_at")?,
            removed_by: row.get("removed_by")?,
        },
    })
}
