#![cfg_attr(feature = "http", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "http"), doc = "For integrators: verify a webhook and parse it.")]

pub mod event;
pub mod headers;
pub mod verify;

#[cfg(feature = "http")]
pub mod platform;
