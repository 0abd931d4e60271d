#![doc = include_str!("../README.md")]

pub mod archive;
pub mod course;
pub mod edition;
pub mod launch_data;
pub mod manifest;
pub mod package;
pub mod schemas;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
