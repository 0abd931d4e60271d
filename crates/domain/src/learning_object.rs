//! Content that a learner can be enrolled in.

use jiff::Timestamp;

use crate::change::Change;
use crate::id::{ContentId, LearningObjectId, PortalId};
use crate::portal::Portal;

pub mod retirement;

pub use self::retirement::Retirement;

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 500;
/// The longest description, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 65_536;
/// The longest id of the owner's own, in characters.
pub const EXTERNAL_ID_CHARS_MAX: usize = 255;

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
    /// Where it stood when that was last stored; [`state_at`](Self::state_at) says where it stands.
    pub state: LifecycleState,
    /// When it ends, if it is flagged.
    pub retirement: Option<Retirement>,
    /// When a flag was last withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Why content cannot be as it is asked to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LearningObjectError {
    /// The title is missing or too long.
    #[error("core.title must have 1 to {TITLE_CHARS_MAX} characters")]
    Title,
    /// The description is too long.
    #[error("core.description must have at most {DESCRIPTION_CHARS_MAX} characters")]
    Description,
    /// The owner's own id is empty or too long.
    #[error("core.external_id must have 1 to {EXTERNAL_ID_CHARS_MAX} characters")]
    ExternalId,
    /// Not one of [`KINDS`].
    #[error("core.type {0:?} is unknown, known are: {known}", known = KINDS.join(", "))]
    Kind(String),
}

impl LearningObjectError {
    /// The field at fault.
    pub const fn field(&self) -> &'static str {
        match self {
            LearningObjectError::Title => "core.title",
            LearningObjectError::Description => "core.description",
            LearningObjectError::ExternalId => "core.external_id",
            LearningObjectError::Kind(_) => "core.type",
        }
    }
}

impl LearningObject {
    /// Content that is about to be stored for the first time, if it may be as it is.
    pub fn create(self) -> Result<Change<LearningObject>, LearningObjectError> {
        if !(1..=TITLE_CHARS_MAX).contains(&self.title.chars().count()) {
            return Err(LearningObjectError::Title);
        }
        if self.description.chars().count() > DESCRIPTION_CHARS_MAX {
            return Err(LearningObjectError::Description);
        }
        let id_length = self.external_id.as_ref().map(|id| id.chars().count());
        if id_length.is_some_and(|length| !(1..=EXTERNAL_ID_CHARS_MAX).contains(&length)) {
            return Err(LearningObjectError::ExternalId);
        }
        if !KINDS.contains(&self.kind.as_str()) {
            return Err(LearningObjectError::Kind(self.kind));
        }
        Ok(Change::silent(self))
    }

    /// Whether somebody new can be enrolled (decision 23).
    pub fn admits_enrollments(&self, now: Timestamp) -> bool {
        match self.state_at(now) {
            LifecycleState::Published => true,
            LifecycleState::Draft | LifecycleState::Retired | LifecycleState::Removed => false,
        }
    }

    /// Whether a portal may take it into its library: its own content, or that of the partner above it.
    pub fn may_be_held_by(&self, portal: &Portal) -> bool {
        self.owner_id == portal.id || Some(self.owner_id) == portal.partner_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn content() -> LearningObject {
        LearningObject {
            id: LearningObjectId(741712),
            version: 0,
            content_id: "con_01G6VGXA00040G2081040G2081".parse().unwrap(),
            owner_id: PortalId(1),
            kind: "course".to_owned(),
            title: "Fire safety".to_owned(),
            description: String::new(),
            external_id: None,
            state: LifecycleState::Published,
            retirement: None,
            withdrawn_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[track_caller]
    fn check(content: LearningObject, expected: Result<(), LearningObjectError>) {
        assert_eq!(content.create().map(|_| ()), expected);
    }

    #[test]
    fn texts_have_limits() {
        let titled = |length| LearningObject { title: "é".repeat(length), ..content() };
        check(titled(0), Err(LearningObjectError::Title));
        check(titled(TITLE_CHARS_MAX), Ok(()));
        check(titled(TITLE_CHARS_MAX + 1), Err(LearningObjectError::Title));
        let described = |length| LearningObject { description: "é".repeat(length), ..content() };
        check(described(DESCRIPTION_CHARS_MAX), Ok(()));
        check(described(DESCRIPTION_CHARS_MAX + 1), Err(LearningObjectError::Description));
        let named = |length| LearningObject { external_id: Some("é".repeat(length)), ..content() };
        check(named(0), Err(LearningObjectError::ExternalId));
        check(named(EXTERNAL_ID_CHARS_MAX), Ok(()));
        check(named(EXTERNAL_ID_CHARS_MAX + 1), Err(LearningObjectError::ExternalId));
    }

    #[test]
    fn its_kind_is_a_known_one() {
        for kind in KINDS {
            check(LearningObject { kind: kind.to_owned(), ..content() }, Ok(()));
        }
        let unknown = LearningObjectError::Kind("poem".to_owned());
        check(LearningObject { kind: "poem".to_owned(), ..content() }, Err(unknown));
    }
}
