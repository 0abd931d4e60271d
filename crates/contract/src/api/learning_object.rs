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

/// Where a learning object stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lifecycle {
    /// `draft`, `published`, `retired`, `removed`.
    pub state: String,
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
    pub core: Core,
}
