//! Replays: old events told again.

use async_trait::async_trait;
use domain::id::{DeliveryId, PortalId, ReplayId, WebhookId};
use domain::replay::Replay;
use jiff::Timestamp;

use crate::error::Result;

/// What became of telling one event again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// There is a new delivery, due at once.
    Again(DeliveryId),
    /// The event is on its way to the webhook already.
    UnderWay,
    /// There is no such delivery to a webhook of the portal, or the webhook was deleted.
    NotFound,
}

/// Replays.
///
/// A replay is new deliveries of old events: nothing that was recorded is changed, and attempt numbers go on where they were, so
/// that none comes twice for an event and a webhook. An event that is on its way already is left alone.
#[async_trait]
pub trait Replays: Send + Sync {
    /// Tells the event of one delivery again.
    async fn replay_delivery(&self, portal_id: PortalId, id: DeliveryId, now: Timestamp) -> Result<Replayed>;

    /// Stores a new replay, for [`expand_replays`](Self::expand_replays) to carry out; `Taken("replay")` while another of the
    /// webhook is not finished, `Conflict` if the portal has no such webhook.
    async fn save_replay(&self, replay: Replay) -> Result<()>;

    /// A replay of the portal, as far as it has come.
    async fn find_replay(&self, portal_id: PortalId, id: &ReplayId) -> Result<Option<Replay>>;

    /// The newest replays of a webhook of the portal, the newest first.
    async fn list_replays(&self, portal_id: PortalId, webhook_id: &WebhookId, limit: u32) -> Result<Vec<Replay>>;

    /// Goes on with the unfinished replay that has waited longest, by up to `limit` events, and says whether there is more to do.
    /// Deliveries and progress are one transaction: a step that is killed is as if it had not begun.
    async fn expand_replays(&self, limit: u32, now: Timestamp) -> Result<bool>;

    /// Deletes replays that were finished before `before`, up to `limit` of them, and says how many.
    async fn prune_replays(&self, before: Timestamp, limit: u32) -> Result<u64>;
}
