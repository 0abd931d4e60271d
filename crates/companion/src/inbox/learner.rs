//! Learners in whom nobody was recognised: the queue, and how one leaves it.

use contract::time::Millis;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params};
use serde::Serialize;

use crate::completion::Finding;
use crate::inbox::people::{Clues, Recognised, is_known, recognise};
use crate::inbox::row::{instant, instant_if_any, spelled};
use crate::inbox::{Inbox, InboxError};
use crate::learner::{LearnerState, Match, MatchedBy};

/// Who a completion is of, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The learner who was looked for, if one was.
    pub(crate) learner: Option<i64>,
    pub(crate) person: Option<Match>,
}

/// A learner in whom nobody was recognised at first, as `GET /unmatched` tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Unmatched {
    pub(crate) id: String,
    pub(crate) state: LearnerState,
    pub(crate) portal_id: String,
    /// What the LMS passed.
    pub(crate) external_id: Option<String>,
    pub(crate) user_id: String,
    pub(crate) email: Option<String>,
    /// What the LMS calls them.
    pub(crate) name: Option<String>,
    /// Why nobody was recognised.
    pub(crate) reason: String,
    /// How many completions are theirs.
    pub(crate) completions: i64,
    /// What the last of them was in.
    pub(crate) last_enrollment_id: String,
    pub(crate) last_lo_id: String,
    pub(crate) first_at: Millis,
    pub(crate) last_at: Millis,
    /// Who it turned out to be.
    pub(crate) person: Option<String>,
    pub(crate) settled_by: Option<String>,
    pub(crate) settled_at: Option<Millis>,
}

/// Which of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UnmatchedFilter {
    pub(crate) state: Option<LearnerState>,
    pub(crate) portal_id: Option<String>,
}

/// What linking came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Linked {
    /// So many completions are that person's now.
    Done {
        completions: usize,
    },
    NoLearner,
    /// Nobody in the list has that external id in the learner's portal.
    NoPerson,
}

/// What is stored of a learner.
struct Stored {
    number: i64,
    state: LearnerState,
    person: Option<String>,
}

impl Inbox {
    /// A part of the queue, the newest first, and how much there is in all.
    pub(crate) async fn unmatched(
        &self,
        filter: UnmatchedFilter,
        limit: u32,
        offset: u32,
    ) -> Result<(i64, Vec<Unmatched>), InboxError> {
        let list = move |transaction: &Transaction<'_>| -> Result<(i64, Vec<Unmatched>), InboxError> {
            let (state, portal_id) = (filter.state.map(LearnerState::as_str), filter.portal_id);
            let total = transaction
                .prepare_cached(
                    "-- unmatched: count
                    SELECT count(*)
                    FROM learners
                    WHERE (:state IS NULL OR state = :state) AND (:portal_id IS NULL OR portal_id = :portal_id)
                        AND EXISTS (SELECT 1 FROM completions WHERE learner = learners.number)",
                )?
                .query_row(named_params! { ":state": state, ":portal_id": portal_id }, |row| row.get(0))?;
            let mut statement = transaction.prepare_cached(
                "-- unmatched
                SELECT learners.number, learners.portal_id, key_kind, key, learners.user_id, learners.email, name, state, reason,
                    learners.person, settled_by, settled_at, first_at, last_at, enrollment_id, lo_id,
                    (SELECT count(*) FROM completions WHERE learner = learners.number) AS completions
                FROM learners
                JOIN completions ON completions.cursor = (SELECT max(cursor) FROM completions WHERE learner = learners.number)
                WHERE (:state IS NULL OR state = :state) AND (:portal_id IS NULL OR learners.portal_id = :portal_id)
                ORDER BY learners.number DESC
                LIMIT :limit OFFSET :offset",
            )?;
            let parameters =
                named_params! { ":state": state, ":portal_id": portal_id, ":limit": limit, ":offset": offset };
            let rows = statement.query_map(parameters, read_unmatched)?;
            Ok((total, rows.collect::<Result<_, _>>()?))
        };
        self.database.scan(list).await
    }

    /// Says who a learner is. All of their completions are that person's from now on, those to come too.
    pub(crate) async fn link(
        &self,
        number: i64,
        person: String,
        by: String,
        now: Timestamp,
    ) -> Result<Linked, InboxError> {
        let link = move |connection: &Connection| -> Result<Linked, InboxError> {
            let portal_id: Option<String> = connection
                .prepare_cached("-- link: find\nSELECT portal_id FROM learners WHERE number = :number")?
                .query_row(named_params! { ":number": number }, |row| row.get("portal_id"))
                .optional()?;
            let Some(portal_id) = portal_id else { return Ok(Linked::NoLearner) };
            if !is_known(connection, &portal_id, &person)? {
                return Ok(Linked::NoPerson);
            }
            let completions = settle(connection, number, &Match { person, by: MatchedBy::Link }, Some(&by), now)?;
            Ok(Linked::Done { completions })
        };
        Ok(self.database.write(link).await?)
    }
}

