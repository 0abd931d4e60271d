//! Who is told of an event, remembered: asking the database each time costs as much as storing the event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::event_type::EventType;
use domain::event::Event;
use domain::id::{PortalId, WebhookId};
use domain::portal::PARTNERS_ABOVE_MAX;
use domain::webhook::Webhook;
use sqlite::Groups;
use sqlite::rusqlite::{Connection, params};
use store::keyring::Keyring;

use crate::error::VerbError;
use crate::query::rows;
use crate::row::InOrder;
use crate::webhook::Cache;

/// How many pairs of portal and event type are remembered.
const REMEMBERED_MAX: usize = 20_000;
/// A change of one of these may change who is told. The event types of a webhook are saved with it.
const TABLES: [&str; 2] = ["webhooks", "portals"];

/// A webhook that is told of an event.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    /// The portal that owns the webhook: that of the event, or a partner above it.
    pub(crate) portal_id: PortalId,
    /// Its number.
    pub(crate) webhook_no: i64,
    /// What to deliver with, if it is active and can be read.
    pub(crate) webhook: Option<Arc<Webhook>>,
}

impl Listener {
    /// The id of the webhook, if it is active.
    pub(crate) fn active_id(&self) -> Option<&WebhookId> {
        Some(&self.webhook.as_ref()?.id)
    }
}

/// All webhooks that are told of an event.
pub(crate) type Listeners = Arc<[Listener]>;

/// Who is told, by portal and event type.
///
/// What is read in a group of verbs in which a webhook or a portal changes is not remembered, because that group may come to nothing;
/// what was remembered before is forgotten as soon as one changes, and when another process has written.
#[derive(Debug)]
pub(crate) struct Told {
    listeners: Mutex<HashMap<(PortalId, EventType), Listeners>>,
    /// The group in which one of the tables was changed last.
    changed_in: AtomicU64,
    /// See [`Groups::others`].
    others: AtomicI64,
    /// Whether what changes now says nothing about who is told.
    aside: AtomicBool,
}

impl Default for Told {
    fn default() -> Self {
        Told {
            listeners: Mutex::default(),
            changed_in: AtomicU64::new(0),
            others: AtomicI64::new(0),
            aside: AtomicBool::new(false),
        }
    }
}

impl Told {
    /// A row of this table changes in this group.
    pub(crate) fn changed(&self, table: &str, groups: &Groups) {
        if TABLES.contains(&table) && !self.aside.load(Ordering::Relaxed) {
            self.changed_in.store(groups.present(), Ordering::Release);
            self.listeners().clear();
        }
    }

    /// Runs a statement that changes a webhook, but not what it is told of nor how.
    pub(crate) fn aside<T>(&self, run: impl FnOnce() -> T) -> T {
        self.aside.store(true, Ordering::Relaxed);
        let done = run();
        self.aside.store(false, Ordering::Relaxed);
        done
    }

    /// Who was told of such an event lately. A guess, outside the writer.
    pub(crate) fn guess(&self, event: &Event) -> Option<Listeners> {
        self.listeners().get(&(event.portal_id, event.event_type)).cloned()
    }

    /// Who is told of this event. Inside the writer.
    pub(crate) fn find(
        &self,
        connection: &Connection,
        groups: &Groups,
        event: &Event,
        (keyring, webhooks): (&Keyring, &Cache),
    ) -> Result<Listeners, VerbError> {
        if self.others.swap(groups.others(), Ordering::AcqRel) != groups.others() {
            self.listeners().clear();
        }
        let key = (event.portal_id, event.event_type);
        if let Some(known) = self.listeners().get(&key) {
            return Ok(known.clone());
        }
        let found: Listeners = look_up(connection, event, keyring, webhooks)?.into();
        if self.changed_in.load(Ordering::Acquire) != groups.present() {
            let mut listeners = self.listeners();
            if listeners.len() >= REMEMBERED_MAX {
                listeners.clear();
            }
            listeners.insert(key, found.clone());
            webhooks.keep(found.iter().filter_map(|listener| listener.webhook.as_ref()));
        }
        Ok(found)
    }

    fn listeners(&self) -> MutexGuard<'_, HashMap<(PortalId, EventType), Listeners>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every matching webhook of the event's portal and of every partner above it.
fn look_up(
    connection: &Connection,
    event: &Event,
    keyring: &Keyring,
    webhooks: &Cache,
) -> Result<Vec<Listener>, VerbError> {
    let sql = "-- insert_deliveries (told)
        WITH RECURSIVE concerned (portal_id, height) AS (
            VALUES (?1, 0)
            UNION ALL
            SELECT partner_id, height + 1
            FROM concerned
            JOIN portals ON portals.id = concerned.portal_id
            WHERE partner_id IS NOT NULL AND height < ?3
        )
        SELECT concerned.portal_id, webhook_no, webhooks.id
        FROM concerned
        CROSS JOIN webhook_event_types ON webhook_event_types.portal_id = concerned.portal_id AND event_type = ?2
        JOIN webhooks ON webhooks.no = webhook_no";
    let params = params![event.portal_id.0, event.event_type.as_str(), PARTNERS_ABOVE_MAX as i64];
    let found: Vec<(i64, i64, WebhookId)> = rows(connection, sql, params, |row| {
        let mut columns = InOrder::from(row, 0);
        Ok((columns.of()?, columns.of()?, columns.id()?))
    })?;
    let listener = |(portal_id, webhook_no, id): (i64, i64, WebhookId)| {
        let webhook = match webhooks.find_active(connection, keyring, &id) {
            Ok(found) => found.map(|(_, webhook)| webhook),
            // It waits, and whoever leases in its lane complains.
            Err(VerbError::Unreadable(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Listener { portal_id: PortalId(portal_id), webhook_no, webhook })
    };
    found.into_iter().map(listener).collect()
}
