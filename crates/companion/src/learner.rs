//! Who completed: where that is read, what was found of it, and how sure it is. Knows no database and no platform.
//!
//! A learner has an id on the platform, which says nothing to the integrator, often an e-mail address, and, where content is used
//! through SCORM, the id that the integrator's own LMS passed. People are matched by those, never by a name.

use serde::{Deserialize, Serialize};

pub mod selector;

/// Where it is read who completed (contract, sections 7.1 and 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetailsFrom {
    /// The enrollment and its user, who has an e-mail address: for authenticated links.
    #[default]
    Enrollment,
    /// What the LMS passed through SCORM. One that is not there yet is waited for, some seven minutes; then it is read from the
    /// enrollment.
    LearningActivity,
    /// What the LMS passed through SCORM if there is that, and the enrollment and its user as well, without waiting: for portals
    /// that use both ways.
    Both,
}

/// Where it was read in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The enrollment and its user.
    Enrollment,
    /// The learning activity, which had an id.
    LearningActivity,
}

/// By what somebody was matched, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// Somebody said so.
    Link,
    /// The id that the LMS passed.
    ExternalId,
    /// Their e-mail address.
    Email,
}

/// Who it was, as the integrator counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The external id of somebody in the list of people.
    pub(crate) person: String,
    pub(crate) by: MatchedBy,
}

/// Whether a learner is still looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LearnerState {
    /// Nobody is known to be this learner.
    Open,
    /// Somebody said who it is.
    Linked,
    /// It turned out later, for instance by another import.
    Matched,
}

macro_rules! spelled {
    ($name:ident { $($variant:ident = $text:literal),+ }) => {
        impl $name {
            /// Every one.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The spelling in the database and in answers.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text),+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let known = || Self::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
                let found = Self::ALL.iter().find(|one| one.as_str() == text).copied();
                found.ok_or_else(|| format!("known are {}", known()))
            }
        }
    };
}

spelled!(Source { Enrollment = "enrollment", LearningActivity = "learning-activity" });
spelled!(MatchedBy { Link = "link", ExternalId = "external_id", Email = "email" });
spelled!(LearnerState { Open = "open", Linked = "linked", Matched = "matched" });
