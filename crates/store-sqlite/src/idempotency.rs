//! Requests that come with a key.

use async_trait::async_trait;
use domain::id::ClientId;
use domain::oauth::Digest;
use jiff::Timestamp;
use sqlite::rusqlite::{Connection, Row};
use store::error::{Result, StoreError};
use store::idempotency::{Answer, Content, Idempotency, KEPT_FOR, Keep, KeyedRequest, Known, TAKEN, run};
use store::keyring::{Keyring, Place};

use crate::SqliteStore;
use crate::error::VerbError;
use crate::query::row;
use crate::row::{RowExt, unreadable};

impl SqliteStore {
    /// The verb, and before it, in the same transaction, the request that it is run for, if that has a key.
    pub(crate) fn keyed<T>(
        &self,
        verb: impl FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
    ) -> impl FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static {
        let run = run().map(|run| {
            let answer = run.foretold();
            let sealed = answer.as_ref().map(|answer| Sealed::of(answer, run.request(), &self.keyring));
            (run, answer, sealed)
        });
        move |connection| {
            if let Some((run, answer, sealed)) = run {
                begin(connection, run.request(), sealed.as_ref())?;
                run.stores(answer);
            }
            verb(connection)
        }
    }
}

/// An answer as it is stored.
struct Sealed {
    status: u16,
    content: Option<Vec<u8>>,
}

impl Sealed {
    fn of(answer: &Answer, request: &KeyedRequest, keyring: &Keyring) -> Self {
        let content = answer.content.as_ref().map(|content| seal(keyring, request, content));
        Sealed { status: answer.status, content }
    }
}

#[async_trait]
impl Idempotency for SqliteStore {
    async fn find_idempotency_key(&self, client_id: &ClientId, key: &Digest, now: Timestamp) -> Result<Option<Known>> {
        let sql = "-- find_idempotency_key
            SELECT request_digest, status, content
            FROM idempotency_keys
            WHERE client_id = ?1 AND key_digest = ?2 AND begun_at > ?3";
        let known_since = known_since(now).as_millisecond();
        self.read("find_idempotency_key", |connection| {
            row(connection, sql, &[&client_id.as_str(), &key.0, &known_since], |row| {
                decode(row, &self.keyring, &row_name(client_id, key))
            })
        })
    }

    async fn save_idempotent_answer(&self, request: &KeyedRequest, answer: Answer, keep: Keep) -> Result<()> {
        let request = request.clone();
        let sealed = Sealed::of(&answer, &request, &self.keyring);
        let verb = move |connection: &Connection| match keep {
            Keep::Always => begin(connection, &request, Some(&sealed)),
            Keep::IfBegun => {
                connection
                    .prepare_cached(
                        "-- save_idempotent_answer
                        UPDATE idempotency_keys
                        SET status = ?4, content = ?5
                        WHERE client_id = ?1 AND key_digest = ?2 AND run = ?3",
                    )?
                    .execute((request.client_id.as_str(), request.key.0, request.run, sealed.status, sealed.content))?;
                Ok(())
            }
        };
        self.write("save_idempotent_answer", verb).await
    }

    async fn prune_idempotency_keys(&self, until: Timestamp, limit: u32) -> Result<u64> {
        let verb = move |connection: &Connection| {
            let pruned = connection
                .prepare_cached(
                    "-- prune_idempotency_keys
                    DELETE FROM idempotency_keys
                    WHERE rowid IN (
                        SELECT rowid
                        FROM idempotency_keys
                        WHERE begun_at <= ?1
                        ORDER BY begun_at
                        LIMIT ?2
                    )",
                )?
                .execute((until.as_millisecond(), limit))?;
            Ok(pruned as u64)
        };
        self.write("prune_idempotency_keys", verb).await
    }
}

/// Stores the request and its answer, if there is one; in the place of what an earlier verb of the same request stored, or a
/// request that is not known any more. Refused if the key is another's.
fn begin(connection: &Connection, request: &KeyedRequest, answer: Option<&Sealed>) -> Result<(), VerbError> {
    let changed = connection
        .prepare_cached(
            "-- begin (idempotency)
            INSERT INTO idempotency_keys (client_id, key_digest, request_digest, run, begun_at, status, content)
            VALUES (?1, ?2, ?3, ?4, ?5, ?7, ?8)
            ON CONFLICT (client_id, key_digest) DO UPDATE
            SET request_digest = ?3, run = ?4, begun_at = ?5, status = ?7, content = ?8
            WHERE run = ?4 OR begun_at <= ?6",
        )?
        .execute((
            request.client_id.as_str(),
            request.key.0,
            request.request.0,
            request.run,
            request.begun_at.as_millisecond(),
            known_since(request.begun_at).as_millisecond(),
            answer.map(|answer| answer.status),
            answer.and_then(|answer| answer.content.as_deref()),
        ))?;
    crash::point!("idempotency/begun");
    if changed == 1 { Ok(()) } else { Err(StoreError::Taken(TAKEN).into()) }
}

/// What was begun at this instant or earlier is not known any more at `now`.
fn known_since(now: Timestamp) -> Timestamp {
    now.saturating_sub(KEPT_FOR).expect("a day ago is an instant")
}

/// The name of the row, for sealing.
fn row_name(client_id: &ClientId, key: &Digest) -> String {
    let key: String = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{client_id} {key}")
}

fn place(row: &str) -> Place<'_> {
    Place { table: "idempotency_keys", column: "content", row }
}

fn seal(keyring: &Keyring, request: &KeyedRequest, content: &Content) -> Vec<u8> {
    let content_type = content.content_type.as_deref().unwrap_or_default();
    let text = format!("{content_type}\n{}", content.text);
    keyring.seal(place(&row_name(&request.client_id, &request.key)), &text)
}

fn open(keyring: &Keyring, row: &str, sealed: &[u8]) -> Result<Content, VerbError> {
    let text = keyring.open(place(row), sealed).map_err(|error| VerbError::Unreadable(error.to_string()))?;
    let (content_type, text) = text.split_once('\n').ok_or_else(|| unreadable("content"))?;
    let content_type = (!content_type.is_empty()).then(|| content_type.to_owned());
    Ok(Content { content_type, text: text.to_owned() })
}

fn decode(row: &Row<'_>, keyring: &Keyring, name: &str) -> Result<Known, VerbError> {
    let request = row.of::<Vec<u8>>("request_digest")?.try_into().map_err(|_| unreadable("request_digest"))?;
    let content = row.of::<Option<Vec<u8>>>("content")?.map(|sealed| open(keyring, name, &sealed)).transpose()?;
    let answer = row.of::<Option<u16>>("status")?.map(|status| Answer { status, content });
    Ok(Known { request: Digest(request), answer })
}
