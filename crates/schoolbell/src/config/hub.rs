//! Where people without a terminal look after it all.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Section `[hub]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HubSection {
    /// The address of the Partner Hub. Default: none, and then it is served with the API, at `/hub`.
    pub(crate) listen: Option<SocketAddr>,
}
