//! Learning objects. Contract, section 9.1.

pub(crate) mod alternatives;
pub(crate) mod create;
pub(crate) mod find;
pub(crate) mod impact;
pub(crate) mod list;
mod scroll;
pub(crate) mod set;
pub(crate) mod show;
mod wire;
