//! Enrollments: a learner's way through one learning object. Contract, section 7.
//!
//! The rules of what fires when (decisions 10 to 13) are here: an event is born of a transition, and of nothing else.

use contract::event_type::EventType;
use jiff::Timestamp;

use crate::change::Change;
use crate::event::Event;
use crate::id::{DestinationId, EnrollmentId, EventId, LearningObjectId, PortalId, UserAccountId};

mod progress;

pub use self::progress::{Progress, ProgressReport, RESULT_MAX, Status};

/// How an enrollment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrollmentType {
    /// Somebody assigned it.
    Assigned,
    /// The learner chose it.
    SelfDirected,
}

impl EnrollmentType {
    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            EnrollmentType::Assigned => "assigned",
            EnrollmentType::SelfDirected => "self-directed",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [EnrollmentType::Assigned, EnrollmentType::SelfDirected].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Whether an enrollment still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does: the one of its learner and content.
    Live,
    /// A later enrollment took its place (decision 12). It stays readable.
    Archived,
    /// It was deleted, and is not found any more.
    Deleted,
}

impl Standing {
    /// The spelling in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Live => "live",
            Standing::Archived => "archived",
            Standing::Deleted => "deleted",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [Standing::Live, Standing::Archived, Standing::Deleted].into_iter().find(|standing| standing.as_str() == text)
    }
}

/// A learner's way through one learning object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrollment {
    /// Names it.
    pub id: EnrollmentId,
    /// The version that was read; 0 if it is not stored yet.
    pub version: i64,
    /// The portal in which it is.
    pub portal_id: PortalId,
    /// The learner.
    pub user_account_id: UserAccountId,
    /// The content.
    pub lo_id: LearningObjectId,
    /// The enrollment in the whole of which the content is a part.
    pub parent_id: Option<EnrollmentId>,
    /// The LMS that launched it, where one did: each counts on its own.
    pub destination_id: Option<DestinationId>,
    /// How it came about.
    pub enrollment_type: EnrollmentType,
    /// How it came about at first: the learner may have chosen what was assigned later.
    pub original_type: EnrollmentType,
    /// Who assigned it.
    pub assigner_id: Option<UserAccountId>,
    /// When it was assigned.
    pub assigned_at: Option<Timestamp>,
    /// How far the learner has come.
    pub progress: Progress,
    /// By when the learner should complete.
    pub due_at: Option<Timestamp>,
    /// Whether it still counts.
    pub standing: Standing,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A new enrollment as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEnrollment {
    /// Names it.
    pub id: EnrollmentId,
    /// The portal in which it is to be.
    pub portal_id: PortalId,
    /// The learner.
    pub user_account_id: UserAccountId,
    /// The content.
    pub lo_id: LearningObjectId,
    /// The enrollment in the whole of which the content is a part.
    pub parent_id: Option<EnrollmentId>,
    /// The LMS that launches it, if one does.
    pub destination_id: Option<DestinationId>,
    /// How it came about.
    pub enrollment_type: EnrollmentType,
    /// Who assigns it.
    pub assigner_id: Option<UserAccountId>,
    /// When it was assigned.
    pub assigned_at: Option<Timestamp>,
    /// By when the learner should complete.
    pub due_at: Option<Timestamp>,
    /// How far the learner has come.
    pub report: ProgressReport,
}

/// What is asked to change; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrollmentPatch {
    /// How it came about.
    pub enrollment_type: Option<EnrollmentType>,
    /// Who assigns it.
    pub assigner_id: Option<UserAccountId>,
    /// When it was assigned.
    pub assigned_at: Option<Timestamp>,
    /// By when the learner should complete.
    pub due_at: Option<Option<Timestamp>>,
    /// How far the learner has come.
    pub report: ProgressReport,
}

/// Who is told of the changes of an enrollment (decision 11).
pub struct Audience<'a> {
    /// Whether the portal's enrollments in parts of a course publish events too.
    pub child_enrollment_events: bool,
    /// Gives the ids of events.
    pub event_ids: &'a mut dyn FnMut() -> EventId,
}

/// Why an enrollment cannot be as it is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrollmentError {
    /// A result out of range.
    #[error("result must lie between 0 and {RESULT_MAX}")]
    ResultOutOfRange,
    /// Contract, section 7.2.
    #[error("{0} cannot be set while the status is not-started")]
    NotStarted(&'static str),
    /// Contract, section 7.2.
    #[error("end_date can only be set when the status is completed")]
    NotCompleted,
    /// The learner's way has one direction; doing it again is a new enrollment (decision 12).
    #[error("status cannot go back from {from} to {to}: create the enrollment again with re-enroll=true", from = .0.as_str(), to = .1.as_str())]
    Backwards(Status, Status),
    /// Completed before it was started.
    #[error("end_date must not lie before start_date")]
    EndBeforeStart,
    /// What a later enrollment replaced, or what was deleted, stays as it was.
    #[error("enrollment {0} does not count any more, so it cannot change: a later one took its place")]
    NotLive(EnrollmentId),
}

