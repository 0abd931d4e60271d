//! The wrapper in a real browser: a real package in an LMS that does as it is told, and a player on another site.
//!
//! How the API is found, what is read and written, and what the learner is told when something does not go as it should.

mod find;
mod mirror;
mod network;
mod page;
mod read;
mod save;
mod tls;
mod world;
