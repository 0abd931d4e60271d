//! Enrollments, read-only: who is how far in what, and what their LMS passed.

pub(crate) mod export;
mod filter;
pub(crate) mod list;
mod row;
pub(crate) mod show;
