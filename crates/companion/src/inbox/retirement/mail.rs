//! Mails that are recorded: what is due, what becomes of it, and who wants no more.

use contract::time::Millis;
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction, named_params};
use serde::Serialize;

use crate::inbox::retirement::notices::read_item;
use crate::inbox::retirement::{case, step};
use crate::inbox::row::{instant, instant_if_any, strange};
use crate::inbox::{Inbox, InboxError};
use crate::retirement::links::Mute;
use crate::retirement::notices::{Item, MailKind};
use crate::retirement::view::Case;

/// A mail that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DueMail {
    pub(crate) number: i64,
    pub(crate) person: String,
    pub(crate) kind: MailKind,
    pub(crate) created_at: Timestamp,
    pub(crate) tries: u32,
}

/// What it tells of one retirement, as that is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DuePart {
    pub(crate) item: Item,
    pub(crate) case: Case,
    pub(crate) is_muted: bool,
}

/// What became of a mail for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Sent,
    Dropped,
    Refused,
    Expired,
}

/// A part that is not told after all: of which retirement, of which kind, and why.
pub(crate) type Dropped = (Item, String);

/// A mail, as `GET /retirements/notices` tells it. Learners are told by the number of their account, not by an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    /// Names it.
    pub(crate) id: String,
    /// To whom: `administrator:<address>` or `learner:<portal>:<user account>`.
    pub(crate) to: String,
    /// `notice`, `digest`, `urgent`, `escalation` or `learner`.
    pub(crate) kind: String,
    /// `planned`, `sent`, `dropped`, `refused` or `expired`.
    pub(crate) state: String,
    /// When it was recorded.
    pub(crate) created_at: Millis,
    /// When it is sent, or tried again.
    pub(crate) due_at: Option<Millis>,
    /// How often it was tried without success.
    pub(crate) tries: u32,
    /// Why without.
    pub(crate) reason: Option<String>,
    /// When that was settled.
    pub(crate) settled_at: Option<Millis>,
    /// What it tells.
    pub(crate) items: Vec<NoticeItem>,
}

/// What a mail tells of one retirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NoticeItem {
    /// Of which.
    pub(crate) retirement_id: String,
    /// `news`, `threshold`, `escalation`, `removed` or `stays`.
    pub(crate) kind: String,
    /// The threshold, in days.
    pub(crate) days: Option<i64>,
    /// Why it was not told after all.
    pub(crate) dropped: Option<String>,
}

