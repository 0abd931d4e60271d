//! Content that a learner can be enrolled in.

use jiff::Timestamp;

use crate::id::{ContentId, LearningObjectId, PortalId};
use crate::portal::Portal;

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 500;

/// Where a learning object stands. Contract, section 9.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifecycleState {
    /// Not shown yet.
    Draft,
    /// Can be found, enrolled in and played.
    Published,
    /// Out of search; those enrolled go on.
    Retired,
    /// Gone for everyone; its history stays.
    Removed,
}

impl LifecycleState {
    /// Every state, in order.
    pub const ALL: [LifecycleState; 4] =
        [LifecycleState::Draft, LifecycleState::Published, LifecycleState::Retired, LifecycleState::Removed];

    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            LifecycleState::Draft => "draft",
            LifecycleState::Published => "published",
            LifecycleState::Retired => "retired",
            LifecycleState::Removed => "removed",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        LifecycleState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The kinds of content that the published API knows. Contract, section 9.1.
pub const KINDS: [&str; 16] = [
    "course",
    "group",
    "playlist",
    "module",
    "assignment",
    "audio",
    "document",
    "event",
    "interactive",
    "manual",
    "link",
    "lti",
    "question",
    "quiz",
    "text",
    "video",
];

/// Content, owned by one portal and held in the libraries of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearningObject {
    /// The number that events carry.
    pub id: LearningObjectId,
    /// The version that was read; 0 if it is not stored yet.
    pub version: i64,
    /// The newer id.
    pub content_id: ContentId,
    /// The portal that owns it.
    pub owner_id: PortalId,
    /// One of [`KINDS`].
    pub kind: String,
    /// What people call it.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The owner's own id for it.
    pub external_id: Option<String>,
    /// Where it stands.
    pub state: LifecycleState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl LearningObject {
    /// Whether somebody new can be enrolled (decision 23).
    pub fn admits_enrollments(&self) -> bool {
        match self.state {
            LifecycleState::Published => true,
            LifecycleState::Draft | LifecycleState::Retired | LifecycleState::Removed => false,
        }
    }

    /// Whether a portal may take it into its library: its own content, or that of the partner above it.
    pub fn may_be_held_by(&self, portal: &Portal) -> bool {
        self.owner_id == portal.id || Some(self.owner_id) == portal.partner_id
    }
}
