//! Mail of notices: made, handed out with a lease, taken back with what came of it.

use std::sync::Arc;

use domain::delivery::Finished;
use domain::id::{NoticeMailId, UserAccountId};
use domain::notice::mail::{
    FinishedMail, MAILED_FOR, MailLease, MailNext, MailOutcome, MailState, NoticeMail, RECIPIENTS_MAX,
};
use domain::user_account::EmailAddress;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row, params};

use crate::error::VerbError;
use crate::query::rows;
use crate::row::{RowExt, unreadable};

pub(super) fn is_any_to_make(connection: &Connection, now: Timestamp) -> Result<bool, VerbError> {
    let sql = "-- expand_notices (any)
        SELECT EXISTS (SELECT 1 FROM notices WHERE mail_due_at <= ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([now.as_millisecond()], |row| row.get(0))?)
}

pub(super) fn make(connection: &Connection, limit: u32, now: Timestamp) -> Result<bool, VerbError> {
    let sql = "-- expand_notices
        UPDATE notices
        SET mail_due_at = NULL
        WHERE no IN (SELECT no FROM notices WHERE mail_due_at <= ?1 ORDER BY mail_due_at, no LIMIT ?2)
        RETURNING no, at";
    let made = rows(connection, sql, (now.as_millisecond(), limit), |row| Ok((row.of("no")?, row.at("at")?)))?;
    for &(no, at) in &made {
        if now.duration_since(at) <= MAILED_FOR {
            make_one(connection, no, now)?;
        }
    }
    Ok(made.len() == limit as usize)
}

fn make_one(connection: &Connection, no: i64, now: Timestamp) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- expand_notices (mails)
            INSERT INTO notice_mails (notice_no, user_account_id, address, state, due_at, attempt_number)
            SELECT notices.no, user_accounts.id, email, 'pending', ?2, 0
            FROM notices
            JOIN user_accounts ON user_accounts.portal_id = notices.portal_id
                AND active = 1 AND instr(',' || roles || ',', ',Administrator,') > 0
            WHERE notices.no = ?1
            ORDER BY user_accounts.id
            LIMIT ?3",
        )?
        .execute((no, now.as_millisecond(), RECIPIENTS_MAX))?;
    Ok(())
}

pub(super) fn is_any_due(connection: &Connection, now: Timestamp) -> Result<bool, VerbError> {
    let sql = "-- lease_mails (any)
        SELECT EXISTS (SELECT 1 FROM notice_mails WHERE state = 'pending' AND due_at <= ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([now.as_millisecond()], |row| row.get(0))?)
}

pub(super) fn lease(
    connection: &Connection,
    limit: u32,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<Vec<MailLease>, VerbError> {
    let sql = "-- lease_mails
        UPDATE notice_mails
        SET attempt_number = attempt_number + 1, due_at = ?2, lease_expires_at = ?2
        WHERE no IN (
            SELECT no
            FROM notice_mails
            WHERE state = 'pending' AND due_at <= ?1
            ORDER BY due_at, no
            LIMIT ?3
        )
        RETURNING no, notice_no, user_account_id, address, attempt_number";
    let params = (now.as_millisecond(), expires_at.as_millisecond(), limit);
    let leased = rows(connection, sql, params, |row| Ok((row.of::<i64>("notice_no")?, decode_leased(row)?)))?;
    let mut leases = Vec::with_capacity(leased.len());
    for (notice_no, (id, user_account_id, address, attempt_number)) in leased {
        match super::find(connection, notice_no) {
            Ok(Some(notice)) => {
                let notice = Arc::new(notice);
                leases.push(MailLease { id, notice, user_account_id, address, attempt_number, expires_at });
            }
            // One that cannot be read must not keep the others from being sent. Its lease stands, so it comes back only when
            // that runs out.
            Ok(None) | Err(VerbError::Unreadable(_)) => {
                tracing::error!(notice_no, "notice number {notice_no} cannot be read, so its mail waits");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(leases)
}

type Leased = (NoticeMailId, UserAccountId, EmailAddress, u32);

fn decode_leased(row: &Row<'_>) -> Result<Leased, VerbError> {
    let address = row.read("address", |text| EmailAddress::parse(text).ok())?;
    Ok((NoticeMailId(row.of("no")?), UserAccountId(row.of("user_account_id")?), address, row.of("attempt_number")?))
}

/// The fence: a row is only found while this very attempt is leased.
pub(super) fn finish(connection: &Connection, mail: &FinishedMail, now: Timestamp) -> Result<Finished, VerbError> {
    let (state, due_at) = match mail.next {
        MailNext::Sent => ("sent", None),
        MailNext::Retry { at } => ("pending", Some(at)),
        MailNext::GivenUp => ("failed", None),
    };
    let finished_at = if due_at.is_none() { Some(now.as_millisecond()) } else { None };
    let error = match &mail.outcome {
        MailOutcome::Taken => None,
        MailOutcome::NotNow(error) | MailOutcome::Refused(error) => Some(error),
    };
    let changed = connection
        .prepare_cached(
            "-- finish_mails
            UPDATE notice_mails
            SET state = ?4, due_at = ?5, finished_at = ?6, error = coalesce(?7, error), lease_expires_at = NULL
            WHERE no = ?1 AND attempt_number = ?2 AND lease_expires_at > ?3",
        )?
        .execute(params![
            mail.lease.id.0,
            mail.lease.attempt_number,
            now.as_millisecond(),
            state,
            due_at.map(Timestamp::as_millisecond),
            finished_at,
            error,
        ])?;
    Ok(if changed == 1 { Finished::Recorded } else { Finished::LeaseLost })
}

/// The mails of a notice.
pub(super) fn list(connection: &Connection, notice_no: i64) -> Result<Vec<NoticeMail>, VerbError> {
    let sql = "-- list_notices (mails)
        SELECT user_account_id, address, state, due_at, finished_at, error
        FROM notice_mails
        WHERE notice_no = ?1
        ORDER BY user_account_id";
    rows(connection, sql, [notice_no], |row| {
        Ok(NoticeMail {
            user_account_id: UserAccountId(row.of("user_account_id")?),
            address: row.read("address", |text| EmailAddress::parse(text).ok())?,
            state: state(row)?,
            error: row.of("error")?,
        })
    })
}

fn state(row: &Row<'_>) -> Result<MailState, VerbError> {
    let (due_at, finished_at) = (row.at_or_null("due_at")?, row.at_or_null("finished_at")?);
    match (row.of::<String>("state")?.as_str(), due_at, finished_at) {
        ("pending", Some(due_at), None) => Ok(MailState::Pending { due_at }),
        ("sent", None, Some(at)) => Ok(MailState::Sent { at }),
        ("failed", None, Some(at)) => Ok(MailState::Failed { at }),
        _ => Err(unreadable("state")),
    }
}
