//! Replays: old events told again, as new deliveries, through the same path.

use jiff::Timestamp;

use crate::id::{PortalId, ReplayId, UserAccountId, WebhookId};

/// Which events of a webhook are told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayScope {
    /// Those whose last delivery failed.
    Failed,
    /// All that it would be told of, also those from before it was made.
    All,
}

impl ReplayScope {
    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReplayScope::Failed => "failed",
            ReplayScope::All => "all",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [ReplayScope::Failed, ReplayScope::All].into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Many events of one webhook, told again step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Names it.
    pub id: ReplayId,
    /// The portal that owns the webhook.
    pub portal_id: PortalId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// Which events.
    pub scope: ReplayScope,
    /// Events stored since then.
    pub since: Timestamp,
    /// How many deliveries it has made so far.
    pub deliveries: u64,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// The user account that asked for it.
    pub created_by: UserAccountId,
    /// When it was asked for. Events stored later are not part of it.
    pub created_at: Timestamp,
}
