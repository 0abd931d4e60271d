//! Enrollments in the older shape: what an integrator fetches after a webhook. Contract, section 7.1.

pub(crate) mod list;
pub(crate) mod list_older;
pub(crate) mod permission;
pub(crate) mod show;
mod wire;
