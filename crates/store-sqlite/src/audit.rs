//! The audit log.

use async_trait::async_trait;
use domain::audit::{Action, Actor, Channel, Entry, FieldChange, Noted};
use domain::id::{AuditEntryId, ClientId, PortalId, UserAccountId};
use jiff::Timestamp;
use sqlite::rusqlite::types::Value;
use sqlite::rusqlite::{Connection, Row, params};
use store::audit::{AuditFilter, AuditLog, StoredEntry};
use store::error::Result;
use store::page::{Listed, PageRequest};

use crate::SqliteStore;
use crate::error::VerbError;
use crate::query::{Conditions, Listing};
use crate::row::{RowExt, unreadable};

const COLUMNS: &str =
    "no, portal_id, at, actor_kind, actor_id, actor_name, actor_portal_id, actor_account_id, channel, action,
    subject_id, subject_name, changes";

/// A field that changed, as it is stored: its name, what it was, what it is.
type StoredChange = (String, Option<String>, Option<String>);

impl SqliteStore {
    /// The verb, and after it, in the same transaction, the entry that was noted of it, if it `did` something; and before it the
    /// request that it is run for, if that has a key.
    pub(crate) fn recorded<T: 'static>(
        &self,
        verb: impl FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static,
        did: impl FnOnce(&T) -> bool + Send + 'static,
    ) -> impl FnOnce(&Connection) -> Result<T, VerbError> + Send + 'static {
        let verb = self.keyed(verb);
        let entry = store::audit::take();
        move |connection| {
            let done = verb(connection)?;
            if let Some(entry) = entry.filter(|_| did(&done)) {
                insert(connection, &entry)?;
            }
            Ok(done)
        }
    }
}

#[async_trait]
impl AuditLog for SqliteStore {
    async fn list_audit_entries(
        &self,
        portal_id: PortalId,
        filter: &AuditFilter,
        page: PageRequest,
    ) -> Result<Listed<StoredEntry>> {
        let verb = "list_audit_entries";
        let mut conditions = Conditions::default();
        let visible = "portal_id IN (SELECT id FROM portals WHERE id = ? OR partner_id = ?)";
        conditions.with_all(visible, Some([portal_id.0, portal_id.0].map(Value::from)));
        conditions.with("portal_id = ?", filter.portal_id.map(|id| id.0));
        let actor = filter.actor.as_ref().map(|actor| [actor.clone(), actor.clone()].map(Value::from));
        conditions.with_all("(actor_id = ? OR CAST(actor_account_id AS TEXT) = ?)", actor);
        let actions = filter.actions.as_ref().map(|actions| actions.iter().map(|action| action.as_str().to_owned()));
        conditions.one_of("action", actions);
        conditions.with("subject_id = ?", filter.subject_id.clone());
        conditions.with("at >= ?", filter.since.map(Timestamp::as_millisecond));
        conditions.with("at <= ?", filter.until.map(Timestamp::as_millisecond));
        let order = "no DESC".to_owned();
        self.scan(verb, move |connection| {
            Listing { verb, columns: COLUMNS, from: "audit_entries", conditions, order }.page(connection, page, decode)
        })
        .await
    }

    async fn save_audit_entry(&self, entry: Entry) -> Result<()> {
        self.write("save_audit_entry", move |connection| insert(connection, &entry)).await
    }

    async fn prune_audit_entries(&self, before: Timestamp, limit: u32) -> Result<u64> {
        let sql = "-- prune_audit_entries
            DELETE FROM audit_entries
            WHERE no IN (SELECT no FROM audit_entries WHERE at < ?1 ORDER BY at LIMIT ?2)";
        let verb = move |c: &Connection| Ok(c.prepare_cached(sql)?.execute((before.as_millisecond(), limit))? as u64);
        self.write("prune_audit_entries", verb).await
    }
}

/// Stores an entry, with what its actor is called now.
pub(crate) fn insert(connection: &Connection, Entry { actor, channel, noted }: &Entry) -> Result<(), VerbError> {
    let changes = noted.changes.iter().map(|change| (&change.field, &change.from, &change.to));
    let changes = serde_json::to_string(&changes.collect::<Vec<_>>()).expect("texts always serialise");
    connection
        .prepare_cached(
            "-- insert_audit_entry
            INSERT INTO audit_entries (portal_id, at, actor_kind, actor_id, actor_name, actor_portal_id, actor_account_id, channel,
                action, subject_id, subject_name, changes)
            VALUES (?1, ?2, ?3, ?4,
                CASE ?3
                    WHEN 'client' THEN (SELECT name FROM oauth_clients WHERE id = ?4)
                    WHEN 'person' THEN (SELECT email FROM user_accounts WHERE id = ?6)
                    ELSE ?4
                END,
                ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            noted.portal_id.0,
            noted.at.as_millisecond(),
            actor.kind(),
            actor.id(),
            actor.portal_id().map(|id| id.0),
            actor.user_account_id().map(|id| id.0),
            channel.as_str(),
            noted.action.as_str(),
            noted.subject_id,
            noted.subject_name,
            changes,
        ])?;
    crash::point!("audit/inserted");
    Ok(())
}

fn decode(row: &Row<'_>) -> Result<StoredEntry, VerbError> {
    let changes: String = row.of("changes")?;
    let changes: Vec<StoredChange> = serde_json::from_str(&changes).map_err(|_| unreadable("changes"))?;
    let noted = Noted {
        action: row.read("action", Action::read)?,
        portal_id: PortalId(row.of("portal_id")?),
        subject_id: row.of("subject_id")?,
        subject_name: row.of("subject_name")?,
        changes: changes.into_iter().map(|(field, from, to)| FieldChange { field, from, to }).collect(),
        at: row.at("at")?,
    };
    let entry = Entry { actor: actor(row)?, channel: row.read("channel", Channel::read)?, noted };
    Ok(StoredEntry { id: AuditEntryId(row.of("no")?), actor_name: row.of("actor_name")?, entry })
}

fn actor(row: &Row<'_>) -> Result<Actor, VerbError> {
    let portal_id = || row.of("actor_portal_id").map(PortalId);
    let account_id = || row.of("actor_account_id").map(UserAccountId);
    match row.of::<String>("actor_kind")?.as_str() {
        "client" => {
            let id: ClientId = row.id("actor_id")?;
            Ok(Actor::Client { id, portal_id: portal_id()?, user_account_id: account_id()? })
        }
        "person" => Ok(Actor::Person { id: account_id()?, portal_id: portal_id()? }),
        "operator" => Ok(Actor::Operator { name: row.of("actor_id")? }),
        "unknown" => Ok(Actor::Unknown),
        _ => Err(unreadable("actor_kind")),
    }
}
