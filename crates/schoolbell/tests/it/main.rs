//! The whole system as a newcomer has it: the binary, real sockets, real signals.

mod bad_input;
mod command_line;
mod companion;
mod contract;
mod demo;
mod kill;
mod process;
mod receiver;
mod stop;
