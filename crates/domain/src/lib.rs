//! Nouns, states and rules.
//!
//! A rule is a method on its noun: it takes what is stored, what is asked for and what time it is, and gives back a
//! [`Change`](change::Change) or says why not. Nothing here does I/O, reads a clock, draws a random number or is
//! serialisable: clocks and randomness are traits that the binary hands over, and what crosses the wire is `contract`'s.

pub mod address;
pub mod audit;
pub mod change;
pub mod clock;
pub mod delivery;
pub mod destination;
pub mod enrollment;
pub mod event;
pub mod hub_session;
pub mod id;
pub mod learning_activity;
pub mod learning_object;
pub mod notice;
pub mod oauth;
pub mod package;
pub mod password;
pub mod play;
pub mod portal;
pub mod random;
pub mod replay;
pub mod retry;
pub mod user_account;
pub mod webhook;
pub mod why;
