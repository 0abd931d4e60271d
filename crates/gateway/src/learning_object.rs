//! Learning objects. Contract, section 9.1.

pub(crate) mod create;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod show;
mod wire;
