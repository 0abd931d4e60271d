//! Webhooks.

use async_trait::async_trait;
use domain::change::Change;
use domain::event::Event;
use domain::id::{DeliveryId, PortalId, WebhookId};
use domain::webhook::Webhook;
use jiff::Timestamp;

use crate::error::Result;

/// Webhooks.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// A webhook of the portal, not a deleted one.
    async fn find_webhook(&self, portal_id: PortalId, id: &WebhookId) -> Result<Option<Webhook>>;

    /// The webhooks of the portal, oldest first, without deleted ones.
    async fn list_webhooks(&self, portal_id: PortalId) -> Result<Vec<Webhook>>;

    /// Stores a change of a webhook.
    ///
    /// `LimitReached` if it is new and the portal has `per_portal_max` already. What is pending for a webhook waits while it
    /// is inactive, and is due at once when it becomes active; what is pending for a deleted one has failed.
    async fn save_webhook(&self, change: Change<Webhook>, per_portal_max: usize) -> Result<()>;

    /// Deletes what is left of webhooks that were deleted before `before` and have neither deliveries nor replays any more, up to
    /// `limit` of them, and says how many.
    async fn prune_webhooks(&self, before: Timestamp, limit: u32) -> Result<u64>;

    /// Stores a test of a webhook of the event's portal: the event, and one delivery, to this webhook alone, due at once.
    ///
    /// `Conflict` if the portal has no such webhook; `LimitReached` while [`PENDING_MAX`] tests of it are under way. A test is
    /// not part of any replay, and is told again only where its delivery is named.
    ///
    /// [`PENDING_MAX`]: domain::webhook::test_event::PENDING_MAX
    async fn save_test(&self, webhook_id: &WebhookId, test: Event, now: Timestamp) -> Result<DeliveryId>;
}
