//! The user that the caller acts as.

pub(crate) mod login;