impl Inbox {
    /// What is to be sent, longest due first; what must not wait before all else.
    pub(crate) fn mails_due(&self, now: Timestamp, limit: usize) -> Result<Vec<DueMail>, InboxError> {
        self.database.read(|transaction: &Transaction<'_>| {
            let mut statement = transaction.prepare_cached(
                "-- mails_due
                SELECT number, person, kind, created_at, tries
                FROM mails
                WHERE due_at <= :now
                ORDER BY kind = 'escalation' DESC, due_at, number
                LIMIT :limit",
            )?;
            let read = |row: &Row<'_>| {
                let kind: String = row.get("kind")?;
                Ok(DueMail {
                    number: row.get("number")?,
                    person: row.get("person")?,
                    kind: kind.parse().map_err(|error: String| strange(Type::Text, error))?,
                    created_at: instant(row, "created_at")?,
                    tries: row.get("tries")?,
                })
            };
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(named_params! { ":now": now.as_millisecond(), ":limit": limit }, read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// What a mail tells, what ends next first.
    pub(crate) async fn mail_parts(&self, mail: i64) -> Result<Vec<DuePart>, InboxError> {
        let scan = move |transaction: &Transaction<'_>| -> Result<Vec<DuePart>, InboxError> {
            let mut statement = transaction.prepare_cached(
                "-- mail_parts
                SELECT i.*, EXISTS (
                        SELECT 1 FROM mutes u WHERE u.person = i.person AND u.retirement = i.retirement
                    ) AS is_muted
                FROM mail_items i
                WHERE i.mail = :mail AND i.dropped IS NULL",
            )?;
            let rows = statement.query_map(named_params! { ":mail": mail }, |row| {
                Ok((read_item(row)?, row.get::<_, bool>("is_muted")?))
            })?;
            let mut parts = Vec::new();
            for row in rows {
                let (item, is_muted) = row?;
                if let Some(case) = case::find(transaction, item.retirement)? {
                    parts.push(DuePart { item, case, is_muted });
                }
            }
            parts.sort_by_key(|part| (part.case.record.deadline(), part.case.record.number));
            Ok(parts)
        };
        self.database.scan(scan).await
    }

    /// Settles a mail. `told` are the retirements of which it told an administrator.
    pub(crate) async fn settle_mail(
        &self,
        mail: &DueMail,
        settled: Settled,
        reason: Option<String>,
        dropped: Vec<Dropped>,
        told: Vec<i64>,
        now: Timestamp,
    ) -> Result<(), InboxError> {
        let (number, person, kind) = (mail.number, mail.person.clone(), mail.kind);
        let settle = move |connection: &Connection| -> Result<(), InboxError> {
            let count = connection
                .prepare_cached(
                    "-- settle_mail
                    UPDATE mails
                    SET state = :state, reason = :reason, due_at = NULL, settled_at = :now
                    WHERE number = :number AND state = 'planned'",
                )?
                .execute(named_params! {
                    ":state": settled.as_str(),
                    ":reason": reason,
                    ":now": now.as_millisecond(),
                    ":number": number,
                })?;
            drop_items(connection, number, &dropped)?;
            if count == 1 && settled == Settled::Sent && kind != MailKind::Learner {
                for retirement in told {
                    step::add(connection, retirement, now, "told", Some(&person), Some(kind.as_str()))?;
                }
            }
            Ok(())
        };
        Ok(self.database.write(settle).await?)
    }

    /// Lets a mail wait.
    pub(crate) async fn postpone_mail(&self, mail: i64, due_at: Timestamp, reason: String) -> Result<(), InboxError> {
        let postpone = move |connection: &Connection| -> Result<(), InboxError> {
            connection
                .prepare_cached(
                    "-- postpone_mail
                    UPDATE mails
                    SET due_at = :due_at, tries = tries + 1, reason = :reason
                    WHERE number = :mail AND state = 'planned'",
                )?
                .execute(named_params! { ":due_at": due_at.as_millisecond(), ":reason": reason, ":mail": mail })?;
            Ok(())
        };
        Ok(self.database.write(postpone).await?)
    }

    /// Mails no more of it, as a link in a mail asks. Gives back the titles; nothing if there is no such mail.
    pub(crate) async fn mute_by_link(&self, mute: Mute, now: Timestamp) -> Result<Vec<String>, InboxError> {
        let mute_all = move |connection: &Connection| -> Result<Vec<String>, InboxError> {
            let found = muted_by(connection, mute)?;
            for (person, retirement, _) in &found {
                insert_mute(connection, person, *retirement, now)?;
            }
            Ok(found.into_iter().map(|(.., title)| title).collect())
        };
        Ok(self.database.write(mute_all).await?)
    }

    /// What a link in a mail is about.
    pub(crate) fn named_by_link(&self, mute: Mute) -> Result<Vec<String>, InboxError> {
        self.database.read(|transaction| {
            Ok(muted_by(transaction, mute)?.into_iter().map(|(.., title)| title).collect::<Vec<_>>())
        })
    }

    /// Mails a person no more of it, or does again. Says whether there is such a retirement.
    pub(crate) async fn mute(
        &self,
        person: String,
        number: i64,
        is_muted: bool,
        now: Timestamp,
    ) -> Result<bool, InboxError> {
        let mute = move |connection: &Connection| -> Result<bool, InboxError> {
            let exists = connection
                .prepare_cached(
                    "-- mute: is there\nSELECT 1 FROM retirements WHERE number = :number AND deadline IS NOT NULL",
                )?
                .exists(named_params! { ":number": number })?;
            if exists && is_muted {
                insert_mute(connection, &person, number, now)?;
            } else if exists {
                let unmuted = connection
                    .prepare_cached("-- unmute\nDELETE FROM mutes WHERE person = :person AND retirement = :number")?
                    .execute(named_params! { ":person": person, ":number": number })?;
                if unmuted == 1 {
                    step::add(connection, number, now, "unmuted", Some(&person), None)?;
                }
            }
            Ok(exists)
        };
        Ok(self.database.write(mute).await?)
    }

    /// Mails, the newest first.
    pub(crate) async fn notices(&self, limit: u32, offset: u32) -> Result<Vec<Notice>, InboxError> {
        let scan = move |transaction: &Transaction<'_>| -> Result<Vec<Notice>, InboxError> {
            let mut statement = transaction.prepare_cached(
                "-- notices
                SELECT number, person, kind, state, created_at, due_at, tries, reason, settled_at
                FROM mails
                ORDER BY number DESC
                LIMIT :limit OFFSET :offset",
            )?;
            let rows = statement.query_map(named_params! { ":limit": limit, ":offset": offset }, read_notice)?;
            let mut notices = rows.collect::<Result<Vec<_>, _>>()?;
            for notice in &mut notices {
                notice.items = notice_items(transaction, &notice.id)?;
            }
            Ok(notices)
        };
        self.database.scan(scan).await
    }
}

