//! How large a model is.

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) workers: usize,
    pub(super) events: usize,
    /// How many of them are born leased, and not there yet.
    pub(super) births: usize,
    /// How often something may be told again.
    pub(super) replays: usize,
    /// How often the owner may pause or resume.
    pub(super) changes: u8,
}

pub(super) const MANY_WORKERS: Size = Size { workers: 3, events: 2, births: 0, replays: 0, changes: 0 };
pub(super) const SMALL: Size = Size { workers: 2, events: 1, births: 0, replays: 1, changes: 2 };
pub(super) const SOME_OF_ALL: Size = Size { workers: 2, events: 2, births: 0, replays: 0, changes: 1 };
pub(super) const MANY_CHANGES: Size = Size { workers: 2, events: 1, births: 0, replays: 2, changes: 3 };
pub(super) const BORN: Size = Size { workers: 2, events: 1, births: 1, replays: 1, changes: 2 };
pub(super) const SOME_BORN: Size = Size { workers: 2, events: 2, births: 1, replays: 0, changes: 1 };
