//! Secret addresses, and what links are signed with.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, named_params};

use crate::inbox::{Inbox, InboxError};

impl Inbox {
    /// What links are signed with: `fresh` if there is nothing yet.
    pub(crate) async fn link_key(&self, fresh: Vec<u8>) -> Result<Vec<u8>, InboxError> {
        let key = move |connection: &Connection| -> Result<Vec<u8>, InboxError> {
            connection
                .prepare_cached(
                    "-- link_key: make\nINSERT INTO link_key (one, key) VALUES (1, :key) ON CONFLICT DO NOTHING",
                )?
                .execute(named_params! { ":key": fresh })?;
            Ok(connection.prepare_cached("-- link_key\nSELECT key FROM link_key")?.query_row([], |row| row.get(0))?)
        };
        Ok(self.database.write(key).await?)
    }

    /// Gives a person's calendar another secret address; the one before it leads nowhere from now on.
    pub(crate) async fn rotate_calendar(
        &self,
        person: String,
        digest: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), InboxError> {
        let rotate = move |connection: &Connection| -> Result<(), InboxError> {
            connection
                .prepare_cached(
                    "-- rotate_calendar
                    INSERT INTO calendars (person, token_digest, made_at)
                    VALUES (:person, :digest, :now)
                    ON CONFLICT (person) DO UPDATE
                    SET token_digest = excluded.token_digest, made_at = excluded.made_at",
                )?
                .execute(named_params! { ":person": person, ":digest": digest, ":now": now.as_millisecond() })?;
            Ok(())
        };
        Ok(self.database.write(rotate).await?)
    }

    /// Whose calendar has this secret address. What is looked up is a digest, so how long it takes says nothing of the address.
    pub(crate) fn calendar_of(&self, digest: &[u8]) -> Result<Option<String>, InboxError> {
        self.database.read(|transaction| {
            let found = transaction
                .prepare_cached("-- calendar_of\nSELECT person FROM calendars WHERE token_digest = :digest")?
                .query_row(named_params! { ":digest": digest }, |row| row.get(0));
            Ok(found.optional()?)
        })
    }
}
