//! Small models of what nodes do to one database, in which every order of every step is tried. The decisions in them are those of
//! `domain`; what the store does is written down once more, as its rules are (decision 2).

mod lease;
mod rotation;

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

/// Tries everything, and gives back how many states there were: what must always hold does, and what should be reached is.
#[track_caller]
fn check<M>(model: M) -> u64
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq + Send + Sync>
        + Send
        + Sync
        + 'static,
{
    let checker = model.checker().threads(2).spawn_bfs().join();
    assert!(checker.is_done());
    checker.assert_properties();
    checker.unique_state_count() as u64
}

/// Whether the checker finds that something does not hold.
fn finds<M>(model: M, property: &'static str) -> bool
where
    M: Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq + Send + Sync>
        + Send
        + Sync
        + 'static,
{
    let enough = HasDiscoveries::AnyOf([property].into());
    let checker = model.checker().threads(2).finish_when(enough).spawn_bfs().join();
    checker.discovery(property).is_some()
}
