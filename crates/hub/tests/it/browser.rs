//! The Hub as a real browser shows it.

mod crawl;
mod gallery;
mod site;
mod town;
