//! The audit log: who did what, stored in the transaction of the action.
//!
//! Whoever carries an action out runs its verb [`with`] the entry that tells of it. A backend stores the entry together with what that
//! verb writes: an action that is refused leaves none, and one that is carried out always has one. What the system does by
//! itself has none: events and notices tell of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::audit::{Action, Entry};
use domain::id::{AuditEntryId, PortalId};
use jiff::Timestamp;

use crate::error::Result;
use crate::page::{Listed, PageRequest};

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Names it; later ones have higher numbers.
    pub id: AuditEntryId,
    /// What people called the actor then: the name of a client, the address of an account.
    pub actor_name: Option<String>,
    /// Who did what.
    pub entry: Entry,
}

/// Which entries are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this portal alone.
    pub portal_id: Option<PortalId>,
    /// By this client, this user account (itself, or a client that acts through it) or the operator of this name.
    pub actor: Option<String>,
    /// Any of these.
    pub actions: Option<Vec<Action>>,
    /// Done to what has this id.
    pub subject_id: Option<String>,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Not after this.
    pub until: Option<Timestamp>,
}

/// The audit log.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Entries of the portal and of its customers, newest first.
    async fn list_audit_entries(
        &self,
        portal_id: PortalId,
        filter: &AuditFilter,
        page: PageRequest,
    ) -> Result<Listed<StoredEntry>>;

    /// Stores an entry of an action that no other verb writes anything for.
    async fn save_audit_entry(&self, entry: Entry) -> Result<()>;

    /// Deletes up to `limit` entries of what was done before `before`, and says how many.
    async fn prune_audit_entries(&self, before: Timestamp, limit: u32) -> Result<u64>;
}

tokio::task_local! {
    static ENTRY: Mutex<Option<Box<Entry>>>;
}

/// Runs the verb that does what the entry tells of, so that it stores that too: both in one transaction, or neither. It is the first
/// verb that writes while `verb` runs.
pub async fn with<F: Future>(entry: Entry, verb: F) -> F::Output {
    ENTRY.scope(Mutex::new(Some(Box::new(entry))), verb).await
}

/// For backends: whether the next verb that writes has an entry.
pub fn is_noted() -> bool {
    ENTRY.try_with(|entry| lock(entry).is_some()).unwrap_or_default()
}

/// For backends: the entry to store with what is written next. Whoever takes it stores it, or nothing at all. Boxed, because
/// most verbs have none and should not carry its size.
pub fn take() -> Option<Box<Entry>> {
    ENTRY.try_with(|entry| lock(entry).take()).ok().flatten()
}

fn lock(entry: &Mutex<Option<Box<Entry>>>) -> MutexGuard<'_, Option<Box<Entry>>> {
    entry.lock().unwrap_or_else(PoisonError::into_inner)
}
