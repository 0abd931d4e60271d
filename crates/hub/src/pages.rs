//! The pages, one file each.

pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod enrollments;
pub(crate) mod overview;
pub(crate) mod portals;
pub(crate) mod sign_in;
pub(crate) mod stream;
pub(crate) mod webhooks;
