//! Learning activities, and all that LMSs passed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use contract::lms_text::LmsText;
use domain::id::{EnrollmentId, LearningActivityId, PortalId};
use domain::learning_activity::{LearningActivity, ScormRecord};

use crate::error::Result;
use crate::page::{Listed, PageRequest};

/// Learning activities.
#[async_trait]
pub trait LearningActivities: Send + Sync {
    /// The activities of an enrollment of the portal, the latest launch first.
    async fn list_learning_activities(
        &self,
        portal_id: PortalId,
        enrollment_id: EnrollmentId,
        page: PageRequest,
    ) -> Result<Listed<LearningActivity>>;

    /// All that was passed in an activity of the portal, as it came and in its own order.
    async fn list_scorm_records(
        &self,
        portal_id: PortalId,
        id: &LearningActivityId,
        page: PageRequest,
    ) -> Result<Listed<ScormRecord>>;

    /// Keeps a record of the portal's activity that is there already, with the values that it holds. They take the place of what
    /// came earlier in the order of the activity, in whichever order records arrive. A record whose sequence is there already is
    /// the same, and changes nothing.
    ///
    /// `LimitReached` if the activity has as many [records](domain::learning_activity::RECORDS_MAX) or
    /// [names](domain::learning_activity::NAMES_MAX) as it may, or as much in
    /// [their values](domain::learning_activity::VALUES_BYTES_MAX); `Conflict` if there is no such activity.
    async fn save_scorm_record(
        &self,
        portal_id: PortalId,
        record: ScormRecord,
        values: BTreeMap<String, LmsText>,
    ) -> Result<()>;
}
