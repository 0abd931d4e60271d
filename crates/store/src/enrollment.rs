//! Enrollments, and with them the events that tell of them.

use async_trait::async_trait;
use domain::change::Change;
use domain::enrollment::{Enrollment, EnrollmentType, Status};
use domain::id::{DestinationId, EnrollmentId, LearningObjectId, PortalId, UserAccountId};
use jiff::Timestamp;

use crate::error::Result;
use crate::page::{Listed, Order, PageRequest};

/// A span of time with its ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Not after this.
    pub to: Option<Timestamp>,
}

/// What enrollments are sorted by; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnrollmentSort {
    /// When they were made.
    #[default]
    Created,
    /// When they last changed.
    Updated,
    /// By when they are due; those without such a date last.
    Due,
    /// When they were assigned; those that were not last.
    Assigned,
}

/// Which enrollments are wanted. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrollmentFilter {
    /// Of this learner.
    pub user_account_id: Option<UserAccountId>,
    /// Assigned by this account.
    pub assigner_id: Option<UserAccountId>,
    /// In one of these.
    pub lo_ids: Option<Vec<LearningObjectId>>,
    /// In one of these.
    pub statuses: Option<Vec<Status>>,
    /// Of this type.
    pub enrollment_type: Option<EnrollmentType>,
    /// Last changed then.
    pub updated: TimeRange,
    /// Due then.
    pub due: TimeRange,
    /// Whether there is a due date.
    pub has_due_date: Option<bool>,
    /// Completed then.
    pub completed: TimeRange,
    /// Assigned then.
    pub assigned: TimeRange,
    /// Also those in parts of a course.
    pub with_children: bool,
    /// Also those whose place a later one took.
    pub with_archived: bool,
    /// What comes first.
    pub sort: EnrollmentSort,
    /// Which end of it.
    pub order: Order,
}

/// Enrollments.
#[async_trait]
pub trait Enrollments: Send + Sync {
    /// An enrollment of the portal, also one whose place a later one took, but not a deleted one.
    async fn find_enrollment(&self, portal_id: PortalId, id: EnrollmentId) -> Result<Option<Enrollment>>;

    /// The one enrollment that counts of a learner in content, as a part of `parent_id` or on its own, at a destination or at none.
    async fn find_live_enrollment(
        &self,
        portal_id: PortalId,
        user_account_id: UserAccountId,
        lo_id: LearningObjectId,
        parent_id: Option<EnrollmentId>,
        destination_id: Option<DestinationId>,
    ) -> Result<Option<Enrollment>>;

    /// The portal of an enrollment, and nothing else of it: whether a partner is told to use its customer's
    /// credentials, or that there is no such thing (decision 14).
    async fn find_portal_of_enrollment(&self, id: EnrollmentId) -> Result<Option<PortalId>>;

    /// Enrollments of the portal.
    async fn list_enrollments(
        &self,
        portal_id: PortalId,
        filter: &EnrollmentFilter,
        page: PageRequest,
    ) -> Result<Listed<Enrollment>>;

    /// Stores changes of enrollments, all or none, together with their events and one delivery for each event and each
    /// matching webhook of its portal and of every partner above it.
    ///
    /// Within a portal `updated_at` never runs backwards from one commit to the next: one that would is raised to the last.
    ///
    /// `Conflict` if one is not what was read, or another live enrollment has its place.
    async fn save_enrollments(&self, changes: Vec<Change<Enrollment>>) -> Result<()>;
}
