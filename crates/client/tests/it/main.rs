//! The client against a real server on loopback that answers what a test has written down.

mod answers;
mod calls;
mod forgery;
mod retries;
mod server;
mod tokens;
mod walk;
