//! Enrollments. Contract, section 7.2.

pub(crate) mod audience;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod parse;
pub(crate) mod show;
pub(crate) mod update;
mod wire;