impl EnrollmentError {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            EnrollmentError::ResultOutOfRange => "result",
            EnrollmentError::NotStarted(field) => field,
            EnrollmentError::NotCompleted | EnrollmentError::EndBeforeStart => "end_date",
            EnrollmentError::Backwards(..) => "status",
            EnrollmentError::NotLive(_) => "id",
        }
    }
}

impl Enrollment {
    /// A new enrollment, which may be completed from the start (decision 13). One that is assigned was assigned now, unless
    /// said otherwise.
    pub fn create(
        new: NewEnrollment,
        at: Timestamp,
        audience: Audience<'_>,
    ) -> Result<Change<Enrollment>, EnrollmentError> {
        let enrollment = Enrollment {
            id: new.id,
            version: 0,
            portal_id: new.portal_id,
            user_account_id: new.user_account_id,
            lo_id: new.lo_id,
            parent_id: new.parent_id,
            destination_id: new.destination_id,
            enrollment_type: new.enrollment_type,
            original_type: new.enrollment_type,
            assigner_id: new.assigner_id,
            assigned_at: new.assigned_at.or(match new.enrollment_type {
                EnrollmentType::Assigned => Some(at),
                EnrollmentType::SelfDirected => None,
            }),
            progress: Progress::NotStarted.report(new.report, at)?,
            due_at: new.due_at,
            standing: Standing::Live,
            created_at: at,
            updated_at: at,
        };
        let mut event_types = vec![EventType::EnrollmentCreate];
        event_types
            .extend((enrollment.progress.status() == Status::Completed).then_some(EventType::EnrollmentComplete));
        Ok(enrollment.told(&event_types, at, audience))
    }

    /// The enrollment with the changes asked for. Becoming completed publishes an event; being completed again does not
    /// (decision 12), and neither does anything else.
    pub fn update(
        mut self,
        patch: EnrollmentPatch,
        at: Timestamp,
        audience: Audience<'_>,
    ) -> Result<Change<Enrollment>, EnrollmentError> {
        if self.standing != Standing::Live {
            return Err(EnrollmentError::NotLive(self.id));
        }
        let unchanged = self.clone();
        let (before, before_type) = (self.progress.status(), self.enrollment_type);
        self.progress = self.progress.report(patch.report, at)?;
        self.enrollment_type = patch.enrollment_type.unwrap_or(self.enrollment_type);
        self.assigner_id = patch.assigner_id.or(self.assigner_id);
        let is_assigned_now =
            before_type != EnrollmentType::Assigned && self.enrollment_type == EnrollmentType::Assigned;
        let assigned_at = if is_assigned_now { Some(at) } else { self.assigned_at };
        self.assigned_at = patch.assigned_at.or(assigned_at);
        self.due_at = patch.due_at.unwrap_or(self.due_at);
        if self == unchanged {
            // Whoever reconciles by time of change has no need to read it again.
            return Ok(Change::silent(self));
        }
        self.updated_at = at;
        let completes = before != Status::Completed && self.progress.status() == Status::Completed;
        let event_types: &[EventType] = if completes { &[EventType::EnrollmentComplete] } else { &[] };
        Ok(self.told(event_types, at, audience))
    }

    /// The learner completed the content now, passed or not.
    pub fn complete(
        self,
        pass: bool,
        at: Timestamp,
        audience: Audience<'_>,
    ) -> Result<Change<Enrollment>, EnrollmentError> {
        let report = ProgressReport { status: Some(Status::Completed), pass: Some(pass), ..Default::default() };
        self.update(EnrollmentPatch { report, ..Default::default() }, at, audience)
    }

    /// The enrollment, whose place a later one takes.
    pub fn archive(mut self, at: Timestamp) -> Change<Enrollment> {
        self.standing = Standing::Archived;
        self.updated_at = at;
        Change::silent(self)
    }

    /// The enrollment, deleted.
    pub fn delete(mut self, at: Timestamp, audience: Audience<'_>) -> Change<Enrollment> {
        self.standing = Standing::Deleted;
        self.updated_at = at;
        self.told(&[EventType::EnrollmentDelete], at, audience)
    }

    /// Whether there is an assignment that can be taken back without taking the enrollment away.
    pub fn was_chosen_before_it_was_assigned(&self) -> bool {
        (self.enrollment_type, self.original_type) == (EnrollmentType::Assigned, EnrollmentType::SelfDirected)
    }

    /// The assigned enrollment turned back into the one that the learner had chosen.
    pub fn unassign(mut self, at: Timestamp) -> Change<Enrollment> {
        self.enrollment_type = EnrollmentType::SelfDirected;
        self.assigner_id = None;
        self.assigned_at = None;
        self.due_at = None;
        self.updated_at = at;
        Change::silent(self)
    }

    fn told(self, event_types: &[EventType], at: Timestamp, audience: Audience<'_>) -> Change<Enrollment> {
        let told = self.parent_id.is_none() || audience.child_enrollment_events;
        let events = event_types
            .iter()
            .filter(|_| told)
            .map(|&event_type| Event::of_enrollment((audience.event_ids)(), event_type, &self, at))
            .collect();
        Change { after: self, events }
    }
}

#[cfg(test)]
mod tests;
