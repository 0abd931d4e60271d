//! Operational notices, and their way to administrators by mail.

mod mail;

use async_trait::async_trait;
use domain::delivery::{Finished, FinishedAttempt};
use domain::id::{NoticeId, PortalId, WebhookId};
use domain::notice::mail::{FinishedMail, MailLease};
use domain::notice::{GIVEN_UP_TOGETHER_FOR, Notice, NoticeKind};
use domain::webhook::health::Warning;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};
use store::error::Result;
use store::notice::{MailedNotice, Notices};
use store::page::{Listed, PageRequest};

use crate::SqliteStore;
use crate::error::VerbError;
use crate::query::{Conditions, Listing, row};
use crate::row::{RowExt, unreadable};

const COLUMNS: &str =
    "no, id, portal_id, webhook_id, webhook_name, host, kind, warning, since, count, event_id, met, at";

#[async_trait]
impl Notices for SqliteStore {
    async fn list_notices(
        &self,
        portal_id: PortalId,
        webhook_id: Option<&WebhookId>,
        page: PageRequest,
    ) -> Result<Listed<MailedNotice>> {
        let verb = "list_notices";
        let mut conditions = Conditions::default();
        conditions.with("portal_id = ?", Some(portal_id.0));
        conditions.with("webhook_id = ?", webhook_id.map(|id| id.as_str().to_owned()));
        let order = "no DESC".to_owned();
        self.scan(verb, move |connection| {
            let listing = Listing { verb, columns: COLUMNS, from: "notices", conditions, order };
            let Listed { total, items } = listing.page(connection, page, decode)?;
            let mailed = items.into_iter().map(|(no, notice)| mailed(connection, no, notice));
            Ok(Listed { total, items: mailed.collect::<Result<_, _>>()? })
        })
        .await
    }

    async fn find_notice(&self, portal_id: PortalId, id: &NoticeId) -> Result<Option<MailedNotice>> {
        let sql = format!("-- find_notice\nSELECT {COLUMNS}\nFROM notices\nWHERE id = ?1 AND portal_id = ?2");
        self.read("find_notice", |connection| {
            let found = row(connection, &sql, &[&id.as_str(), &portal_id.0], decode)?;
            found.map(|(no, notice)| mailed(connection, no, notice)).transpose()
        })
    }

    async fn expand_notices(&self, limit: u32, now: Timestamp) -> Result<bool> {
        // Asked often, and mostly for nothing: then nothing is written.
        if !self.read("expand_notices", |connection| mail::is_any_to_make(connection, now))? {
            return Ok(false);
        }
        self.write("expand_notices", move |connection| mail::make(connection, limit, now)).await
    }

    async fn lease_mails(&self, limit: u32, now: Timestamp, expires_at: Timestamp) -> Result<Vec<MailLease>> {
        if !self.read("lease_mails", |connection| mail::is_any_due(connection, now))? {
            return Ok(Vec::new());
        }
        self.write("lease_mails", move |connection| mail::lease(connection, limit, now, expires_at)).await
    }

    async fn finish_mails(&self, mails: Vec<FinishedMail>, now: Timestamp) -> Result<Vec<Finished>> {
        let verb =
            move |connection: &Connection| mails.iter().map(|mail| mail::finish(connection, mail, now)).collect();
        self.write("finish_mails", verb).await
    }

    async fn prune_notices(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.write("prune_notices", move |connection| prune(connection, before, limit)).await
    }
}

/// Stores a notice, unless its webhook was deleted: nobody waits to hear of it.
pub(crate) fn insert(connection: &Connection, notice: &Notice) -> Result<(), VerbError> {
    let (warning, since, count, event_id) = match &notice.kind {
        NoticeKind::Failing { warning, since, failures } => (Some(warning.as_str()), Some(since), Some(failures), None),
        NoticeKind::StoppedFailing { since, failures } => (None, Some(since), Some(failures), None),
        NoticeKind::StoppedGone => (None, None, None, None),
        NoticeKind::GivenUp { since, event_id, deliveries } => (None, Some(since), Some(deliveries), Some(event_id)),
    };
    let mail_due_at = notice.at.saturating_add(notice.kind.gathers_for()).unwrap_or(notice.at);
    connection
        .prepare_cached(
            "-- insert_notice
            INSERT INTO notices (id, portal_id, webhook_id, webhook_name, host, kind, warning, since, count, event_id, met, at,
                mail_due_at)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
            WHERE EXISTS (SELECT 1 FROM webhooks WHERE id = ?3 AND status <> 'deleted')",
        )?
        .execute(params![
            notice.id.as_str(),
            notice.portal_id.0,
            notice.webhook_id.as_str(),
            notice.webhook_name,
            notice.host,
            notice.kind.as_str(),
            warning,
            since.copied().map(Timestamp::as_millisecond),
            count,
            event_id.map(|id| id.as_str()),
            notice.met,
            notice.at.as_millisecond(),
            mail_due_at.as_millisecond(),
        ])?;
    crash::point!("notice/inserted");
    Ok(())
}

