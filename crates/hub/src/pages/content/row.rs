//! Content at a glance.

use domain::learning_object::{LearningObject, LifecycleState, Retirement};
use jiff::{SignedDuration, Timestamp};

use crate::extract::View;
use crate::when::{When, span};

/// From how little notice on a removal is near.
const NEAR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Content, where it stands and when it ends.
pub(crate) struct ContentRow {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) title: String,
    /// Such as "Course".
    pub(crate) kind: String,
    pub(crate) language: String,
    pub(crate) is_own: bool,
    pub(crate) state: &'static str,
    pub(crate) badge: &'static str,
    /// From when on nobody new is enrolled, if that lies ahead.
    pub(crate) retires_at: Option<When>,
    /// From when on it is gone, if that lies ahead.
    pub(crate) removes_at: Option<When>,
    /// How long that is from now.
    pub(crate) left: String,
    pub(crate) is_near: bool,
    pub(crate) updated_at: When,
}

impl ContentRow {
    /// The content as it stands at `now`.
    pub(crate) fn new(view: &View, content: &LearningObject, now: Timestamp) -> Self {
        let (state, badge) = state(content, now);
        let ahead = |at: &Timestamp| *at > now;
        let removed_at = content.retirement.map(|retirement| retirement.removed_at).filter(ahead);
        let retired_at = content.retirement.and_then(|retirement| retirement.retired_at).filter(ahead);
        ContentRow {
            path: view.path(format_args!("content/{}", content.id)),
            id: content.id.to_string(),
            title: content.title.clone(),
            kind: kind_name(&content.kind),
            language: content.language.clone().unwrap_or_default(),
            is_own: content.owner_id == view.portal.id,
            state,
            badge,
            retires_at: retired_at.map(When),
            removes_at: removed_at.map(When),
            left: removed_at.map(|at| left(at, now)).unwrap_or_default(),
            is_near: removed_at.is_some_and(|at| at.duration_since(now) <= NEAR),
            updated_at: When(content.updated_at),
        }
    }
}

/// How its state is called, and which colour it has.
pub(crate) fn state(content: &LearningObject, now: Timestamp) -> (&'static str, &'static str) {
    match (content.state_at(now), content.retirement) {
        (LifecycleState::Draft, _) => ("Draft", "none"),
        (LifecycleState::Published, None) => ("Published", "good"),
        (LifecycleState::Published, Some(_)) => ("Retiring soon", "warn"),
        (LifecycleState::Retired, _) => ("Retired", "warn"),
        (LifecycleState::Removed, _) => ("Removed", "bad"),
    }
}

/// What its state means for learners.
pub(crate) fn meaning(content: &LearningObject, now: Timestamp) -> &'static str {
    match (content.state_at(now), content.retirement) {
        (LifecycleState::Draft, _) => "Nobody finds it yet.",
        (LifecycleState::Published, None) => "It can be found, enrolled in and played.",
        (LifecycleState::Published, Some(Retirement { retired_at: Some(_), .. })) => {
            "It can still be found, enrolled in and played; its dates are known."
        }
        (LifecycleState::Published, Some(_)) => "It can be found, enrolled in and played until it is removed.",
        (LifecycleState::Retired, _) => "It is out of search and nobody new is enrolled; those who are enrolled go on.",
        (LifecycleState::Removed, _) => "It is gone for everyone. Enrollments, completions and activities stay.",
    }
}

/// How long there is from `now` on, in whole days where there are any.
pub(crate) fn left(at: Timestamp, now: Timestamp) -> String {
    let ahead = at.duration_since(now);
    match ahead.as_hours() / 24 {
        0 => format!("{} left", span(ahead)),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    }
}

/// A kind as people write it.
pub(crate) fn kind_name(kind: &str) -> String {
    match kind {
        "lti" => "LTI".to_owned(),
        _ => {
            let mut chars = kind.chars();
            let first = chars.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(chars).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_never_more_than_there_is() {
        let now = Timestamp::UNIX_EPOCH;
        for (seconds, expected) in [
            (30, "30 s left"),
            (86_399, "23 h left"),
            (86_400, "1 day left"),
            (172_799, "1 day left"),
            (172_800, "2 days left"),
            (60 * 86_400, "60 days left"),
        ] {
            assert_eq!(left(Timestamp::from_second(seconds).unwrap(), now), expected);
        }
    }

    #[test]
    fn kinds_are_written_as_people_write_them() {
        assert_eq!(["course", "lti", ""].map(kind_name), ["Course", "LTI", ""]);
    }
}
