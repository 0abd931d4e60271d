//! What a decision comes to: a new state, and the events that it is told by.

use crate::event::Event;

/// A new state of one thing together with the events born of the transition.
///
/// A `save_` verb of the store writes both in one transaction, and only if what is stored is still the version
/// that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<T> {
    /// The new state. Its `version` is the one that was read; 0 if it is not stored yet.
    pub after: T,
    /// What happened, in the order in which it happened.
    pub events: Vec<Event>,
}

impl<T> Change<T> {
    /// A change that nobody is told of.
    pub fn silent(after: T) -> Self {
        Change { after, events: Vec::new() }
    }
}
