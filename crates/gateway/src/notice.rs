//! Operational notices. Ours: not in the published API.

pub(crate) mod list;
pub(crate) mod show;
mod wire;
