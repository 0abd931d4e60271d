//! Content that a learner can be enrolled in.

use jiff::Timestamp;

use crate::change::Change;
use crate::id::{ContentId, LearningObjectId, PortalId};
use crate::portal::Portal;

pub mod alternative;
pub mod content;
pub mod retirement;

pub use self::content::Content;
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

/// The longest tag of a language, in characters.
pub const LANGUAGE_CHARS_MAX: usize = 35;
/// How many topics content may have.
pub const TOPICS_MAX: usize = 50;
/// The longest topic, in characters.
pub const TOPIC_CHARS_MAX: usize = 100;
/// How many replacements may be named.
pub const REPLACEMENTS_MAX: usize = 20;

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
    /// Its language, as a tag.
    pub language: Option<String>,
    /// What it is about, in catchwords.
    pub topics: Vec<String>,
    /// What its owner says may take its place, the best first.
    pub replacements: Vec<LearningObjectId>,
    /// What is played, if that is said.
    pub content: Option<Content>,
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
    /// The tag is too long, or none.
    #[error(
        "relevance.language must be a tag like en or pt-BR of at most {LANGUAGE_CHARS_MAX} letters, digits and hyphens"
    )]
    Language,
    /// There are too many, or one is too long or empty.
    #[error("topics.items must be at most {TOPICS_MAX} names of 1 to {TOPIC_CHARS_MAX} characters")]
    Topics,
    /// There are too many, or it names itself.
    #[error("alternatives.content must be at most {REPLACEMENTS_MAX} other learning objects")]
    Replacements,
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
            LearningObjectError::Language => "relevance.language",
            LearningObjectError::Topics => "topics.items",
            LearningObjectError::Replacements => "alternatives.content",
        }
    }
}

impl LearningObject {
    /// Content that is about to be stored for the first time, if it may be as it is.
    pub fn create(self) -> Result<Change<LearningObject>, LearningObjectError> {
        self.check()?;
        Ok(Change::silent(self))
    }

    /// Whether it may be as it is.
    pub fn check(&self) -> Result<(), LearningObjectError> {
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
            return Err(LearningObjectError::Kind(self.kind.clone()));
        }
        let is_tag = |tag: &String| {
            let sane = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=LANGUAGE_CHARS_MAX).contains(&tag.len()) && tag.bytes().all(sane)
        };
        if !self.language.iter().all(is_tag) {
            return Err(LearningObjectError::Language);
        }
        let is_topic = |topic: &String| (1..=TOPIC_CHARS_MAX).contains(&topic.chars().count());
        if self.topics.len() > TOPICS_MAX || !self.topics.iter().all(is_topic) {
            return Err(LearningObjectError::Topics);
        }
        if self.replacements.len() > REPLACEMENTS_MAX || self.replacements.contains(&self.id) {
            return Err(LearningObjectError::Replacements);
        }
        Ok(())
    }

    /// Whether somebody new can be enrolled (decision 23).
    pub fn admits_enrollments(&self, now: Timestamp) -> bool {
        match self.state_at(now) {
            LifecycleState::Published => true,
            LifecycleState::Draft | LifecycleState::Retired | LifecycleState::Removed => false,
        }
    }

    /// Whether packages of it are handed out at `now`; if not, for where it stands.
    pub fn handed_out(&self, now: Timestamp) -> Result<(), LifecycleState> {
        match self.state_at(now) {
            LifecycleState::Published | LifecycleState::Retired => Ok(()),
            state @ (LifecycleState::Draft | LifecycleState::Removed) => Err(state),
        }
    }

    /// Whether a portal may take it into its library: its own content, or that of the partner above it.
    pub fn may_be_held_by(&self, portal: &Portal) -> bool {
        self.owner_id == portal.id || Some(self.owner_id) == portal.partner_id
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn content() -> LearningObject {
        LearningObject {
            id: LearningObjectId(741712),
            version: 0,
            content_id: "con_01G6VGXA00040G2081040G2081".parse().unwrap(),
            owner_id: PortalId(1),
            kind: "course".to_owned(),
            title: "Fire safety".to_owned(),
            description: String::new(),
            external_id: None,
            language: None,
            topics: Vec::new(),
            replacements: Vec::new(),
            content: None,
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
