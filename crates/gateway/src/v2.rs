//! The older API, whose version is in the path and whose ids are numbers. Contract, sections 7.1, 8, 9.4 and 10.

pub(crate) mod account;
pub(crate) mod collection;
pub(crate) mod enrollment;
pub(crate) mod learning_activity;
pub(crate) mod learning_object;
pub(crate) mod me;
pub(crate) mod user;
pub(crate) mod user_account;

/// An id as V2 writes it. Ids are never negative.
fn number(id: i64) -> u64 {
    id.unsigned_abs()
}
