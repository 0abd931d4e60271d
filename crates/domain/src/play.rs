//! Playing: who may open content in a browser, for how long, and what comes of what the browser says.
//!
//! A learner comes by a link that a program made for them, or by a package in an LMS. Either leads to a one-time token, the token to a
//! session, and the session to nothing but one enrollment in one learning object.

use jiff::{SignedDuration, Timestamp};

use crate::destination::LmsOrigin;
use crate::enrollment::{Enrollment, Progress, ProgressReport, Status};
use crate::id::{DestinationId, EnrollmentId, LearningActivityId, LearningObjectId, PortalId, UserAccountId};
use crate::oauth::Digest;

mod lms;

pub use self::lms::{LmsLaunch, Names};

/// How long a link to content is good for, once (contract, section 8.2).
pub const LOGIN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a package has to open the player after it said that it was launched.
pub const LAUNCH_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How long a session is good for: longer than anybody leaves a course open and still means to go on in it.
pub const SESSION_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How many letters and digits a token or a session has: about 250 random bits.
pub const SECRET_LENGTH: usize = 42;
/// The longest place that a learner is kept at, in characters: what SCORM 2004 lets a package have.
pub const LOCATION_CHARS_MAX: usize = 1_000;
/// The longest state that content keeps for a learner, in bytes.
pub const RESUME_BYTES_MAX: usize = 65_536;

/// What opens the player, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeToken {
    /// What is stored of the text itself.
    pub digest: Digest,
    /// The portal.
    pub portal_id: PortalId,
    /// Who plays.
    pub user_account_id: UserAccountId,
    /// The only content that it opens; none if it opens any that the portal holds.
    pub lo_id: Option<LearningObjectId>,
    /// The launch that it belongs to, if it came of one.
    pub launch: Option<Launched>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// Where a launch by a package led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launched {
    /// The enrollment.
    pub enrollment_id: EnrollmentId,
    /// What the LMS passes is kept with it.
    pub activity_id: LearningActivityId,
    /// Where the package was handed to.
    pub destination_id: DestinationId,
    /// Whose page the package is, if the browser said so: the only one that the player speaks with.
    pub origin: Option<LmsOrigin>,
}

impl OneTimeToken {
    /// Whether it opens that content.
    pub fn opens(&self, lo_id: LearningObjectId) -> bool {
        self.lo_id.is_none_or(|only| only == lo_id)
    }
}

/// The right to speak for one learner in one enrollment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaySession {
    /// What is stored of the text itself.
    pub digest: Digest,
    /// Who has it.
    pub holder: Holder,
    /// The portal.
    pub portal_id: PortalId,
    /// Who plays.
    pub user_account_id: UserAccountId,
    /// The content.
    pub lo_id: LearningObjectId,
    /// The enrollment.
    pub enrollment_id: EnrollmentId,
    /// The launch that it belongs to, if it came of one.
    pub launch: Option<(LearningActivityId, DestinationId)>,
    /// The last progress that it reported, by its own count; 0 for none.
    pub sequence: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// Who has a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The page of the player: it reports progress.
    Player,
    /// The package in the LMS: it passes on what the LMS says.
    Package,
}

impl Holder {
    /// The spelling in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Holder::Player => "player",
            Holder::Package => "package",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [Holder::Player, Holder::Package].into_iter().find(|holder| holder.as_str() == text)
    }
}

/// Where a learner stands in content, for the content itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The place, in the content's own words.
    pub location: Option<String>,
    /// What the content keeps, in its own words.
    pub resume: Option<String>,
    /// How much of it is done, 0 to 1.
    pub share: Option<f64>,
}

/// Which enrollment a launch leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The one that there is.
    Same(Enrollment),
    /// A new one, in the place of the finished one if there is one.
    New(Option<Enrollment>),
}

impl Attempt {
    /// One enrollment for each learner, content and destination; a new one only where the LMS begins anew after the last one was
    /// finished. None if there is none to go on with and nobody new is admitted.
    pub fn decide(live: Option<Enrollment>, begins_anew: bool, admits: bool) -> Option<Attempt> {
        match live {
            Some(live) if begins_anew && admits && live.progress.status() == Status::Completed => {
                Some(Attempt::New(Some(live)))
            }
            Some(live) => Some(Attempt::Same(live)),
            None => admits.then_some(Attempt::New(None)),
        }
    }
}

/// What is said of a learner's way, without what would take them back on it: nobody becomes less than completed, and nobody loses a
/// pass or a result unless the destination lets them.
pub fn forward(progress: &Progress, said: ProgressReport, may_lower: bool) -> ProgressReport {
    let status = said.status.filter(|status| *status > progress.status());
    let keeps_pass = progress.pass() == Some(true) && !may_lower;
    let pass = said.pass.filter(|pass| *pass || !keeps_pass);
    let best = progress.result().map(i64::from).filter(|_| !may_lower);
    let result = said.result.filter(|result| best.is_none_or(|best| *result > best));
    ProgressReport { status, pass, result, ..said }
}

/// What an LMS is told of an enrollment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LmsStatus {
    /// Under way.
    Incomplete,
    /// Done, and nobody measured how well.
    Completed,
    /// Done well enough.
    Passed,
    /// Done, and not well enough.
    Failed,
}

impl LmsStatus {
    /// What there is to tell of that progress.
    pub fn of(progress: &Progress) -> Self {
        match progress {
            Progress::NotStarted | Progress::InProgress { .. } => LmsStatus::Incomplete,
            Progress::Completed { pass: false, .. } => LmsStatus::Failed,
            Progress::Completed { pass: true, result: Some(_), .. } => LmsStatus::Passed,
            Progress::Completed { pass: true, result: None, .. } => LmsStatus::Completed,
        }
    }

    /// The spelling on the wire, which is SCORM's.
    pub const fn as_str(self) -> &'static str {
        match self {
            LmsStatus::Incomplete => "incomplete",
            LmsStatus::Completed => "completed",
            LmsStatus::Passed => "passed",
            LmsStatus::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests;
