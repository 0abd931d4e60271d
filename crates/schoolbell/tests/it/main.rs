//! The whole system as a newcomer has it: the binary, real sockets, real signals.

mod bad_input;
mod command_line;
mod companion;
mod contract;
mod demo;
mod idempotency;
mod kill;
mod notices;
mod process;
mod receiver;
mod retirement;
mod stop;
