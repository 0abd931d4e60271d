//! The account behind a user, in the shape of V3.

pub(crate) mod show;
