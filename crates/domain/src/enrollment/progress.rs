//! How far a learner has come: a way with one direction.

use jiff::Timestamp;

use super::EnrollmentError;

/// The best result.
pub const RESULT_MAX: u8 = 100;

/// How far a learner has come, without what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Enrolled only.
    NotStarted,
    /// Under way.
    InProgress,
    /// Done, passed or not.
    Completed,
}

impl Status {
    /// Every status, in the order of a learner's way.
    pub const ALL: [Status; 3] = [Status::NotStarted, Status::InProgress, Status::Completed];

    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::NotStarted => "not-started",
            Status::InProgress => "in-progress",
            Status::Completed => "completed",
        }
    }

    /// Reads a status, also in its published aliases (decision 32).
    pub fn read(text: &str) -> Option<Self> {
        let text = if text == "complete" { "completed" } else { text };
        Status::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// How far a learner has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Enrolled only.
    NotStarted,
    /// Under way.
    InProgress {
        /// Since when.
        started_at: Timestamp,
        /// 0 to 100, so far.
        result: Option<u8>,
        /// Whether it would do already.
        pass: Option<bool>,
    },
    /// Done.
    Completed {
        /// Since when it was under way.
        started_at: Timestamp,
        /// When it was done.
        completed_at: Timestamp,
        /// 0 to 100.
        result: Option<u8>,
        /// Whether the learner passed; true unless said otherwise.
        pass: bool,
    },
}

impl Progress {
    /// How far, without what belongs to it.
    pub fn status(&self) -> Status {
        match self {
            Progress::NotStarted => Status::NotStarted,
            Progress::InProgress { .. } => Status::InProgress,
            Progress::Completed { .. } => Status::Completed,
        }
    }

    /// Since when it is under way.
    pub fn started_at(&self) -> Option<Timestamp> {
        match self {
            Progress::NotStarted => None,
            Progress::InProgress { started_at, .. } | Progress::Completed { started_at, .. } => Some(*started_at),
        }
    }

    /// When it was done.
    pub fn completed_at(&self) -> Option<Timestamp> {
        match self {
            Progress::NotStarted | Progress::InProgress { .. } => None,
            Progress::Completed { completed_at, .. } => Some(*completed_at),
        }
    }

    /// 0 to 100.
    pub fn result(&self) -> Option<u8> {
        match self {
            Progress::NotStarted => None,
            Progress::InProgress { result, .. } | Progress::Completed { result, .. } => *result,
        }
    }

    /// Whether the learner passed.
    pub fn pass(&self) -> Option<bool> {
        match self {
            Progress::NotStarted => None,
            Progress::InProgress { pass, .. } => *pass,
            Progress::Completed { pass, .. } => Some(*pass),
        }
    }
}

/// What is said about a learner's progress; `None` says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProgressReport {
    /// How far.
    pub status: Option<Status>,
    /// 0 to 100.
    pub result: Option<i64>,
    /// Whether the learner passed.
    pub pass: Option<bool>,
    /// Since when it is under way.
    pub started_at: Option<Timestamp>,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
}

impl Progress {
    /// What is known after a report at `at`.
    pub(super) fn report(self, report: ProgressReport, at: Timestamp) -> Result<Progress, EnrollmentError> {
        let status = report.status.unwrap_or(self.status());
        if status < self.status() {
            return Err(EnrollmentError::Backwards(self.status(), status));
        }
        if report.completed_at.is_some() && status != Status::Completed && status != Status::NotStarted {
            return Err(EnrollmentError::NotCompleted);
        }
        let result = match report.result {
            None => self.result(),
            Some(result) => match u8::try_from(result) {
                Ok(result) if result <= RESULT_MAX => Some(result),
                Ok(_) | Err(_) => return Err(EnrollmentError::ResultOutOfRange),
            },
        };
        let pass = report.pass.or(self.pass());
        match status {
            Status::NotStarted => report.says_nothing_but_status().map(|()| Progress::NotStarted),
            Status::InProgress => {
                let started_at = report.started_at.or(self.started_at()).unwrap_or(at);
                Ok(Progress::InProgress { started_at, result, pass })
            }
            Status::Completed => {
                // The clock may have been set back since: whoever gives no date is not refused for ours.
                let known_by = self.started_at().map_or(at, |started_at| started_at.max(at));
                let completed_at = report.completed_at.or(self.completed_at()).unwrap_or(known_by);
                let started_at = report.started_at.or(self.started_at());
                if started_at.is_some_and(|started_at| completed_at < started_at) {
                    return Err(EnrollmentError::EndBeforeStart);
                }
                let started_at = started_at.unwrap_or(completed_at);
                Ok(Progress::Completed { started_at, completed_at, result, pass: pass.unwrap_or(true) })
            }
        }
    }
}

impl ProgressReport {
    fn says_nothing_but_status(&self) -> Result<(), EnrollmentError> {
        let said = [
            (self.result.is_some(), "result"),
            (self.pass.is_some(), "pass"),
            (self.started_at.is_some(), "start_date"),
            (self.completed_at.is_some(), "end_date"),
        ];
        match said.into_iter().find(|(said, _)| *said) {
            Some((_, field)) => Err(EnrollmentError::NotStarted(field)),
            None => Ok(()),
        }
    }
}