/// Whose completion it is. Somebody who was recognised earlier stays it, also when the list knows them no more.
pub(crate) fn identify(
    connection: &Connection,
    finding: &Finding,
    before: Option<Identity>,
    now: Timestamp,
) -> rusqlite::Result<Identity> {
    let stored = find(connection, finding)?;
    let linked = stored.as_ref().filter(|stored| stored.state == LearnerState::Linked);
    let person = linked.and_then(|stored| stored.person.as_deref());
    let recognised = recognise(connection, Clues::of(&finding.details), person)?;
    let before = before.unwrap_or_default();
    match recognised {
        Recognised::Person(person) => {
            if let Some(open) = stored.as_ref().filter(|stored| stored.state == LearnerState::Open) {
                settle(connection, open.number, &person, None, now)?;
            }
            Ok(Identity { learner: stored.map(|stored| stored.number), person: Some(person) })
        }
        Recognised::NoList => Ok(before),
        Recognised::Nobody(_) if before.person.is_some() => Ok(before),
        Recognised::Nobody(reason) => {
            let reason = finding.remark.iter().cloned().chain([reason]).collect::<Vec<_>>().join("; ");
            Ok(Identity { learner: Some(open(connection, finding, &reason, now)?), person: None })
        }
    }
}

/// Looks in the list once more for all who are still looked for. Says how many were recognised.
pub(crate) fn look_again(connection: &Connection, now: Timestamp) -> rusqlite::Result<usize> {
    type Candidate = (i64, String, Option<String>, Option<String>);
    let candidates: Vec<Candidate> = connection
        .prepare_cached(
            "-- look again: those of whom the list may know something
            SELECT number, portal_id, iif(key_kind = 'external_id', key, NULL) AS external_id, email
            FROM learners
            WHERE state = 'open' AND (
                key_kind = 'external_id' AND key IN (SELECT external_id FROM people)
                OR lower(email) IN (SELECT lower(email) FROM people WHERE email IS NOT NULL)
            )
            ORDER BY number",
        )?
        .query_map([], |row| {
            Ok((row.get("number")?, row.get("portal_id")?, row.get("external_id")?, row.get("email")?))
        })?
        .collect::<Result<_, _>>()?;
    let mut matched = 0;
    for (number, portal_id, external_id, email) in candidates {
        let clues = Clues { portal_id: &portal_id, external_id: external_id.as_deref(), email: email.as_deref() };
        if let Recognised::Person(person) = recognise(connection, clues, None)? {
            settle(connection, number, &person, None, now)?;
            matched += 1;
        }
    }
    Ok(matched)
}

/// By what a learner is known.
fn key(finding: &Finding) -> (&'static str, &str) {
    let details = &finding.details;
    details.external_id.as_ref().map_or(("user_id", &details.user_id), |id| ("external_id", id))
}

