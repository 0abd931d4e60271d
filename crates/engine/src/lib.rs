#![doc = include_str!("../README.md")]

mod backoff;
mod deliver;
mod lane;
mod lanes;
pub mod mailer;
pub mod request;
pub mod run;
pub mod tasks;
pub mod timer;
mod token;
pub mod transport;
mod watch;
