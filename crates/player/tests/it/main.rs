//! The player over a store of its own, asked the way pages and packages ask.

mod app;
mod browser;
mod commit;
mod hostile;
mod launch;
mod link;
mod origins;
mod package;
mod page;
mod progress;
mod seats;
mod world;
