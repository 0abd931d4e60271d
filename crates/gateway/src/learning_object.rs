//! Learning objects. Contract, section 9.1.

pub(crate) mod alternatives;
pub(crate) mod create;
pub(crate) mod find;
pub(crate) mod impact;
pub(crate) mod list;
pub(crate) mod scorm;
mod scroll;
pub(crate) mod set;
pub(crate) mod show;
pub(crate) mod upload;
mod wire;
