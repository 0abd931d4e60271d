//! The Hub as a real browser shows it.

mod crawl;
mod gallery;
pub(crate) mod site;
pub(crate) mod town;
