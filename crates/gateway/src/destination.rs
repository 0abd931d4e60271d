//! Destinations of packages. Not in the published API.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod parse;
pub(crate) mod show;
pub(crate) mod update;
pub(crate) mod wire;
