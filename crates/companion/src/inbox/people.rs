//! The list of people, and who in it a learner is.

use contract::time::Millis;
use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use crate::completion::Details;
use crate::inbox::row::instant;
use crate::inbox::{Inbox, InboxError, learner};
use crate::learner::{Match, MatchedBy};
use crate::people::{Imported, KnownPerson, Person};

/// What is known of whoever is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Clues<'a> {
    pub(crate) portal_id: &'a str,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
}

/// Who it is.
pub(crate) enum Recognised {
    Person(Match),
    /// Nobody in the list, for this reason.
    Nobody(String),
    /// There is no list, so nobody is looked for.
    NoList,
}

impl<'a> Clues<'a> {
    pub(crate) fn of(details: &'a Details) -> Self {
        Clues {
            portal_id: &details.portal_id,
            external_id: details.external_id.as_deref(),
            email: details.email.as_deref(),
        }
    }
}

impl Inbox {
    /// Takes in a list. Who was in it before stays, unless the list replaces all of it. Learners who were looked for and are in it
    /// now are recognised in the same commit.
    pub(crate) async fn import(
        &self,
        people: Vec<Person>,
        replace: bool,
        now: Timestamp,
    ) -> Result<Imported, InboxError> {
        let import = move |connection: &Connection| -> Result<Imported, InboxError> {
            let (before, number) = connection
                .prepare_cached("-- import: begin\nSELECT count(*), coalesce(max(import), 0) + 1 FROM people")?
                .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
            for person in &people {
                save(connection, person, number, now)?;
            }
            let after = count(connection)?;
            let removed = if replace { remove_others(connection, number)? } else { 0 };
            let matched = learner::look_again(connection, now)?;
            Ok(Imported { people: count(connection)?, added: after - before, removed, matched })
        };
        Ok(self.database.write(import).await?)
    }

    /// A part of the list, in the order of ids, and how many there are in all.
    pub(crate) async fn people(&self, limit: u32, offset: u32) -> Result<(i64, Vec<KnownPerson>), InboxError> {
        self.database
            .scan(move |transaction| {
                let mut statement = transaction.prepare_cached(
                    "-- people
                    SELECT external_id, nullif(portal_id, '') AS portal_id, email, name, imported_at
                    FROM people
                    ORDER BY external_id, portal_id
                    LIMIT :limit OFFSET :offset",
                )?;
                let rows = statement.query_map(named_params! { ":limit": limit, ":offset": offset }, |row| {
                    Ok(KnownPerson {
                        external_id: row.get("external_id")?,
                        portal_id: row.get("portal_id")?,
                        email: row.get("email")?,
                        name: row.get("name")?,
                        imported_at: Millis(instant(row, "imported_at")?),
                    })
                })?;
                let people = rows.collect::<Result<_, _>>()?;
                Ok::<_, InboxError>((count(transaction)?, people))
            })
            .await
    }
}

fn save(connection: &Connection, person: &Person, import: i64, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "-- import: a person
            INSERT INTO people (portal_id, external_id, email, name, import, imported_at)
            VALUES (coalesce(:portal_id, ''), :external_id, :email, :name, :import, :now)
            ON CONFLICT (external_id, portal_id) DO UPDATE
            SET email = excluded.email, name = excluded.name, import = excluded.import, imported_at = excluded.imported_at",
        )?
        .execute(named_params! {
            ":portal_id": person.portal_id,
            ":external_id": person.external_id,
            ":email": person.email,
            ":name": person.name,
            ":import": import,
            ":now": now.as_millisecond(),
        })?;
    Ok(())
}

fn count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("-- count people\nSELECT count(*) FROM people")?.query_row([], |row| row.get(0))
}

fn remove_others(connection: &Connection, import: i64) -> rusqlite::Result<usize> {
    connection
        .prepare_cached("-- import: remove those who are not in it\nDELETE FROM people WHERE import <> :import")?
        .execute(named_params! { ":import": import })
}

/// Looks in the list: by the id that the LMS passed, then by the address, which must be that of one person alone. What somebody
/// said, if anybody did, comes before both.
pub(crate) fn recognise(
    connection: &Connection,
    clues: Clues<'_>,
    linked: Option<&str>,
) -> rusqlite::Result<Recognised> {
    let found = |person: String, by| Ok(Recognised::Person(Match { person, by }));
    if let Some(person) = linked
        && is_known(connection, clues.portal_id, person)?
    {
        return found(person.to_owned(), MatchedBy::Link);
    }
    let by_id = match clues.external_id {
        None => "no external id was told",
        Some(id) if is_known(connection, clues.portal_id, id)? => return found(id.to_owned(), MatchedBy::ExternalId),
        Some(_) => "nobody in the list has this external id",
    };
    let by_email = match clues.email {
        None => "no e-mail address was told",
        Some(email) => match with_email(connection, clues.portal_id, email)? {
            (1, Some(person)) => return found(person, MatchedBy::Email),
            (0, _) => "nobody in the list has this e-mail address",
            _ => "several people in the list have this e-mail address",
        },
    };
    let is_list = connection.prepare_cached("-- whether there is a list\nSELECT 1 FROM people LIMIT 1")?.exists([])?;
    if !is_list {
        return Ok(Recognised::NoList);
    }
    Ok(Recognised::Nobody(format!("{by_id}; {by_email}")))
}

/// Whether somebody has this external id in this portal.
pub(crate) fn is_known(connection: &Connection, portal_id: &str, external_id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "-- find a person by external id
            SELECT 1
            FROM people
            WHERE external_id = :external_id AND portal_id IN ('', :portal_id)",
        )?
        .exists(named_params! { ":external_id": external_id, ":portal_id": portal_id })
}

/// How many people have this address in this portal, and one of them.
fn with_email(connection: &Connection, portal_id: &str, email: &str) -> rusqlite::Result<(i64, Option<String>)> {
    connection
        .prepare_cached(
            "-- find a person by e-mail address
            SELECT count(DISTINCT external_id) AS people, min(external_id) AS external_id
            FROM people
            WHERE email IS NOT NULL AND lower(email) = lower(:email) AND portal_id IN ('', :portal_id)",
        )?
        .query_row(named_params! { ":email": email, ":portal_id": portal_id }, |row| {
            Ok((row.get("people")?, row.get("external_id")?))
        })
}
