//! V3 learning objects. Contract, section 9.1.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Content that a learner can be enrolled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LearningObject {
    /// `con_` and a ULID.
    pub id: String,
    /// The older id, a decimal number: the one that events carry.
    pub lo_id: String,
    /// When it was made.
    pub created_time: Millis,
    /// When it last changed.
    pub updated_time: Millis,
    /// What it is.
    pub core: Core,
    /// Where it stands between draft and removed.
    pub lifecycle: Lifecycle,
    /// For whom it is.
    #[serde(default)]
    pub relevance: Relevance,
    /// What it is about, in catchwords.
    #[serde(default)]
    pub topics: Topics,
    /// What its owner says may take its place.
    #[serde(default)]
    pub alternatives: Alternatives,
    /// What is played, with `include[]=content`. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// What is played when a learner opens a learning object: exactly one of them. Ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Content {
    /// A text in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The address of a video's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// The address of a page elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_url: Option<String>,
    /// A SCORM package, uploaded with `PUT /learning-objects/{id}/package`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
}

/// An uploaded SCORM package. Ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Package {
    /// Its title, as its manifest has it; empty if it has none there.
    pub title: String,
    /// What it was made for: `1.2`, `2004-2`, `2004-3` or `2004-4`, for SCORM 1.2 and the editions of SCORM 2004.
    pub edition: String,
    /// How many files it has.
    pub files: u32,
    /// How long they are together, unpacked.
    pub bytes: u64,
    /// When it was uploaded.
    pub uploaded_time: Millis,
}

/// Says what is played: exactly one of them. Ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SetContent {
    /// A text in Markdown, at most 65,536 characters. HTML in it is shown as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The address of a video's file, `https` or `http`, at most 2,048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// The address of a page elsewhere, `https` or `http`, at most 2,048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_url: Option<String>,
}

/// What a learning object is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Core {
    /// `course`, `video`, `text`, `link`, ….
    #[serde(rename = "type", default = "course")]
    pub kind: String,
    /// What people call it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required, min_length = 1, max_length = 500))]
    pub title: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// The owner's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The portal that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}

impl Default for Core {
    /// A course without a title.
    fn default() -> Self {
        Core { kind: course(), title: String::new(), description: String::new(), external_id: None, provider_id: None }
    }
}

fn course() -> String {
    "course".to_owned()
}

/// For whom a learning object is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Relevance {
    /// Its language: a tag like `en` or `pt-BR`, at most 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// What a learning object is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Topics {
    /// At most 50.
    pub items: Vec<Topic>,
}

/// A catchword.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Topic {
    /// At most 100 characters.
    pub name: String,
}

/// What may take the place of a learning object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Alternatives {
    /// Learning objects by their older ids, the best first, at most 20.
    pub content: Vec<i64>,
}

/// Where a learning object stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lifecycle {
    /// `draft`, `published`, `retired`, `removed`.
    pub state: String,
    /// When it ends, if it is flagged for removal and is not gone yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_state: Option<PendingState>,
}

/// When a learning object ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingState {
    /// From when on it is out of search and nobody new is enrolled; null if that does not come before it is gone.
    pub retired_time: Option<Millis>,
    /// From when on it is gone.
    pub removed_time: Millis,
}

/// Changes a learning object. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SetLearningObject {
    /// Where it is to stand.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = SetLifecycle))]
    pub lifecycle: Option<SetLifecycle>,
    /// For whom it is.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Relevance))]
    pub relevance: Option<Relevance>,
    /// What it is about.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Topics))]
    pub topics: Option<Topics>,
    /// What may take its place.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Alternatives))]
    pub alternatives: Option<Alternatives>,
    /// What is played; null takes it away. Ours.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SetContent>))]
    pub content: Option<Option<SetContent>>,
}

/// Says how a learning object ends, or that it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SetLifecycle {
    /// `published` withdraws the flag, `retired` takes it out of search now, `removed` removes it at once (with `force`).
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: Option<String>,
    /// Flags it for removal, or moves its dates; null withdraws the flag.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SetPendingState>))]
    pub pending_state: Option<Option<SetPendingState>>,
    /// Allows less than 60 days of notice. Ours.
    pub force: bool,
}

/// The dates at which a learning object ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SetPendingState {
    /// From when on it is out of search; null: not before it is gone; absent: as it was.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Millis>))]
    pub retired_time: Option<Option<Millis>>,
    /// From when on it is gone; absent: as it was, and three calendar months from now if it was not flagged.
    #[serde(deserialize_with = "super::settable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Millis))]
    pub removed_time: Option<Millis>,
}

/// What may take the place of content, the best first. Contract, section 9.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlternativePage {
    /// How many there are, on all pages together.
    pub total: u64,
    /// Learning objects by their older ids.
    pub hits: Vec<i64>,
}

/// Whom the end of content concerns. Ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Impact {
    /// The learning object, by the older id.
    pub lo_id: String,
    /// When it ends, if it is flagged for removal.
    pub pending_state: Option<PendingState>,
    /// Each portal that holds it or has somebody enrolled in it: the caller's own and, of a partner, its customers.
    pub portals: Vec<PortalImpact>,
}

/// Whom the end of content concerns in one portal. Ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PortalImpact {
    /// The portal.
    pub portal_id: String,
    /// What people call it.
    pub portal_name: String,
    /// Whether its library holds the content.
    pub in_library: bool,
    /// How many learners are enrolled and have not begun.
    pub not_started: u64,
    /// How many have begun and not finished.
    pub in_progress: u64,
    /// How many have finished.
    pub completed: u64,
    /// When the last of them finished.
    pub last_completed_time: Option<Millis>,
}

/// A page of a library. Contract, section 9.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LearningObjectPage {
    /// How many match, on all pages together.
    pub total: u64,
    /// The ones on this page.
    pub hits: Vec<LearningObject>,
    /// While scrolling: what to send as `scroll_id` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_scroll_id: Option<String>,
}

/// Asks for a new learning object. It is published at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateLearningObject {
    /// What it is; its title is required.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub core: Core,
    /// For whom it is.
    pub relevance: Relevance,
    /// What it is about, in catchwords.
    pub topics: Topics,
    /// What may take its place.
    pub alternatives: Alternatives,
    /// What is played. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<SetContent>,
}
