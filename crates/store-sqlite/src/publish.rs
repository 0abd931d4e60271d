//! Publishing: an event is stored with a delivery for each webhook that is told of it, due at once or leased at once.

use std::sync::{Arc, PoisonError};

use domain::delivery::Lease;
use domain::event::Event;
use domain::id::DeliveryId;
use domain::webhook::Webhook;
use jiff::Timestamp;
use sqlite::Groups;
use sqlite::rusqlite::{Connection, params};
use store::keyring::Keyring;

use crate::error::VerbError;
use crate::standby::{Births, Newborn, Permit};
use crate::told::{Listener, Listeners, Told};
use crate::webhook::Cache;
use crate::{SqliteStore, event};

/// Stores events and their deliveries: due at once, or leased at once as far as there are permits (decision 15).
pub(crate) struct Publisher {
    permits: Vec<Permit>,
    pub(crate) births: Births,
    told: Arc<Told>,
    groups: Groups,
    keyring: Arc<Keyring>,
    webhooks: Arc<Cache>,
}

impl SqliteStore {
    /// Whoever stores events of which these will be told. Permits come before the write, so that nobody waits for them inside it.
    pub(crate) async fn publisher(&self, told: Vec<Listeners>) -> Publisher {
        let permits = self.standby.permits(&told).await;
        Publisher {
            permits,
            births: Births::default(),
            told: self.told.clone(),
            groups: self.database.groups(),
            keyring: self.keyring.clone(),
            webhooks: self.webhooks.clone(),
        }
    }
}

impl Publisher {
    /// Stores an event with one delivery for each webhook that is told.
    pub(crate) fn publish(&mut self, connection: &Connection, event: Event, at: Timestamp) -> Result<(), VerbError> {
        let event = Arc::new(event);
        crash::point!("event/before-insert");
        let event_no = event::insert(connection, &event, None, at)?;
        crash::point!("event/after-insert");
        let listeners = self.told.find(connection, &self.groups, &event, (&self.keyring, &self.webhooks))?;
        for listener in listeners.iter() {
            match self.permit(listener) {
                Some((permit, webhook)) => {
                    self.bear(connection, (event_no, &event), (listener, webhook), permit, at)?
                }
                None => {
                    insert_delivery(connection, event_no, listener, at, None)?;
                    self.births.due |= listener.webhook.is_some();
                }
            }
        }
        crash::point!("event/after-deliveries");
        Ok(())
    }

    fn permit(&mut self, listener: &Listener) -> Option<(Permit, Arc<Webhook>)> {
        // What its owner wants told slowly goes by the engine's turn.
        let webhook = listener.webhook.as_ref().filter(|webhook| webhook.rate_limit.is_none())?;
        let place = self.permits.iter().position(|permit| permit.webhook_id == webhook.id)?;
        Some((self.permits.swap_remove(place), webhook.clone()))
    }

    fn bear(
        &mut self,
        connection: &Connection,
        (event_no, event): (i64, &Arc<Event>),
        (listener, webhook): (&Listener, Arc<Webhook>),
        permit: Permit,
        at: Timestamp,
    ) -> Result<(), VerbError> {
        let expires_at = at.saturating_add(permit.lease_for).unwrap_or(Timestamp::MAX);
        insert_delivery(connection, event_no, listener, expires_at, Some(expires_at))?;
        let lease = Lease {
            delivery_id: DeliveryId(connection.last_insert_rowid()),
            event: event.clone(),
            webhook,
            attempt_number: 1,
            failures: 0,
            expires_at,
        };
        self.births.leased.get_mut().unwrap_or_else(PoisonError::into_inner).push(Newborn { lease, permit });
        Ok(())
    }
}

/// A delivery that is leased is so for its first attempt.
fn insert_delivery(
    connection: &Connection,
    event_no: i64,
    listener: &Listener,
    due_at: Timestamp,
    lease_expires_at: Option<Timestamp>,
) -> Result<(), VerbError> {
    connection
        .prepare_cached(
            "-- insert_delivery
            INSERT INTO deliveries (portal_id, webhook_no, event_no, state, due_at, lease_expires_at, attempt_number, failures)
            VALUES (?1, ?2, ?3, 'pending', ?4, ?5, ?6, 0)",
        )?
        .execute(params![
            listener.portal_id.0,
            listener.webhook_no,
            event_no,
            due_at.as_millisecond(),
            lease_expires_at.map(Timestamp::as_millisecond),
            i64::from(lease_expires_at.is_some()),
        ])?;
    Ok(())
}
