//! Content that ends, as it is kept. One verb is one transaction, as everywhere in the inbox.

pub(crate) mod calendar;
pub(crate) mod case;
pub(crate) mod decision;
pub(crate) mod fetch;
pub(crate) mod mail;
pub(crate) mod news;
pub(crate) mod notices;
pub(crate) mod removal;
pub(crate) mod step;
