#![doc = include_str!("../README.md")]

pub mod axe;
pub mod browser;
pub mod frame;
pub mod key;
pub mod page;

mod pipe;
mod world;

use std::time::Duration;

/// How long anything is waited for before the test fails: a start, an answer, a condition.
pub const PATIENCE: Duration = Duration::from_secs(30);