fn drop_items(connection: &Connection, mail: i64, dropped: &[Dropped]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "-- settle_mail: what was not told
        UPDATE mail_items
        SET dropped = :reason
        WHERE mail = :mail AND retirement = :retirement AND kind = :kind AND mark = :mark AND round = :round",
    )?;
    for (item, reason) in dropped {
        statement.execute(named_params! {
            ":reason": reason,
            ":mail": mail,
            ":retirement": item.retirement,
            ":kind": item.kind.as_str(),
            ":mark": item.mark,
            ":round": item.round,
        })?;
    }
    Ok(())
}

fn insert_mute(connection: &Connection, person: &str, retirement: i64, now: Timestamp) -> rusqlite::Result<()> {
    let muted = connection
        .prepare_cached(
            "-- mute
            INSERT INTO mutes (person, retirement, muted_at) VALUES (:person, :retirement, :now) ON CONFLICT DO NOTHING",
        )?
        .execute(named_params! { ":person": person, ":retirement": retirement, ":now": now.as_millisecond() })?;
    if muted == 1 {
        step::add(connection, retirement, now, "muted", Some(person), None)?;
    }
    Ok(())
}

fn muted_by(connection: &Connection, mute: Mute) -> rusqlite::Result<Vec<(String, i64, String)>> {
    let mut statement = connection.prepare_cached(
        "-- what a link is about
        SELECT DISTINCT i.person, i.retirement, coalesce(r.title, 'content ' || r.lo_id) AS title
        FROM mail_items i
        JOIN retirements r ON r.number = i.retirement
        WHERE i.mail = :mail AND (:retirement IS NULL OR i.retirement = :retirement)
        ORDER BY i.retirement",
    )?;
    let params = named_params! { ":mail": mute.mail, ":retirement": mute.retirement };
    let rows =
        statement.query_map(params, |row| Ok((row.get("person")?, row.get("retirement")?, row.get("title")?)))?;
    rows.collect()
}

fn notice_items(transaction: &Transaction<'_>, mail: &str) -> rusqlite::Result<Vec<NoticeItem>> {
    let mut statement = transaction.prepare_cached(
        "-- notices: items
        SELECT retirement, kind, days, dropped FROM mail_items WHERE mail = :mail ORDER BY retirement",
    )?;
    let read = |row: &Row<'_>| {
        Ok(NoticeItem {
            retirement_id: row.get::<_, i64>("retirement")?.to_string(),
            kind: row.get("kind")?,
            days: row.get("days")?,
            dropped: row.get("dropped")?,
        })
    };
    let rows = statement.query_map(named_params! { ":mail": mail.parse::<i64>().unwrap_or_default() }, read)?;
    rows.collect()
}

fn read_notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    Ok(Notice {
        id: row.get::<_, i64>("number")?.to_string(),
        to: row.get("person")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        created_at: Millis(instant(row, "created_at")?),
        due_at: instant_if_any(row, "due_at")?.map(Millis),
        tries: row.get("tries")?,
        reason: row.get("reason")?,
        settled_at: instant_if_any(row, "settled_at")?.map(Millis),
        items: Vec::new(),
    })
}

impl Settled {
    const fn as_str(self) -> &'static str {
        match self {
            Settled::Sent => "sent",
            Settled::Dropped => "dropped",
            Settled::Refused => "refused",
            Settled::Expired => "expired",
        }
    }
}
