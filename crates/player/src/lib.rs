#![doc = include_str!("../README.md")]

mod again;
mod asset;
mod body;
mod commit;
mod cors;
mod door;
mod enrollment;
mod exchange;
mod launch;
mod limit;
mod markdown;
mod observe;
mod package;
mod page;
pub mod player;
mod progress;
mod refusal;
pub mod router;
mod session;
mod values;
