//! Entries of the audit log as they are written.

use contract::api::audit as api;
use domain::audit::{Actor, FieldChange};
use domain::oauth::{Scope, Scopes};
use store::audit::StoredEntry;

/// An entry for a reader with these scopes: what is of people is for those who may read user accounts.
pub(super) fn entry(StoredEntry { id, actor_name, entry }: StoredEntry, scopes: &Scopes) -> api::AuditEntry {
    let (actor, noted) = (entry.actor, entry.noted);
    let with_people = scopes.contains(Scope::UserRead);
    let of_person = noted.action.noun() == "user_account";
    let name_is_seen = with_people || !matches!(actor, Actor::Person { .. });
    api::AuditEntry {
        id: id.to_string(),
        time: noted.at.into(),
        portal_id: noted.portal_id.to_string(),
        actor: api::AuditActor {
            kind: actor.kind().to_owned(),
            id: actor.id(),
            name: actor_name.filter(|_| name_is_seen),
            portal_id: actor.portal_id().map(|id| id.to_string()),
            user_account_id: actor.user_account_id().map(|id| id.to_string()),
        },
        channel: entry.channel.as_str().to_owned(),
        action: noted.action.as_str().to_owned(),
        subject: api::AuditSubject {
            kind: noted.action.noun().to_owned(),
            id: noted.subject_id,
            name: noted.subject_name.filter(|_| with_people || !of_person),
        },
        changes: noted.changes.into_iter().map(|change| self::change(change, with_people || !of_person)).collect(),
    }
}

fn change(FieldChange { field, from, to }: FieldChange, is_seen: bool) -> api::AuditChange {
    api::AuditChange { field, from: from.filter(|_| is_seen), to: to.filter(|_| is_seen) }
}
