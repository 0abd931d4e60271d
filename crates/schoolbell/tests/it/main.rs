//! The whole system as a newcomer has it: the binary, real sockets, real signals.

mod audit;
mod bad_input;
mod check_companion;
mod command_line;
mod companion;
mod contract;
mod demo;
mod hub;
mod idempotency;
mod kill;
mod lms;
mod notices;
mod player;
mod process;
mod receiver;
mod retirement;
mod stop;
mod whose;
