//! What an LMS passed through SCORM, with its own names. Contract, section 8 and decision 15 (ours).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lms_text::LmsText;
use crate::time::Millis;

/// What an LMS passed in one launch and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LearningActivity {
    /// Names this record.
    pub id: String,
    /// The enrollment that the launch belongs to.
    pub enrollment_id: String,
    /// The content.
    pub lo_id: String,
    /// The portal in which it happened.
    pub portal_id: String,
    /// The user made for this learner.
    pub user_id: String,
    /// When the content was launched.
    pub created_time: Millis,
    /// When the LMS last passed something.
    pub updated_time: Millis,
    /// `1.2` or `2004`.
    pub scorm_version: String,
    /// Every field with the name and the last value that the LMS gave it, unit for unit.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub payload: BTreeMap<String, LmsText>,
}
