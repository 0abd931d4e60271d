//! What is in a portal's library.

pub(crate) mod add;
mod parse;
pub(crate) mod remove;
