//! Replays: many events told again. Ours: not in the published API.

pub(crate) mod create;
pub(crate) mod show;
mod wire;