fn find(connection: &Connection, finding: &Finding) -> rusqlite::Result<Option<Stored>> {
    let (kind, key) = key(finding);
    connection
        .prepare_cached(
            "-- find a learner
            SELECT number, state, person
            FROM learners
            WHERE portal_id = :portal_id AND key_kind = :kind AND key = :key",
        )?
        .query_row(named_params! { ":portal_id": finding.details.portal_id, ":kind": kind, ":key": key }, |row| {
            Ok(Stored { number: row.get("number")?, state: spelled(row.get("state")?)?, person: row.get("person")? })
        })
        .optional()
}

/// Puts a learner into the queue, or back into it.
fn open(connection: &Connection, finding: &Finding, reason: &str, now: Timestamp) -> rusqlite::Result<i64> {
    let (kind, key) = key(finding);
    connection
        .prepare_cached(
            "-- look for a learner
            INSERT INTO learners (portal_id, key_kind, key, user_id, email, name, state, reason, first_at, last_at)
            VALUES (:portal_id, :kind, :key, :user_id, :email, :name, 'open', :reason, :now, :now)
            ON CONFLICT (portal_id, key_kind, key) DO UPDATE
            SET user_id = excluded.user_id,
                email = coalesce(excluded.email, email),
                name = coalesce(excluded.name, name),
                state = excluded.state,
                reason = excluded.reason,
                person = NULL,
                settled_by = NULL,
                settled_at = NULL,
                last_at = excluded.last_at
            RETURNING number",
        )?
        .query_row(
            named_params! {
                ":portal_id": finding.details.portal_id,
                ":kind": kind,
                ":key": key,
                ":user_id": finding.details.user_id,
                ":email": finding.details.email,
                ":name": finding.name,
                ":reason": reason,
                ":now": now.as_millisecond(),
            },
            |row| row.get(0),
        )
}

/// Takes a learner out of the queue and gives their completions to `found`; says how many those are.
fn settle(
    connection: &Connection,
    number: i64,
    found: &Match,
    by: Option<&str>,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let state = if by.is_some() { LearnerState::Linked } else { LearnerState::Matched };
    connection
        .prepare_cached(
            "-- settle a learner
            UPDATE learners
            SET state = :state, person = :person, settled_by = :by, settled_at = :now
            WHERE number = :number",
        )?
        .execute(named_params! {
            ":state": state.as_str(),
            ":person": found.person,
            ":by": by,
            ":now": now.as_millisecond(),
            ":number": number,
        })?;
    let cursors: Vec<i64> = connection
        .prepare_cached(
            "-- settle a learner: completions\nSELECT cursor FROM completions WHERE learner = :number ORDER BY cursor",
        )?
        .query_map(named_params! { ":number": number }, |row| row.get("cursor"))?
        .collect::<Result<_, _>>()?;
    let mut give = connection.prepare_cached(
        "-- settle a learner: a completion
        UPDATE completions
        SET cursor = (SELECT max(cursor) + 1 FROM completions), person = :person, matched_by = :by, recorded_at = :now
        WHERE cursor = :cursor AND (person IS NOT :person OR matched_by IS NOT :by)",
    )?;
    for cursor in &cursors {
        give.execute(named_params! {
            ":person": found.person,
            ":by": found.by.as_str(),
            ":now": now.as_millisecond(),
            ":cursor": cursor,
        })?;
    }
    Ok(cursors.len())
}

fn read_unmatched(row: &Row<'_>) -> rusqlite::Result<Unmatched> {
    let key: String = row.get("key")?;
    Ok(Unmatched {
        id: row.get::<_, i64>("number")?.to_string(),
        state: spelled(row.get("state")?)?,
        portal_id: row.get("portal_id")?,
        external_id: (row.get::<_, String>("key_kind")? == "external_id").then_some(key),
        user_id: row.get("user_id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        reason: row.get("reason")?,
        completions: row.get("completions")?,
        last_enrollment_id: row.get("enrollment_id")?,
        last_lo_id: row.get("lo_id")?,
        first_at: Millis(instant(row, "first_at")?),
        last_at: Millis(instant(row, "last_at")?),
        person: row.get("person")?,
        settled_by: row.get("settled_by")?,
        settled_at: instant_if_any(row, "settled_at")?.map(Millis),
    })
}
