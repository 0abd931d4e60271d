//! Passwords of people.

use async_trait::async_trait;
use domain::id::{PortalId, UserAccountId};
use domain::password::PasswordHash;
use domain::user_account::UserAccount;
use jiff::Timestamp;

use crate::error::Result;

/// How many accounts with one address are looked at: one person in so many portals.
pub const SAME_ADDRESS_MAX: u32 = 20;

/// Passwords of people. Whoever signs in has not said yet in which portal.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// The accounts with this address, whatever its case, that have a password and may sign in, oldest first; at most
    /// [`SAME_ADDRESS_MAX`] of them.
    async fn find_passwords(&self, email: &str) -> Result<Vec<(UserAccount, PasswordHash)>>;

    /// Stores the password of an account, in the place of another, and ends the account's sessions. `Conflict` if the portal has
    /// no such account.
    async fn save_password(
        &self,
        portal_id: PortalId,
        user_account_id: UserAccountId,
        password: PasswordHash,
        at: Timestamp,
    ) -> Result<()>;
}
