//! What a request says, parsed once, at the door.

pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod id;
pub(crate) mod json;
pub(crate) mod query;
pub(crate) mod scope;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod trailing_comma;
pub(crate) mod version;
