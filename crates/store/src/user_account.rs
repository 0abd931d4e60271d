//! User accounts.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::{PortalId, UserAccountId};
use domain::user_account::{Role, UserAccount};

use crate::error::Result;
use crate::page::{Listed, PageRequest};

/// Which user accounts are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAccountFilter {
    /// This address, whatever its case.
    pub email: Option<String>,
    /// This given name, whatever its case.
    pub given_name: Option<String>,
    /// This family name, whatever its case.
    pub family_name: Option<String>,
    /// With at least one of these roles.
    pub roles: Option<Vec<Role>>,
}

/// User accounts.
#[async_trait]
pub trait UserAccounts: Send + Sync {
    /// An account of the portal.
    async fn find_user_account(&self, portal_id: PortalId, id: UserAccountId) -> Result<Option<UserAccount>>;

    /// Accounts of the portal, oldest first.
    async fn list_user_accounts(
        &self,
        portal_id: PortalId,
        filter: &UserAccountFilter,
        page: PageRequest,
    ) -> Result<Listed<UserAccount>>;

    /// Stores a change of an account; `Taken("email")` if another of the portal has its address.
    async fn save_user_account(&self, change: Change<UserAccount>) -> Result<()>;
}
