//! What decides who is to be told: what ends, who is concerned, who heard what; and recording what is to be told.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction, named_params};

use crate::inbox::retirement::case;
use crate::inbox::row::{instant, strange};
use crate::inbox::{Inbox, InboxError};
use crate::retirement::notices::{Item, Ledger, Letter};
use crate::retirement::view::Case;

/// The most retirements that are looked at, those with the nearest end first.
const LOOKED_AT_MAX: u32 = 100_000;
/// How long what is over is looked at, so that everybody hears of it.
const LOOKED_AT_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Enrollments that are not finished, by retirement: whose, and which.
pub(crate) type Unfinished = HashMap<i64, Vec<(String, String)>>;

impl Inbox {
    /// Everything of which somebody may have to be told.
    pub(crate) async fn cases_to_tell(&self, now: Timestamp) -> Result<Vec<Case>, InboxError> {
        let since = now.saturating_sub(LOOKED_AT_FOR).unwrap_or(Timestamp::MIN).as_millisecond();
        let scan = move |transaction: &Transaction<'_>| {
            let sql = format!(
                "-- cases_to_tell
                {}
                WHERE r.deadline IS NOT NULL
                    AND ((r.standing <> 'withdrawn' AND r.removed_at IS NULL)
                        OR r.changed_at >= :since OR r.removed_at >= :since)
                ORDER BY r.deadline, r.number
                LIMIT :limit",
                case::select()
            );
            case::cases(transaction, &sql, named_params! { ":since": since, ":limit": LOOKED_AT_MAX })
        };
        self.database.scan(scan).await
    }

    /// Up to when what comes at certain hours was seen to.
    pub(crate) async fn slots(&self) -> Result<HashMap<String, Timestamp>, InboxError> {
        let scan = |transaction: &Transaction<'_>| -> Result<HashMap<String, Timestamp>, InboxError> {
            let mut statement = transaction.prepare_cached("-- slots\nSELECT name, at FROM slots")?;
            let rows = statement.query_map([], |row| Ok((row.get("name")?, instant(row, "at")?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        self.database.scan(scan).await
    }

    /// What was told, to administrators, and to the learners of `portals`; and the latter, if they have not finished.
    pub(crate) async fn heard(&self, portals: Vec<String>, cases: &[Case]) -> Result<(Ledger, Unfinished), InboxError> {
        let json = |list: &[String]| serde_json::to_string(list).expect("texts always serialise");
        let portals = json(&portals);
        let numbers = cases.iter().map(|case| case.record.number).collect::<Vec<_>>();
        let numbers = serde_json::to_string(&numbers).expect("numbers always serialise");
        let scan = move |transaction: &Transaction<'_>| -> Result<(Ledger, Unfinished), InboxError> {
            let mut ledger = items(transaction, &numbers, &portals)?;
            let mut statement = transaction.prepare_cached(
                "-- mutes
                SELECT person, retirement FROM mutes WHERE retirement IN (SELECT value FROM json_each(:numbers))",
            )?;
            let mutes = statement.query_map(named_params! { ":numbers": numbers }, |row| {
                Ok((row.get("person")?, row.get("retirement")?))
            })?;
            for mute in mutes {
                ledger.entry(mute?).or_default().is_muted = true;
            }
            Ok((ledger, unfinished(transaction, &portals)?))
        };
        self.database.scan(scan).await
    }

    /// Records mails before they are sent, and up to when was seen to what. What was recorded before is not recorded again; a
    /// mail of which nothing is left is none. Says how many there are.
    pub(crate) async fn plan_mails(
        &self,
        letters: Vec<Letter>,
        slots: Vec<(String, Timestamp)>,
        now: Timestamp,
    ) -> Result<usize, InboxError> {
        let plan = move |connection: &Connection| -> Result<usize, InboxError> {
            let mut count = 0;
            for letter in &letters {
                count += usize::from(insert(connection, letter, now)?);
            }
            let mut statement = connection.prepare_cached(
                "-- plan_mails: slot
                INSERT INTO slots (name, at) VALUES (:name, :at) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            )?;
            for (name, at) in &slots {
                statement.execute(named_params! { ":name": name, ":at": at.as_millisecond() })?;
            }
            Ok(count)
        };
        Ok(self.database.write(plan).await?)
    }
}

fn items(transaction: &Transaction<'_>, numbers: &str, portals: &str) -> Result<Ledger, InboxError> {
    let mut statement = transaction.prepare_cached(
        "-- what was heard
        SELECT i.person, i.retirement, i.kind, i.mark, i.round, i.days, i.enrollment_id,
            i.dropped IS NULL AND m.state IN ('planned', 'sent') AS is_told
        FROM mail_items i
        JOIN mails m ON m.number = i.mail
        JOIN retirements r ON r.number = i.retirement
        WHERE i.retirement IN (SELECT value FROM json_each(:numbers))
            AND (m.kind <> 'learner' OR r.portal_id IN (SELECT value FROM json_each(:portals)))",
    )?;
    let rows = statement.query_map(named_params! { ":numbers": numbers, ":portals": portals }, |row| {
        Ok((row.get::<_, String>("person")?, read_item(row)?, row.get::<_, bool>("is_told")?))
    })?;
    let mut ledger = Ledger::new();
    for row in rows {
        let (person, item, is_told) = row?;
        let heard = ledger.entry((person, item.retirement)).or_default();
        let knew_of_round = heard.rounds.contains(&item.round);
        heard.hear(&item);
        if !is_told && !knew_of_round {
            heard.rounds.remove(&item.round);
        }
    }
    Ok(ledger)
}

fn unfinished(transaction: &Transaction<'_>, portals: &str) -> Result<Unfinished, InboxError> {
    let mut statement = transaction.prepare_cached(
        "-- unfinished learners
        SELECT l.retirement, l.user_account_id, l.enrollment_id
        FROM retirement_learners l
        JOIN retirements r ON r.number = l.retirement
        WHERE r.portal_id IN (SELECT value FROM json_each(:portals))
            AND l.status NOT IN ('completed', 'complete')
            AND NOT EXISTS (SELECT 1 FROM completions c WHERE c.enrollment_id = l.enrollment_id)
        ORDER BY l.retirement, l.enrollment_id",
    )?;
    let rows = statement.query_map(named_params! { ":portals": portals }, |row| {
        Ok((row.get("retirement")?, (row.get("user_account_id")?, row.get("enrollment_id")?)))
    })?;
    let mut unfinished = Unfinished::new();
    for row in rows {
        let (retirement, learner) = row?;
        unfinished.entry(retirement).or_default().push(learner);
    }
    Ok(unfinished)
}

fn insert(connection: &Connection, letter: &Letter, now: Timestamp) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "-- plan_mails: mail
            INSERT INTO mails (person, kind, state, created_at, due_at)
            VALUES (:person, :kind, 'planned', :now, :now)",
        )?
        .execute(named_params! {
            ":person": letter.person,
            ":kind": letter.kind.as_str(),
            ":now": now.as_millisecond(),
        })?;
    let mail = connection.last_insert_rowid();
    let mut statement = connection.prepare_cached(
        "-- plan_mails: item
        INSERT INTO mail_items (mail, person, retirement, kind, mark, round, days, enrollment_id)
        VALUES (:mail, :person, :retirement, :kind, :mark, :round, :days, :enrollment_id)
        ON CONFLICT DO NOTHING",
    )?;
    let mut items = 0;
    for item in &letter.items {
        items += statement.execute(named_params! {
            ":mail": mail,
            ":person": letter.person,
            ":retirement": item.retirement,
            ":kind": item.kind.as_str(),
            ":mark": item.mark,
            ":round": item.round,
            ":days": item.days,
            ":enrollment_id": item.enrollment_id,
        })?;
    }
    if items == 0 {
        connection
            .prepare_cached("-- plan_mails: nothing in it\nDELETE FROM mails WHERE number = :mail")?
            .execute(named_params! { ":mail": mail })?;
    }
    Ok(items > 0)
}

pub(super) fn read_item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let kind: String = row.get("kind")?;
    Ok(Item {
        retirement: row.get("retirement")?,
        kind: kind.parse().map_err(|error: String| strange(Type::Text, error))?,
        mark: row.get("mark")?,
        round: row.get("round")?,
        days: row.get("days")?,
        enrollment_id: row.get("enrollment_id")?,
    })
}
