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

/// Why there is no such replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Nothing happened since then.
    #[error("since {0} lies in the future: nothing that happened can be told from there on")]
    InTheFuture(Timestamp),
}

impl ReplayError {
    /// The field at fault.
    pub const fn field(&self) -> &'static str {
        match self {
            ReplayError::InTheFuture(_) => "since",
        }
    }
}

impl Replay {
    /// A replay that is about to be stored, if it may be as it is.
    pub fn create(self) -> Result<Replay, ReplayError> {
        if self.since > self.created_at { Err(ReplayError::InTheFuture(self.since)) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn nothing_is_told_from_the_future_on() {
        let now = Timestamp::from_second(1_000).unwrap();
        let replay = |since| Replay {
            id: "r1r1r1r1r1r1".parse().unwrap(),
            portal_id: PortalId(1),
            webhook_id: "w1w1w1w1w1w1".parse().unwrap(),
            scope: ReplayScope::All,
            since,
            deliveries: 0,
            finished_at: None,
            created_by: UserAccountId(1),
            created_at: now,
        };
        let later = now + SignedDuration::from_nanos(1);
        assert_eq!(replay(now).create(), Ok(replay(now)));
        assert_eq!(replay(later).create(), Err(ReplayError::InTheFuture(later)));
        assert_eq!(ReplayError::InTheFuture(later).field(), "since");
    }
}
