//! V3 enrollments. Contract, section 7.2.

use serde::{Deserialize, Serialize};

use crate::time::Seconds;

/// A learner's way through one learning object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrollment {
    /// A decimal number.
    pub id: String,
    /// `assigned`, `self-directed`; empty for the enrollment in a part of a course.
    pub enrollment_type: String,
    /// The learner.
    pub user_account_id: String,
    /// The content, a decimal number.
    pub lo_id: String,
    /// The enrollment in the whole of which this is a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_enrollment_id: Option<String>,
    /// The same under the name that lists spell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_enrolment_id: Option<String>,
    /// Who assigned it.
    pub assigner_account_id: Option<String>,
    /// When it was assigned.
    pub assign_date: Option<Seconds>,
    /// When it was made.
    pub created_time: Seconds,
    /// When it last changed.
    pub updated_time: Seconds,
    /// `not-started`, `in-progress`, `completed`.
    pub status: String,
    /// 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u8>,
    /// Whether the learner passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<bool>,
    /// When the learner started.
    pub start_date: Option<Seconds>,
    /// When the learner completed.
    pub end_date: Option<Seconds>,
    /// By when the learner should complete.
    pub due_date: Option<Seconds>,
}

/// Asks for a new enrollment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CreateEnrollment {
    /// The learner. Required.
    #[serde(deserialize_with = "super::id_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = super::Id))]
    pub user_account_id: Option<String>,
    /// The content, by either of its ids. Required.
    #[serde(deserialize_with = "super::id_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = super::Id))]
    pub lo_id: Option<String>,
    /// `assigned` or `self-directed`. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub enrollment_type: Option<String>,
    /// `not-started`, `in-progress`, `completed`. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String))]
    pub status: Option<String>,
    /// The enrollment in the whole of which this is a part.
    #[serde(
        alias = "parent_enrolment_id",
        deserialize_with = "super::id_text",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::Id>))]
    pub parent_enrollment_id: Option<String>,
    /// Who assigns it.
    #[serde(deserialize_with = "super::id_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::Id>))]
    pub assigner_account_id: Option<String>,
    /// When it was assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_date: Option<Seconds>,
    /// 0 to 100; not with `not-started`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<i64>,
    /// Whether the learner passed; not with `not-started`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass: Option<bool>,
    /// When the learner started; not with `not-started`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Seconds>,
    /// When the learner completed; only with `completed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Seconds>,
    /// By when the learner should complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Seconds>,
}

/// Asks for changes; what is absent stays, what is null is cleared where it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdateEnrollment {
    /// `assigned` or `self-directed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_type: Option<String>,
    /// `not-started`, `in-progress`, `completed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Who assigns it.
    #[serde(deserialize_with = "super::id_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<super::Id>))]
    pub assigner_account_id: Option<String>,
    /// When it was assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_date: Option<Seconds>,
    /// 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<i64>,
    /// Whether the learner passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass: Option<bool>,
    /// When the learner started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Seconds>,
    /// When the learner completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Seconds>,
    /// By when the learner should complete; null for no such date.
    #[serde(deserialize_with = "super::nullable", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Seconds>))]
    pub due_date: Option<Option<Seconds>>,
}
