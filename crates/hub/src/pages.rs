//! The pages, one file each.

pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod content;
pub(crate) mod credentials;
pub(crate) mod customers;
pub(crate) mod deliveries;
pub(crate) mod destinations;
pub(crate) mod enrollments;
pub(crate) mod events;
pub(crate) mod notices;
pub(crate) mod overview;
pub(crate) mod people;
pub(crate) mod portals;
pub(crate) mod replays;
pub(crate) mod sign_in;
pub(crate) mod stream;
pub(crate) mod webhooks;
