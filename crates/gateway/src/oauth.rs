//! Tokens. Contract, section 5.

mod client;
mod form;
pub(crate) mod issue;
mod refusal;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod validate;
