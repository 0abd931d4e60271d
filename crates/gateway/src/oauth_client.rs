//! OAuth clients. Contract, section 5.3.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
mod wire;
