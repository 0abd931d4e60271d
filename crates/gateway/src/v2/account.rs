//! The portal of the token.

pub(crate) mod show;
