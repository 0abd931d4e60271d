//! Portals. Contract, section 10.

pub(crate) mod access;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod update;
mod wire;
