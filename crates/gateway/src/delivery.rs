//! Deliveries and their attempts. Ours: not in the published API.

pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod show;
pub(crate) mod wire;
