//! Letting people in.

pub(crate) mod check;
pub(crate) mod limit;
pub(crate) mod ticket;
