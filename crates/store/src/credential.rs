//! OAuth clients and the tokens that they were given.

use async_trait::async_trait;
use domain::id::{ClientId, PortalId};
use domain::oauth::{Digest, OauthClient, Token};
use jiff::Timestamp;

use crate::error::Result;

/// What ended on this node.
pub trait Endings: Send + Sync {
    /// How often a client was revoked or a user account blocked, by this process and since it began. Whoever keeps tokens in memory
    /// forgets them when it is another number: it is raised before the verb that ended something returns.
    fn count_endings(&self) -> u64;
}

/// OAuth clients and tokens.
///
/// A token is good as long as its client is in use and the user account that it acts through is let in. An account that is blocked
/// ends the tokens that were made until then, for good.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// A client, also a revoked one. Whoever names it has not said yet for which portal.
    async fn find_oauth_client(&self, id: &ClientId) -> Result<Option<OauthClient>>;

    /// The clients of a portal, oldest first, without revoked ones.
    async fn list_oauth_clients(&self, portal_id: PortalId) -> Result<Vec<OauthClient>>;

    /// Stores a new client; `LimitReached` if [`CLIENTS_PER_PORTAL_MAX`](domain::oauth::CLIENTS_PER_PORTAL_MAX) of its portal are in
    /// use already.
    async fn save_oauth_client(&self, client: OauthClient) -> Result<()>;

    /// Revokes a client of the portal, and with it all its tokens; false if there is no such client in use.
    async fn expire_oauth_client(&self, portal_id: PortalId, id: &ClientId, at: Timestamp) -> Result<bool>;

    /// Stores new tokens, all or none.
    async fn save_tokens(&self, tokens: Vec<Token>) -> Result<()>;

    /// An access token that is good at `now`: neither expired nor revoked, nor is its client, nor was its account blocked.
    async fn find_access_token(&self, digest: &Digest, now: Timestamp) -> Result<Option<Token>>;

    /// A refresh token that is good at `now`: by its first use it is spent, but for
    /// [`REFRESH_RACE_FOR`](domain::oauth::REFRESH_RACE_FOR) after that it is still found (decision 31).
    async fn find_refresh_token(&self, digest: &Digest, now: Timestamp) -> Result<Option<Token>>;

    /// Spends a refresh token and stores the tokens that take its place, in one step; false, and nothing is stored, if it is not
    /// good any more. Tokens that are there already stay as they are.
    async fn save_refreshed_tokens(&self, spent: &Digest, tokens: Vec<Token>, now: Timestamp) -> Result<bool>;

    /// Ends a token; nothing happens if there is none.
    async fn expire_token(&self, digest: &Digest, at: Timestamp) -> Result<()>;

    /// Deletes up to `limit` tokens that expired before `before`, and says how many.
    async fn prune_tokens(&self, before: Timestamp, limit: u32) -> Result<u64>;
}
