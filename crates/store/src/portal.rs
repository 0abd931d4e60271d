//! Portals.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::PortalId;
use domain::portal::Portal;
use domain::user_account::UserAccount;

use crate::error::Result;
use crate::page::{Listed, Order, PageRequest};

/// Which portals are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortalFilter {
    /// One of these.
    pub ids: Option<Vec<PortalId>>,
    /// This text somewhere in the name or the domain, whatever its case.
    pub keyword: Option<String>,
    /// By when they were made.
    pub order: Order,
}

/// Portals.
#[async_trait]
pub trait Portals: Send + Sync {
    /// The portal itself.
    async fn find_portal(&self, id: PortalId) -> Result<Option<Portal>>;

    /// The customers of a partner, itself not among them.
    async fn list_customers(
        &self,
        partner_id: PortalId,
        filter: &PortalFilter,
        page: PageRequest,
    ) -> Result<Listed<Portal>>;

    /// Every portal of the installation: for its operator only.
    async fn list_portals(&self, filter: &PortalFilter, page: PageRequest) -> Result<Listed<Portal>>;

    /// Stores a change of a portal; `Taken("domain")` if another has its domain.
    async fn save_portal(&self, change: Change<Portal>) -> Result<()>;

    /// Stores a new portal together with its first administrator.
    async fn save_new_portal(&self, portal: Change<Portal>, administrator: Change<UserAccount>) -> Result<()>;
}
