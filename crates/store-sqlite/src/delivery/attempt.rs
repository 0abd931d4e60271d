//! Recording attempts and what follows them.

use std::collections::BTreeMap;

use domain::delivery::{Answer, Attempt, FailedReason, Failure, FailureKind, Finished, FinishedAttempt, Next, Outcome};
use domain::id::WebhookId;
use domain::notice::NoticeKind;
use domain::webhook::InactiveReason;
use jiff::{SignedDuration, Timestamp};
use sqlite::rusqlite::{Connection, Row, params};

use crate::error::VerbError;
use crate::notice;
use crate::row::{RowExt, unreadable};
use crate::told::Told;
use crate::webhook::{health, hours};

/// The fence: a row is only found while this very attempt is leased.
const FENCED: &str = "-- finish_attempts
    UPDATE deliveries
    SET state = ?4, due_at = ?5, finished_at = ?6, failed_reason = ?7, failures = failures + ?8, lease_expires_at = NULL
    WHERE no = ?1 AND attempt_number = ?2 AND lease_expires_at > ?3";

/// Records each attempt on its own, and then how it went with each webhook.
pub(super) fn finish(
    connection: &Connection,
    attempts: &[FinishedAttempt],
    told: &Told,
    now: Timestamp,
) -> Result<Vec<Finished>, VerbError> {
    let mut recorded_of: BTreeMap<(&WebhookId, i64), Vec<&FinishedAttempt>> = BTreeMap::new();
    let mut finished = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        let recorded = finish_one(connection, attempt, now)?;
        if recorded == Finished::Recorded && !attempt.outcome.is_own_trouble() {
            let webhook = &attempt.lease.webhook;
            recorded_of.entry((&webhook.id, webhook.version)).or_default().push(attempt);
        }
        finished.push(recorded);
    }
    for ((id, version), attempts) in recorded_of {
        hours::count(connection, id, &attempts, now)?;
        health::save(connection, told, (id, version), &attempts, now)?;
        crash::point!("finish/health-saved");
    }
    Ok(finished)
}

fn finish_one(connection: &Connection, attempt: &FinishedAttempt, now: Timestamp) -> Result<Finished, VerbError> {
    let (state, due_at, failed_reason) = match attempt.next {
        Next::Delivered => ("delivered", None, None),
        Next::Retry { at } => ("pending", Some(at), None),
        // Due at once, when the webhook is active again.
        Next::Gone => ("pending", Some(now), None),
        Next::Exhausted => ("failed", None, Some(FailedReason::Exhausted.as_str())),
    };
    let finished_at = if due_at.is_none() { Some(now.as_millisecond()) } else { None };
    let lease = &attempt.lease;
    let changed = connection.prepare_cached(FENCED)?.execute(params![
        lease.delivery_id.0,
        lease.attempt_number,
        now.as_millisecond(),
        state,
        due_at.map(Timestamp::as_millisecond),
        finished_at,
        failed_reason,
        i64::from(attempt.next != Next::Delivered),
    ])?;
    if changed == 0 {
        return Ok(Finished::LeaseLost);
    }
    crash::point!("finish/updated");
    record(connection, attempt)?;
    crash::point!("finish/attempt-inserted");
    match attempt.next {
        Next::Gone => health::stop(connection, attempt, InactiveReason::Gone, NoticeKind::StoppedGone, now)?,
        Next::Exhausted => notice::tell_given_up(connection, attempt, now)?,
        Next::Delivered | Next::Retry { .. } => {}
    }
    Ok(Finished::Recorded)
}

fn record(connection: &Connection, attempt: &FinishedAttempt) -> Result<(), VerbError> {
    let (answer, failure) = match &attempt.outcome {
        Outcome::Answered(answer) => (Some(answer), None),
        Outcome::Failed(failure) => (None, Some(failure)),
    };
    connection
        .prepare_cached(
            "-- finish_attempts (attempt)
            INSERT INTO attempts (delivery_no, number, started_at, took_ms, status, retry_after_s, body, truncated, failure,
                detail, headers)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            attempt.lease.delivery_id.0,
            attempt.lease.attempt_number,
            attempt.started_at.as_millisecond(),
            i64::try_from(attempt.took.as_millis()).unwrap_or(i64::MAX),
            answer.map(|answer| answer.status),
            answer.and_then(|answer| answer.retry_after).map(|asked| asked.as_secs()),
            answer.map(|answer| &answer.body),
            answer.map(|answer| answer.truncated),
            failure.map(|failure| failure.kind.as_str()),
            failure.map(|failure| &failure.detail),
            answer.map(|answer| &answer.headers).filter(|headers| !headers.is_empty()),
        ])?;
    Ok(())
}

pub(super) fn decode(row: &Row<'_>) -> Result<Attempt, VerbError> {
    let outcome = match row.of::<Option<u16>>("status")? {
        Some(status) => Outcome::Answered(Answer {
            status,
            retry_after: row.of::<Option<i64>>("retry_after_s")?.map(SignedDuration::from_secs),
            body: row.of::<Option<Vec<u8>>>("body")?.unwrap_or_default(),
            truncated: row.of::<Option<bool>>("truncated")?.ok_or_else(|| unreadable("truncated"))?,
            headers: row.of::<Option<String>>("headers")?.unwrap_or_default(),
        }),
        None => Outcome::Failed(Failure {
            kind: row.read("failure", FailureKind::read)?,
            detail: row.of::<Option<String>>("detail")?.unwrap_or_default(),
        }),
    };
    Ok(Attempt {
        number: row.of("number")?,
        started_at: row.at("started_at")?,
        took: SignedDuration::from_millis(row.of("took_ms")?),
        outcome,
    })
}
