//! The engine over a real store, with a clock that is moved and receivers that do as they are told; and the transport
//! over real sockets, with receivers that misbehave.

mod flood;
mod http;
mod lanes;
mod loops;
mod metrics;
mod receiver;
mod tasks;
mod time;
mod tls;
mod token;
mod world;
