//! Webhooks.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::{PortalId, WebhookId};
use domain::webhook::Webhook;

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
}
