//! Events: what happened, whom it reached and why not others. Ours: not in the published API.

pub(crate) mod list;
pub(crate) mod of_enrollment;
pub(crate) mod show;
mod wire;
