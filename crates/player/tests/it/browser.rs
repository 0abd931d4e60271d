//! The page in a real browser, over the real player and a store: each kind of content, and whatever can go wrong between them.

mod content;
mod looks;
mod page;
mod site;
mod uploaded;
