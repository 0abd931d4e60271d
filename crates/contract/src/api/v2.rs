//! The older API, whose ids are numbers. Contract, sections 7.1 and 10.

use serde::{Deserialize, Serialize};

use crate::time::{Millis, Seconds};

/// The object that an integrator fetches after a webhook. Contract, section 7.1.
///
/// No schema is published for it, so a reader takes it without what it does not need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = V2Enrollment))]
pub struct Enrollment {
    /// The enrollment.
    pub id: u64,
    /// `enrollment`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The learner; see `GET /v2/users/{id}`.
    pub user_id: u64,
    /// The content.
    pub lo_id: u64,
    /// The portal in which it happened. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_id: Option<u64>,
    /// The whole of which the content is a part; 0 for none.
    #[serde(default)]
    pub parent_lo_id: u64,
    /// The enrollment in that whole; 0 for none.
    #[serde(default)]
    pub parent_enrollment_id: u64,
    /// `not-started`, `in-progress`, `completed`.
    pub status: String,
    /// 0 to 100.
    #[serde(default)]
    pub result: Option<u8>,
    /// Whether the learner passed.
    pub pass: bool,
    /// When it was made.
    pub created_time: Seconds,
    /// When it last changed.
    pub updated_time: Seconds,
    /// When the learner started.
    #[serde(default)]
    pub start_date: Option<Seconds>,
    /// When the learner completed.
    #[serde(default)]
    pub end_date: Option<Seconds>,
    /// By when the learner should complete.
    #[serde(default)]
    pub due_date: Option<Seconds>,
    /// When it last changed, in Unix seconds.
    #[serde(default)]
    pub timestamp: i64,
}

/// A person in a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = V2User))]
pub struct User {
    /// The same number as the V3 user account.
    pub id: u64,
    /// Where to reach them.
    #[serde(default)]
    pub email: String,
    /// Their given name.
    #[serde(default)]
    pub first_name: String,
    /// Their family name.
    #[serde(default)]
    pub last_name: String,
    /// When the account was made.
    #[serde(default)]
    pub created: Option<Millis>,
    /// When it last changed.
    #[serde(default)]
    pub updated: Option<Millis>,
    /// Names of roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether the account may be used.
    #[serde(default)]
    pub status: bool,
}

/// Asks for a new user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = V2CreateUser))]
#[serde(default)]
pub struct CreateUser {
    /// Where to reach them. Required.
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub email: Option<String>,
    /// Their given name.
    pub first_name: Option<String>,
    /// Their family name.
    pub last_name: Option<String>,
    /// Names of roles; `Learner` when absent.
    pub roles: Vec<String>,
}

/// Content. Contract, section 9.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = V2LearningObject))]
pub struct LearningObject {
    /// The number that events carry.
    pub id: u64,
    /// What people call it.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// `course`, `video`, `text`, `link`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was made.
    pub created_time: Millis,
    /// When it last changed.
    pub updated_time: Millis,
    /// Whether it can be found and enrolled in.
    pub published: bool,
    /// Where its picture is; null, because there is none yet.
    #[serde(default)]
    pub image: Option<String>,
    /// Its language; null while nobody has said.
    #[serde(default)]
    pub language: Option<String>,
    /// What it is tagged with.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// The portal of the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = V2Account))]
pub struct Account {
    /// The portal.
    pub id: u64,
    /// Its host name.
    pub url: String,
}

/// Asks for content to be taken into a library or out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = V2CollectionItems))]
#[serde(default)]
pub struct CollectionItems {
    /// Ids of content, as numbers or as text. Required.
    #[serde(deserialize_with = "super::id_texts")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = Vec<super::Id>, min_items = 1, max_items = 50))]
    pub lo: Vec<String>,
}
