//! User accounts. Contract, section 10.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod parse;
pub(crate) mod show;
pub(crate) mod update;
pub(crate) mod wire;
