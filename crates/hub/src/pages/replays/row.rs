//! A replay as it is shown.

use domain::replay::{Replay, ReplayScope};

use crate::extract::View;
use crate::when::{When, number};

/// A replay, as far as it has come.
pub(super) struct ReplayRow {
    pub(super) path: String,
    pub(super) scope: &'static str,
    pub(super) since: When,
    pub(super) created_at: When,
    pub(super) finished_at: Option<When>,
    pub(super) deliveries: String,
}

impl ReplayRow {
    pub(super) fn new(view: &View, replay: &Replay) -> Self {
        ReplayRow {
            path: view.path(format_args!("replays/{}", replay.id)),
            scope: scope_name(replay.scope),
            since: When(replay.since),
            created_at: When(replay.created_at),
            finished_at: replay.finished_at.map(When),
            deliveries: number(replay.deliveries),
        }
    }
}

/// What people call which events are told again.
pub(super) const fn scope_name(scope: ReplayScope) -> &'static str {
    match scope {
        ReplayScope::Failed => "What failed",
        ReplayScope::All => "Everything",
    }
}
