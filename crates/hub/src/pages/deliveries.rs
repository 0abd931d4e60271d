//! Deliveries: what was told to whom, attempt by attempt, and told again.

pub(crate) mod attempt;
pub(crate) mod envelope;
pub(crate) mod filter;
pub(crate) mod list;
pub(crate) mod names;
pub(crate) mod replay;
pub(crate) mod row;
pub(crate) mod show;
