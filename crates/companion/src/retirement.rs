//! Content that ends: what is known of it, who is told when, and how it is removed in time. Pure: neither a database, nor the
//! platform, nor a clock.
//!
//! Contract, sections 3.3 and 9.5, decisions 21 to 25 and 30.

pub(crate) mod calendar;
pub(crate) mod dates;
pub(crate) mod hook;
pub(crate) mod letter;
pub(crate) mod links;
pub(crate) mod news;
pub(crate) mod notices;
pub(crate) mod rules;
pub(crate) mod table;
pub(crate) mod view;

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Where content stands, as the platform's events tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It ends.
    Flagged,
    /// It does not, after all.
    Withdrawn,
    /// It has ended.
    Gone,
}

/// Where a retirement stands, with what was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RetirementState {
    /// The content ends, and is not to be removed yet.
    Scheduled,
    /// It is to be removed now.
    Due,
    /// It is removed, as the application confirmed.
    Removed,
    /// It does not end, after all.
    Withdrawn,
}

/// What is kept of a retirement. The migration says what each column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) number: i64,
    pub(crate) portal_id: String,
    pub(crate) lo_id: String,
    pub(crate) told: news::Told,
    pub(crate) title: Option<String>,
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) is_truncated: bool,
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) fetches: u32,
    pub(crate) fetch_reason: Option<String>,
    pub(crate) removal: Removal,
}

/// How far the removal has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removal {
    pub(crate) asked_at: Option<Timestamp>,
    pub(crate) tries: u32,
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) reason: Option<String>,
    pub(crate) removed_at: Option<Timestamp>,
    pub(crate) removed_by: Option<String>,
}

/// What may take the place of content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alternative {
    /// The content, by the id that events carry.
    pub(crate) lo_id: String,
    /// What people call it; `None` when the platform does not say.
    pub(crate) title: Option<String>,
}

/// What an administrator decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// What.
    pub(crate) decision: DecisionKind,
    /// With what it is replaced.
    #[serde(default)]
    pub(crate) replacement_lo_id: Option<String>,
    /// Why.
    #[serde(default)]
    pub(crate) reason: Option<String>,
    /// Who, as they say themselves.
    pub(crate) by: String,
}

/// What can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DecisionKind {
    /// Let it end; nothing takes its place.
    Expire,
    /// Something takes its place.
    Replace,
    /// Nobody is to be told of it any more. It is removed in time all the same.
    Dismiss,
}

/// An enrollment in content that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Learner {
    pub(crate) enrollment_id: String,
    pub(crate) user_account_id: String,
    pub(crate) status: String,
    pub(crate) is_assigned: bool,
}

impl Record {
    /// By when it must be removed here, if it ends.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.told.deadline
    }

    /// When it is removed here: `margin` before the deadline.
    pub(crate) fn due_at(&self, margin: SignedDuration) -> Option<Timestamp> {
        self.deadline().map(|deadline| deadline.saturating_sub(margin).unwrap_or(Timestamp::MIN))
    }

    /// What people call it, or at least which one it is.
    pub(crate) fn name(&self) -> String {
        self.title.clone().unwrap_or_else(|| format!("content {}", self.lo_id))
    }

    pub(crate) fn state(&self, margin: SignedDuration, now: Timestamp) -> RetirementState {
        match (self.told.standing, self.removal.removed_at) {
            (Standing::Withdrawn, _) => RetirementState::Withdrawn,
            (_, Some(_)) => RetirementState::Removed,
            (Standing::Flagged | Standing::Gone, None) if self.due_at(margin).is_some_and(|due_at| due_at <= now) => {
                RetirementState::Due
            }
            (Standing::Flagged | Standing::Gone, None) => RetirementState::Scheduled,
        }
    }
}

impl Standing {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Standing::Flagged => "flagged",
            Standing::Withdrawn => "withdrawn",
            Standing::Gone => "gone",
        }
    }
}

impl FromStr for Standing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Standing::Flagged, Standing::Withdrawn, Standing::Gone];
        all.into_iter().find(|one| one.as_str() == text).ok_or_else(|| format!("no such standing: {text:?}"))
    }
}

impl RetirementState {
    /// Every state.
    pub(crate) const ALL: [RetirementState; 4] =
        [RetirementState::Scheduled, RetirementState::Due, RetirementState::Removed, RetirementState::Withdrawn];

    /// The spelling in questions and answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            RetirementState::Scheduled => "scheduled",
            RetirementState::Due => "due",
            RetirementState::Removed => "removed",
            RetirementState::Withdrawn => "withdrawn",
        }
    }
}

impl DecisionKind {
    /// The spelling in the database and in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            DecisionKind::Expire => "expire",
            DecisionKind::Replace => "replace",
            DecisionKind::Dismiss => "dismiss",
        }
    }
}

impl FromStr for DecisionKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [DecisionKind::Expire, DecisionKind::Replace, DecisionKind::Dismiss];
        all.into_iter().find(|one| one.as_str() == text).ok_or_else(|| format!("no such decision: {text:?}"))
    }
}

/// Whether an enrollment in this state is finished, in either spelling (decision 32).
pub(crate) fn is_finished(status: &str) -> bool {
    matches!(status, "completed" | "complete")
}
