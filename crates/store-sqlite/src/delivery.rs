//! Deliveries: handed out with a lease, taken back with an outcome.

mod attempt;
mod lease;
mod search;

use async_trait::async_trait;
use domain::delivery::{Attempt, Delivery, DeliveryState, FailedReason, Finished, FinishedAttempt, Lease};
use domain::id::{DeliveryId, PortalId, WebhookId};
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::{SignedDuration, Timestamp};
use sqlite::rusqlite::{Connection, Row};
use store::delivery::{Deliveries, DeliveryFilter, DeliveryStage, DueLanes, LeaseRequest, Pace, Work};
use store::error::{Result, StoreError};
use store::page::{Listed, PageRequest};

use crate::SqliteStore;
use crate::error::VerbError;
use crate::event;
use crate::query::{Conditions, Listing, row, rows};
use crate::row::{InOrder, RowExt, unreadable};

const COLUMNS: &str = "deliveries.no, webhooks.id AS webhook_id, state, due_at, finished_at, failed_reason, attempt_number,
    webhooks.status, webhooks.updated_at, events.id, events.portal_id, event_type, subject_id, data, occurred_at, deadline_at,
    test_webhook_no";
/// Where those of the event begin in [`COLUMNS`].
const EVENT_COLUMNS_AT: usize = 9;
const FROM: &str = "deliveries
    JOIN webhooks ON webhooks.no = deliveries.webhook_no
    JOIN events ON events.no = deliveries.event_no";

#[async_trait]
impl Deliveries for SqliteStore {
    async fn list_due_lanes(&self, now: Timestamp) -> Result<DueLanes> {
        self.read_once("list_due_lanes", |connection| lease::list_due_lanes(connection, now))
    }

    async fn lease_deliveries(&self, request: &LeaseRequest) -> Result<Vec<Lease>> {
        let (request, keyring, webhooks) = (request.clone(), self.keyring.clone(), self.webhooks.clone());
        let verb = move |connection: &Connection| lease::lease(connection, &request, &keyring, &webhooks);
        let leases = self.write("lease_deliveries", verb).await?;
        self.webhooks.keep(leases.iter().map(|lease| &lease.webhook));
        Ok(leases)
    }

    async fn finish_attempts(&self, attempts: Vec<FinishedAttempt>, now: Timestamp) -> Result<Vec<Finished>> {
        let told = self.told.clone();
        self.write("finish_attempts", move |connection| attempt::finish(connection, &attempts, &told, now)).await
    }

    async fn expire_leases(&self, now: Timestamp) -> Result<u64> {
        self.write_and_wake("expire_leases", move |connection| lease::expire(connection, now)).await
    }

    async fn bring_forward(&self, was: Timestamp, now: Timestamp) -> Result<u64> {
        self.write_and_wake("bring_forward", move |connection| lease::bring_forward(connection, was, now)).await
    }

    async fn expire_deliveries(&self, limit: u32, now: Timestamp) -> Result<u64> {
        // Asked often, and mostly for nothing: then nothing is written.
        if !self.read("expire_deliveries", |connection| lease::has_deleted(connection))? {
            return Ok(0);
        }
        self.write("expire_deliveries", move |connection| lease::expire_deleted(connection, limit, now)).await
    }

    async fn wait_for_work(&self) -> Work {
        self.standby.wait().await
    }

    fn offer_permits(&self, webhook_id: &WebhookId, count: u32, lease_for: SignedDuration, pace: Pace) {
        self.standby.offer(webhook_id, count, lease_for, pace);
    }

    fn withdraw_permits(&self, webhook_id: &WebhookId, pace: Pace) -> u32 {
        self.standby.withdraw(webhook_id, pace)
    }

