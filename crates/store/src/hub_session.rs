//! Sessions of people who are signed in to the Hub.

use async_trait::async_trait;
use domain::hub_session::HubSession;
use domain::oauth::Digest;
use domain::user_account::UserAccount;
use jiff::Timestamp;

use crate::error::Result;

/// Sessions.
#[async_trait]
pub trait HubSessions: Send + Sync {
    /// Stores a new session.
    async fn save_hub_session(&self, session: HubSession) -> Result<()>;

    /// A session that is not over at `now`, and its account, as both are now. None if the account may not sign in any more.
    async fn find_hub_session(&self, digest: &Digest, now: Timestamp) -> Result<Option<(HubSession, UserAccount)>>;

    /// Notes that a session is used at `now`; nothing happens if there is none.
    async fn renew_hub_session(&self, digest: &Digest, now: Timestamp) -> Result<()>;

    /// Ends a session; nothing happens if there is none.
    async fn expire_hub_session(&self, digest: &Digest) -> Result<()>;

    /// Deletes up to `limit` sessions that are over at `now`, and says how many.
    async fn prune_hub_sessions(&self, now: Timestamp, limit: u32) -> Result<u64>;
}
