#![doc = include_str!("../README.md")]

mod asset;
mod audit;
mod cookie;
mod extract;
mod flash;
mod form;
mod guard;
pub mod hub;
mod json;
mod live;
mod moment;
mod page;
mod pages;
mod paging;
pub mod password;
mod refusal;
pub mod router;
mod session;
mod shell;
mod sign_in;
mod spark;
mod when;
mod words;