    async fn list_deliveries(
        &self,
        portal_id: PortalId,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Listed<Delivery>> {
        let verb = "list_deliveries";
        let mut conditions = Conditions::default();
        conditions.with("deliveries.portal_id = ?", Some(portal_id.0));
        conditions.with("webhooks.id = ?", filter.webhook_id.as_ref().map(|id| id.as_str().to_owned()));
        conditions.with("events.id = ?", filter.event_id.as_ref().map(|id| id.as_str().to_owned()));
        conditions.with("event_no IN (SELECT no FROM events WHERE subject_id = ?)", filter.subject_id);
        match filter.stage {
            None => {}
            Some(DeliveryStage::Open) => conditions.holds("state = 'pending' AND webhooks.status <> 'deleted'"),
            Some(DeliveryStage::Delivered) => conditions.holds("state = 'delivered'"),
            Some(DeliveryStage::Failed) => {
                conditions.holds("(state = 'failed' OR (state = 'pending' AND webhooks.status = 'deleted'))");
            }
        }
        let order = "event_no DESC, deliveries.no DESC".to_owned();
        self.scan(verb, move |connection| {
            Listing { verb, columns: COLUMNS, from: FROM, conditions, order }.page(connection, page, decode)
        })
        .await
    }

    async fn list_recent_deliveries(
        &self,
        portal_id: PortalId,
        webhook_id: &WebhookId,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let sql = format!(
            "-- list_recent_deliveries
            SELECT {COLUMNS}
            FROM {FROM}
            WHERE webhook_no = (SELECT no FROM webhooks WHERE id = ?1 AND portal_id = ?2)
            ORDER BY event_no DESC, deliveries.no DESC
            LIMIT ?3"
        );
        let webhook_id = webhook_id.clone();
        self.scan("list_recent_deliveries", move |connection| {
            rows(connection, &sql, (webhook_id.as_str(), portal_id.0, limit), decode)
        })
        .await
    }

    async fn find_delivery(&self, portal_id: PortalId, id: DeliveryId) -> Result<Option<Delivery>> {
        let sql = format!(
            "-- find_delivery
            SELECT {COLUMNS}
            FROM {FROM}
            WHERE deliveries.no = ?1 AND deliveries.portal_id = ?2"
        );
        self.read("find_delivery", |connection| row(connection, &sql, &[&id.0, &portal_id.0], decode))
    }

    async fn list_attempts(&self, portal_id: PortalId, delivery_id: DeliveryId) -> Result<Vec<Attempt>> {
        let sql = "-- list_attempts
            SELECT number, started_at, took_ms, status, retry_after_s, body, truncated, failure, detail, headers
            FROM attempts
            JOIN deliveries ON deliveries.no = attempts.delivery_no
            WHERE delivery_no = ?1 AND portal_id = ?2
            ORDER BY number";
        self.scan("list_attempts", move |connection| {
            rows(connection, sql, (delivery_id.0, portal_id.0), attempt::decode)
        })
        .await
    }

    async fn check(&self) -> Result<()> {
        self.database.check().await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

fn decode(row: &Row<'_>) -> Result<Delivery, VerbError> {
    Ok(Delivery {
        id: DeliveryId(row.of("no")?),
        webhook_id: row.id("webhook_id")?,
        event: event::decode(&mut InOrder::from(row, EVENT_COLUMNS_AT))?,
        attempt_number: row.of("attempt_number")?,
        state: state(row)?,
    })
}

/// What is pending for an inactive webhook is held, and for a deleted one has failed, without anybody having to write that
/// to every row.
pub(crate) fn state(row: &Row<'_>) -> Result<DeliveryState, VerbError> {
    let (due_at, finished_at) = (row.at_or_null("due_at")?, row.at_or_null("finished_at")?);
    match (row.of::<String>("state")?.as_str(), due_at, finished_at) {
        ("pending", Some(due_at), None) => match row.read("status", WebhookStatus::read)? {
            WebhookStatus::Active => Ok(DeliveryState::Pending { due_at }),
            WebhookStatus::Inactive(InactiveReason::Deleted) => {
                Ok(DeliveryState::Failed { at: row.at("updated_at")?, reason: FailedReason::WebhookDeleted })
            }
            WebhookStatus::Inactive(reason) => Ok(DeliveryState::Held { reason }),
        },
        ("delivered", None, Some(at)) => Ok(DeliveryState::Delivered { at }),
        ("failed", None, Some(at)) => {
            Ok(DeliveryState::Failed { at, reason: row.read("failed_reason", FailedReason::read)? })
        }
        _ => Err(unreadable("state")),
    }
}
