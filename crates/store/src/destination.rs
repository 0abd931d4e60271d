//! Destinations.

use async_trait::async_trait;
use domain::change::Change;
use domain::destination::Destination;
use domain::id::{DestinationId, DestinationToken, PortalId};
use jiff::Timestamp;

use crate::error::Result;
use crate::page::{Listed, PageRequest};

/// Destinations.
#[async_trait]
pub trait Destinations: Send + Sync {
    /// A destination of the portal.
    async fn find_destination(&self, portal_id: PortalId, id: DestinationId) -> Result<Option<Destination>>;

    /// The destination whose packages carry that token, also one that is revoked or over. Whoever brings it has not said yet for
    /// which portal.
    async fn find_destination_by_token(&self, token: &DestinationToken) -> Result<Option<Destination>>;

    /// The portal's oldest destination whose packages can be launched at `now`.
    async fn find_default_destination(&self, portal_id: PortalId, now: Timestamp) -> Result<Option<Destination>>;

    /// The destinations of the portal, oldest first.
    async fn list_destinations(&self, portal_id: PortalId, page: PageRequest) -> Result<Listed<Destination>>;

    /// Stores a change of a destination.
    ///
    /// `LimitReached` if it is new and the portal has [`PER_PORTAL_MAX`](domain::destination::PER_PORTAL_MAX) already.
    async fn save_destination(&self, change: Change<Destination>) -> Result<()>;

    /// Stores a new destination if none of its portal's can be launched at the time when it was made, and says which is the oldest that
    /// can: however many ask at the same time, they are told the same, and one is stored. Limits as
    /// [`save_destination`](Self::save_destination).
    async fn save_default_destination(&self, destination: Destination) -> Result<Destination>;
}
