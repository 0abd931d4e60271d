//! The engine over a real store, with a clock that is moved and receivers that do as they are told; and the transport
//! over real sockets, with receivers that misbehave.

mod apart;
mod flood;
mod guard;
mod hostile;
mod http;
mod lanes;
mod loops;
mod memory;
mod metrics;
mod model;
mod name_server;
mod namespace;
mod notices;
mod openssl;
mod pace;
mod proxy;
mod rebinding;
mod receiver;
mod redirects;
#[path = "../../../domain/tests/refused_urls/mod.rs"]
mod refused_urls;
mod retirement;
mod rotation;
mod simulation;
mod tasks;
mod test_event;
mod time;
mod tls;
mod tls_matrix;
mod token;
mod world;
