//! Where the platform listens, and within which limits.

use std::net::SocketAddr;

use domain::webhook::PER_PORTAL_MAX;
use serde::{Deserialize, Serialize};

/// Section `[server]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSection {
    /// The address of the API. Default: `127.0.0.1:8420`.
    pub(crate) listen: SocketAddr,
    /// The address of `/metrics`, which is for the operator only. Default: none, and then there are no metrics.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// The longest body of a request, in bytes. Default: 1,048,576.
    pub(crate) body_bytes_max: usize,
    /// How many webhooks a portal may have. Default: 50.
    pub(crate) webhooks_per_portal_max: usize,
}

impl Default for ServerSection {
    fn default() -> Self {
        ServerSection {
            listen: SocketAddr::from(([127, 0, 0, 1], 8420)),
            metrics_listen: None,
            body_bytes_max: 1024 * 1024,
            webhooks_per_portal_max: PER_PORTAL_MAX,
        }
    }
}
