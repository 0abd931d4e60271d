//! How webhooks fare: what their attempts say of them, and what follows.

use domain::delivery::FinishedAttempt;
use domain::id::WebhookId;
use domain::notice::{Notice, NoticeKind};
use domain::webhook::health::{Health, Judgement, Warning};
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row};

use super::history;
use crate::error::VerbError;
use crate::notice;
use crate::query::row;
use crate::row::{RowExt, unreadable};
use crate::told::Told;

/// Takes note of how the attempts of one version of a webhook went, in their order: warns its administrators, and makes it
/// inactive if it is hopeless (decision 5). Nothing happens if its owner has changed it meanwhile: then they say nothing about
/// what it is now.
pub(crate) fn save(
    connection: &Connection,
    told: &Told,
    (id, version): (&WebhookId, i64),
    attempts: &[&FinishedAttempt],
    now: Timestamp,
) -> Result<(), VerbError> {
    let sql = "-- finish_attempts (health before)
        SELECT failing_since, failures, warned
        FROM webhooks
        WHERE id = ?1 AND version = ?2";
    let Some(before) = row(connection, sql, &[&id.as_str(), &version], decode_health)? else { return Ok(()) };
    let successes = attempts.iter().map(|attempt| attempt.outcome.is_success());
    let mut after = successes.fold(before, |health, success| health.after(success, now));
    let (Health { failing_since, failures, .. }, judgement) = (after, after.judge(now));
    if let Judgement::Warn(warning) = judgement {
        after.warned = Some(warning);
    }
    if after == before {
        return Ok(());
    }
    let mut save = connection.prepare_cached(
        "-- finish_attempts (health)
        UPDATE webhooks
        SET failing_since = ?2, failures = ?3, warned = ?4
        WHERE id = ?1",
    )?;
    let (since, warned) = (failing_since.map(Timestamp::as_millisecond), after.warned.map(Warning::as_str));
    told.aside(|| save.execute((id.as_str(), since, failures, warned)))?;
    let (Some(since), Some(last)) = (failing_since, attempts.last()) else { return Ok(()) };
    match judgement {
        Judgement::Bearable => Ok(()),
        Judgement::Warn(warning) => {
            let kind = NoticeKind::Failing { warning, since, failures };
            notice::insert(connection, &Notice::because_of(last, kind, now))
        }
        Judgement::Hopeless => {
            let kind = NoticeKind::StoppedFailing { since, failures };
            stop(connection, last, InactiveReason::Failing, kind, now)
        }
    }
}

/// Somebody who looks on asks for something to be told: if the webhook fails, its receiver gets a fresh chance, whatever was learned
/// of it.
pub(crate) fn give_a_chance(connection: &Connection, webhook_no: i64) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- give_a_chance
            UPDATE webhooks
            SET chances = chances + 1
            WHERE no = ?1 AND failing_since IS NOT NULL",
        )?
        .execute([webhook_no])?;
    Ok(())
}

fn decode_health(row: &Row<'_>) -> Result<Health, VerbError> {
    let warned: Option<String> = row.of("warned")?;
    let warned = warned.map(|text| Warning::read(&text).ok_or_else(|| unreadable("warned"))).transpose()?;
    Ok(Health { failing_since: row.at_or_null("failing_since")?, failures: row.of("failures")?, warned })
}

/// Makes an active webhook inactive, and tells its administrators: its receiver is gone (decision 4), or fails and fails
/// (decision 5). Nothing happens if its owner has changed it since the attempt was leased: an answer of the old address does not
/// stop the new one.
pub(crate) fn stop(
    connection: &Connection,
    attempt: &FinishedAttempt,
    reason: InactiveReason,
    kind: NoticeKind,
    at: Timestamp,
) -> Result<(), VerbError> {
    let webhook = &attempt.lease.webhook;
    let stopped = connection
        .prepare_cached(
            "-- finish_attempts (stop)
            UPDATE webhooks
            SET status = ?3, version = version + 1, updated_at = ?4
            WHERE id = ?1 AND version = ?2 AND status = 'active'",
        )?
        .execute((
            webhook.id.as_str(),
            webhook.version,
            WebhookStatus::Inactive(reason).as_str(),
            at.as_millisecond(),
        ))?;
    history::keep(connection, &webhook.id)?;
    if stopped == 1 { notice::insert(connection, &Notice::because_of(attempt, kind, at)) } else { Ok(()) }
}