/// Tells of a delivery that was given up: counted in a notice that is not old yet, if there is one. One from the future is none:
/// the clock was set back.
pub(crate) fn tell_given_up(
    connection: &Connection,
    attempt: &FinishedAttempt,
    now: Timestamp,
) -> Result<(), VerbError> {
    let Some(notice) = Notice::of_given_up(attempt, now) else { return Ok(()) };
    let began = now.saturating_sub(GIVEN_UP_TOGETHER_FOR).unwrap_or(now);
    let counted = connection
        .prepare_cached(
            "-- finish_attempts (given up)
            UPDATE notices
            SET count = count + 1, since = min(since, ?4), met = ?5
            WHERE at > ?2 AND at <= ?3 AND no = (
                SELECT max(no)
                FROM notices
                WHERE webhook_id = ?1 AND kind = 'given_up'
            )",
        )?
        .execute(params![
            notice.webhook_id.as_str(),
            began.as_millisecond(),
            now.as_millisecond(),
            attempt.lease.event.occurred_at.as_millisecond(),
            notice.met,
        ])?;
    if counted == 0 { insert(connection, &notice) } else { Ok(()) }
}

fn mailed(connection: &Connection, no: i64, notice: Notice) -> Result<MailedNotice, VerbError> {
    Ok(MailedNotice { notice, mails: mail::list(connection, no)? })
}

fn prune(connection: &Connection, before: Timestamp, limit: u32) -> Result<u64, VerbError> {
    let params = (before.as_millisecond(), limit);
    connection
        .prepare_cached(
            "-- prune_notices (mails)
            DELETE FROM notice_mails
            WHERE notice_no IN (SELECT no FROM notices WHERE at < ?1 ORDER BY at, no LIMIT ?2)",
        )?
        .execute(params)?;
    let pruned = connection
        .prepare_cached(
            "-- prune_notices
            DELETE FROM notices
            WHERE no IN (SELECT no FROM notices WHERE at < ?1 ORDER BY at, no LIMIT ?2)",
        )?
        .execute(params)?;
    Ok(pruned as u64)
}

/// The notice with this number.
fn find(connection: &Connection, no: i64) -> Result<Option<Notice>, VerbError> {
    let sql = format!("-- find_notice (number)\nSELECT {COLUMNS}\nFROM notices\nWHERE no = ?1");
    Ok(row(connection, &sql, &[&no], decode)?.map(|(_, notice)| notice))
}

/// A notice and its number.
fn decode(row: &Row<'_>) -> Result<(i64, Notice), VerbError> {
    let notice = Notice {
        id: row.id("id")?,
        portal_id: PortalId(row.of("portal_id")?),
        webhook_id: row.id("webhook_id")?,
        webhook_name: row.of("webhook_name")?,
        host: row.of("host")?,
        kind: kind(row)?,
        met: row.of("met")?,
        at: row.at("at")?,
    };
    Ok((row.of("no")?, notice))
}

fn kind(row: &Row<'_>) -> Result<NoticeKind, VerbError> {
    match row.of::<String>("kind")?.as_str() {
        "failing" => Ok(NoticeKind::Failing {
            warning: row.read("warning", Warning::read)?,
            since: row.at("since")?,
            failures: row.of("count")?,
        }),
        "stopped_failing" => Ok(NoticeKind::StoppedFailing { since: row.at("since")?, failures: row.of("count")? }),
        "stopped_gone" => Ok(NoticeKind::StoppedGone),
        "given_up" => Ok(NoticeKind::GivenUp {
            since: row.at("since")?,
            event_id: row.id("event_id")?,
            deliveries: row.of("count")?,
        }),
        _ => Err(unreadable("kind")),
    }
}
