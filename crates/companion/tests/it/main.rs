//! The companion against a scripted platform on loopback.

mod api;
mod fetching;
mod identifying;
mod lifecycle;
mod matching;
mod platform;
mod receiving;
mod removing;
mod retirement;
mod retiring;
mod schema;
mod world;
