//! Replays: many events of a webhook told again, step by step.

pub(crate) mod create;
pub(crate) mod preview;
pub(crate) mod row;
pub(crate) mod show;
