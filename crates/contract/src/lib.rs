//! The wire: event types, the envelope, signatures and the types of the HTTP API.
//!
//! Everything that crosses the network has its one definition here, and nothing here does I/O, reads a
//! clock or draws a random number. The crate knows no database, no HTTP library and no rule of the system:
//! it only knows how things are spelled. Facts carry their source as "contract, section N".

pub mod api;
pub mod csv;
pub mod envelope;
pub mod event_type;
pub mod events;
pub mod lms_text;
pub mod signature;
pub mod time;
