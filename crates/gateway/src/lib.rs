//! The public HTTP API: OAuth, webhooks, portals, users, learning objects, enrollments.
//!
//! One file per endpoint, one table of routes ([`router`]), and from both the description at `GET /openapi.json`. A
//! handler parses, loads, lets one method of `domain` decide, saves with one verb of `store`, and answers in types of
//! `contract`. It knows no database, no clock and no source of randomness but those in the [`Gateway`](gateway::Gateway)
//! that the binary hands over, and it never calls a receiver of webhooks.
//!
//! What goes wrong is a `Refusal`, and becomes one shape of answer in one place (`observe`).
//! [`serve`] runs any axum router behind limits that keep a slow or hostile client from holding the others up.

mod again;
mod audit;
mod delivery;
mod destination;
mod door;
mod enrollment;
mod event;
mod extract;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod gateway;
mod health;
mod idempotency;
mod learning_object;
pub mod limit;
mod login;
mod notice;
mod oauth;
mod oauth_client;
mod observe;
mod openapi;
mod page;
mod portal;
mod refusal;
mod replay;
pub mod router;
pub mod serve;
mod token_cache;
pub mod upload;
mod user_account;
mod v2;
mod webhook;
