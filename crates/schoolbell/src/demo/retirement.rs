//! The second part: content from its flag to its removal, on a clock that runs fast.
//!
//! Platform and companion are others than those of the first part, with a clock of their own, and as real: what is said goes
//! through the API, what is told comes by a webhook, letters are taken by a mail server, and the application is asked by its hook.

mod pages;
mod stage;
mod story;

pub(super) use stage::Stage;
pub(super) use story::{BEGINS, play};
