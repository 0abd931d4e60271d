//! Events: what happened, whom it reached, and why not others.

pub(crate) mod list;
pub(crate) mod reach;
pub(crate) mod show;
pub(crate) mod standing;
pub(crate) mod subject;
pub(crate) mod why;
