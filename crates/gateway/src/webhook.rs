//! Webhooks. Contract, section 2.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
mod parse;
pub(crate) mod show;
pub(crate) mod test;
pub(crate) mod update;
mod wire;
