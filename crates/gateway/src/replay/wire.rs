//! Replays as they are written.

use contract::api::delivery as api;
use domain::replay::Replay;
use jiff::Timestamp;

/// A replay. `kept_from` is before when events may have been pruned: whoever asked for earlier ones is told.
pub(super) fn replay(replay: Replay, kept_from: Option<Timestamp>) -> api::Replay {
    let status = if replay.finished_at.is_some() { "finished" } else { "running" };
    api::Replay {
        id: replay.id.to_string(),
        webhook_id: replay.webhook_id.to_string(),
        scope: replay.scope.as_str().to_owned(),
        since: replay.since.into(),
        events_from: kept_from.filter(|kept_from| replay.since < *kept_from).map(Into::into),
        status: status.to_owned(),
        deliveries: replay.deliveries,
        created_time: replay.created_at.into(),
        finished_time: replay.finished_at.map(Into::into),
    }
}
