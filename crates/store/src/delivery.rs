//! Deliveries: handed out with a lease, taken back with an outcome.

use async_trait::async_trait;
use domain::delivery::{Attempt, Delivery, Finished, FinishedAttempt, Lease};
use domain::id::{DeliveryId, EventId, PortalId, WebhookId};
use domain::webhook::rate_limit::RateLimit;
use jiff::{SignedDuration, Timestamp};

use crate::error::Result;
use crate::page::{Listed, PageRequest};

/// The lanes that have something to do. A lane is the deliveries of one webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueLanes {
    /// Lanes of active webhooks with at least one due delivery, those of one portal next to each other.
    pub due: Vec<DueLane>,
    /// When the next delivery of any active webhook becomes due that is not due yet.
    pub next_due_at: Option<Timestamp>,
}

/// A lane with something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLane {
    /// The portal that owns the webhook.
    pub portal_id: PortalId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// Grows with each change of the webhook, and when somebody asks for something to be told while it fails: what was learned of it
    /// before may not be true any more.
    pub version: i64,
    /// How fast it may be attempted.
    pub rate_limit: Option<RateLimit>,
    /// Since when its oldest delivery is due.
    pub oldest_due_at: Timestamp,
}

/// What is to be leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    /// How many at most of each lane.
    pub lanes: Vec<(WebhookId, u32)>,
    /// What is due by now.
    pub now: Timestamp,
    /// Until when the leases are held.
    pub expires_at: Timestamp,
}

/// Whether a lane sets the pace of those who publish events for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nobody waits for it.
    Free,
    /// Its receiver answers at once: a write that tells it of something may wait a moment for a permit, so that no more is published
    /// than is delivered.
    Set,
}

/// What there is to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Whether there may be something due that was not before.
    pub due: bool,
    /// Deliveries that were born leased: their attempts begin now.
    pub born: Vec<Lease>,
}

/// Which deliveries are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// To this webhook.
    pub webhook_id: Option<WebhookId>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// Of events about the enrollment or learning object with this number.
    pub subject_id: Option<i64>,
    /// As far as this.
    pub stage: Option<DeliveryStage>,
}

/// How far a delivery has come, without what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStage {
    /// Pending or held.
    Open,
    /// It arrived.
    Delivered,
    /// It was given up.
    Failed,
}

/// Deliveries.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// The lanes that have something due at `now`, and when the next thing becomes due. Lanes of inactive webhooks wait.
    async fn list_due_lanes(&self, now: Timestamp) -> Result<DueLanes>;

    /// Leases due deliveries of active webhooks, oldest due first in each lane. Each lease raises the attempt number; both are
    /// stored before this returns. Until the lease expires nobody else can lease the delivery.
    async fn lease_deliveries(&self, request: &LeaseRequest) -> Result<Vec<Lease>>;

    /// Records attempts and what follows them, each on its own: one whose lease is lost does not keep the others from
    /// being recorded. The answers are in the order of the attempts.
    ///
    /// A webhook whose receiver is gone, or that is [hopeless](domain::webhook::health), becomes inactive in the same step.
    ///
    /// A lease is lost when it expired by `now`, or when a later attempt was leased.
    async fn finish_attempts(&self, attempts: Vec<FinishedAttempt>, now: Timestamp) -> Result<Vec<Finished>>;

    /// Ends every lease at once, and says how many there were: for a node that is alone with the database and has just started,
    /// so that whoever held them is gone. Their deliveries are due again, under higher attempt numbers.
    async fn expire_leases(&self, now: Timestamp) -> Result<u64>;

    /// Brings forward what is due after `was`, leases too, by as much as `now` lies before it, and says how many: for a node that
    /// is alone with the database and whose clock was set back from `was` to `now`. Else they would wait for the clock to come
    /// there again. What was scheduled by the clock as it is now lies before `was` and keeps its time.
    async fn bring_forward(&self, was: Timestamp, now: Timestamp) -> Result<u64>;

    /// Gives up deliveries that are pending for deleted webhooks, up to `limit` of them, and says how many: nobody waits for
    /// them, and they would be in the way of whoever looks for work.
    async fn expire_deliveries(&self, limit: u32, now: Timestamp) -> Result<u64>;

    /// Returns when there may be work that was not there before: after commits that wrote due deliveries, or leased ones, or made a
    /// webhook active. May return for nothing; a call that was missed is made up for by the next. For one caller at a time, who
    /// attempts whatever was born leased.
    async fn wait_for_work(&self) -> Work;

    /// Lets the next deliveries of a lane be born leased, so many more than before, each lease for this long: stored with attempt
    /// number 1, and handed over by [`wait_for_work`](Self::wait_for_work) once they are. Permits last until they are used or
    /// withdrawn, or the process ends; where nobody offers any, nothing is born leased (decision 15).
    ///
    /// A backend may use none of them.
    fn offer_permits(&self, webhook_id: &WebhookId, count: u32, lease_for: SignedDuration, pace: Pace) {
        let _ = (webhook_id, count, lease_for, pace);
    }

    /// Takes back the permits of a lane that are not in use, says how many these are, and sets its pace. What is missing is being
    /// used at this moment: it comes as a lease, or can be withdrawn later.
    fn withdraw_permits(&self, webhook_id: &WebhookId, pace: Pace) -> u32 {
        let _ = (webhook_id, pace);
        u32::MAX
    }

    /// Deliveries to webhooks of the portal, newest first.
    async fn list_deliveries(
        &self,
        portal_id: PortalId,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Listed<Delivery>>;

    /// The newest deliveries to a webhook of the portal, newest first. Does not count the others, so that it costs the same however
    /// many there are.
    async fn list_recent_deliveries(
        &self,
        portal_id: PortalId,
        webhook_id: &WebhookId,
        limit: u32,
    ) -> Result<Vec<Delivery>>;

    /// A delivery to a webhook of the portal.
    async fn find_delivery(&self, portal_id: PortalId, id: DeliveryId) -> Result<Option<Delivery>>;

    /// The recorded attempts of a delivery to a webhook of the portal, oldest first.
    async fn list_attempts(&self, portal_id: PortalId, delivery_id: DeliveryId) -> Result<Vec<Attempt>>;

    /// Whether the database takes writes at present: `Unavailable` if it does not.
    async fn check(&self) -> Result<()>;
}
