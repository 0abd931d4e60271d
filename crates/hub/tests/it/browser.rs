//! The Hub as a real browser shows it.

mod crawl;
mod gallery;
mod hostile;
mod payloads;
pub(crate) mod site;
pub(crate) mod town;
