//! How webhooks fare, at a glance.

use async_trait::async_trait;
use domain::id::{PortalId, WebhookId};
use jiff::{SignedDuration, Timestamp};

use crate::error::Result;

/// How many hours are told of.
pub const HOURS: usize = 24;
/// How many deliveries that wait are counted.
pub const WAITING_COUNTED_MAX: u32 = 1_000;

/// How one webhook fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookHealth {
    /// The webhook.
    pub webhook_id: WebhookId,
    /// Attempts in each of the last [`HOURS`] hours of UTC, oldest first; the last one is not over yet.
    pub hours: [HourCount; HOURS],
    /// How many deliveries wait for an attempt, or are held while it is inactive; counted up to [`WAITING_COUNTED_MAX`].
    pub waiting: u32,
    /// Since when the oldest delivery is due that nobody has attempted yet, if there is one.
    pub oldest_due_at: Option<Timestamp>,
    /// Its first failure since the last success.
    pub failing_since: Option<Timestamp>,
}

/// Attempts within an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HourCount {
    /// That were answered 2xx.
    pub succeeded: u32,
    /// That were not.
    pub failed: u32,
}

/// Which hour of UTC it is, counted from 1970.
pub fn hour_of(at: Timestamp) -> i64 {
    at.as_millisecond().div_euclid(3_600_000)
}

impl WebhookHealth {
    /// Attempts in all of the hours.
    pub fn total(&self) -> HourCount {
        self.hours.iter().fold(HourCount::default(), |sum, hour| HourCount {
            succeeded: sum.succeeded.saturating_add(hour.succeeded),
            failed: sum.failed.saturating_add(hour.failed),
        })
    }

    /// For how long the oldest delivery has been due.
    pub fn lag(&self, now: Timestamp) -> SignedDuration {
        self.oldest_due_at.map_or(SignedDuration::ZERO, |at| now.duration_since(at).max(SignedDuration::ZERO))
    }
}

/// How webhooks fare.
#[async_trait]
pub trait WebhookHealths: Send + Sync {
    /// How each webhook of the portal fares, in the order of [`list_webhooks`](crate::webhook::Webhooks::list_webhooks). Costs by
    /// what is pending and by the hour, not by what there ever was.
    async fn list_webhook_health(&self, portal_id: PortalId, now: Timestamp) -> Result<Vec<WebhookHealth>>;

    /// A number that is most likely another one once something happened to a delivery of the portal, or to one of its webhooks:
    /// for those who look on. Costs a few looks for each webhook.
    async fn find_pulse(&self, portal_id: PortalId) -> Result<u64>;
}
