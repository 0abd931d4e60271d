//! The API over a store of its own, asked the way clients ask.

mod answer;
mod app;
mod authorization;
mod bad_input;
mod content;
mod deliveries;
mod door;
mod enrollments;
mod events;
mod guard;
mod hostile_callers;
mod idempotency;
mod limits;
mod mass_assignment;
mod notices;
mod oauth;
mod oauth_clients;
mod observed;
mod openapi;
mod paging;
mod portals;
mod quirks;
mod receiver_answers;
#[path = "../../../domain/tests/refused_urls/mod.rs"]
mod refused_urls;
mod retirement;
mod seeds;
mod serve;
mod state_machine;
mod test_event;
mod token_endpoint;
mod user_accounts;
mod v2;
mod webhooks;
mod why;
mod world;
