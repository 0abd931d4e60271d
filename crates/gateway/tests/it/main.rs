//! The API over a store of its own, asked the way clients ask.

mod answer;
mod app;
mod authorization;
mod bad_input;
mod content;
mod deliveries;
mod enrollments;
mod events;
mod oauth;
mod oauth_clients;
mod observed;
mod openapi;
mod paging;
mod portals;
mod quirks;
mod seeds;
mod serve;
mod user_accounts;
mod v2;
mod webhooks;
mod world;
