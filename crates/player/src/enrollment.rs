//! The enrollment that is played: found or made, begun, and taken forward. Decided in `domain`, stored by the verb that the API uses.

use domain::change::Change;
use domain::enrollment::{
    Audience, Enrollment, EnrollmentError, EnrollmentPatch, EnrollmentType, NewEnrollment, ProgressReport, Status,
};
use domain::id::{DestinationId, EnrollmentId, EventId, LearningObjectId, PortalId, UserAccountId};
use domain::learning_object::{LearningObject, LifecycleState};
use domain::play::{Attempt, PlaySession, forward};
use domain::user_account::UserAccount;
use serde::Serialize;
use store::id::Sequence;
use store::learning_object::LearningObjectRef;

use crate::again;
use crate::player::Player;
use crate::refusal::Refusal;

/// Who plays what, and where they come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) portal_id: PortalId,
    pub(crate) user_account_id: UserAccountId,
    pub(crate) lo_id: LearningObjectId,
    pub(crate) destination_id: Option<DestinationId>,
}

/// An enrollment as the player's page is told of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Written {
    id: String,
    status: &'static str,
    pass: Option<bool>,
    result: Option<u8>,
}

impl From<&Enrollment> for Written {
    fn from(enrollment: &Enrollment) -> Self {
        let progress = &enrollment.progress;
        Written {
            id: enrollment.id.to_string(),
            status: progress.status().as_str(),
            pass: progress.pass(),
            result: progress.result(),
        }
    }
}

/// Content that the portal holds and that can be played, at least by those who are enrolled.
pub(crate) async fn find_content(
    player: &Player,
    portal_id: PortalId,
    lo_id: LearningObjectId,
) -> Result<LearningObject, Refusal> {
    let found = player.store.find_learning_object(portal_id, &LearningObjectRef::Id(lo_id)).await?;
    let content = found.ok_or_else(Refusal::removed)?;
    match content.state_at(player.now()) {
        LifecycleState::Published | LifecycleState::Retired => Ok(content),
        LifecycleState::Draft => Err(Refusal::draft()),
        LifecycleState::Removed => Err(Refusal::removed()),
    }
}

/// An account that may be used.
pub(crate) async fn find_account(
    player: &Player,
    portal_id: PortalId,
    id: UserAccountId,
) -> Result<UserAccount, Refusal> {
    let found = player.store.find_user_account(portal_id, id).await?;
    found.filter(|account| account.active).ok_or_else(Refusal::blocked)
}

/// The enrollment to play, begun: the one that there is, or a new one where that may be.
pub(crate) async fn open(
    player: &Player,
    wanted: Wanted,
    content: &LearningObject,
    begins_anew: bool,
) -> Result<Enrollment, Refusal> {
    again::on_conflict(|| async {
        let Wanted { portal_id, user_account_id, lo_id, destination_id } = wanted;
        let live = player.store.find_live_enrollment(portal_id, user_account_id, lo_id, None, destination_id).await?;
        let admits = content.admits_enrollments(player.now());
        match Attempt::decide(live, begins_anew, admits).ok_or_else(Refusal::retired)? {
            Attempt::Same(live) => begin(player, live).await,
            Attempt::New(finished) => enroll(player, wanted, finished).await,
        }
    })
    .await
}

/// The enrollment, under way if it was not begun.
pub(crate) async fn begin(player: &Player, enrollment: Enrollment) -> Result<Enrollment, Refusal> {
    let begun = ProgressReport { status: Some(Status::InProgress), ..Default::default() };
    let report = forward(&enrollment.progress, begun, false);
    save(player, enrollment, report).await
}

async fn enroll(player: &Player, wanted: Wanted, finished: Option<Enrollment>) -> Result<Enrollment, Refusal> {
    let new = NewEnrollment {
        id: EnrollmentId(player.store.next_id(Sequence::Enrollment).await?),
        portal_id: wanted.portal_id,
        user_account_id: wanted.user_account_id,
        lo_id: wanted.lo_id,
        parent_id: None,
        destination_id: wanted.destination_id,
        enrollment_type: EnrollmentType::SelfDirected,
        assigner_id: None,
        assigned_at: None,
        due_at: None,
        report: ProgressReport { status: Some(Status::InProgress), ..Default::default() },
    };
    let now = player.now();
    let created = tell(player, |audience| Enrollment::create(new, now, audience)).map_err(refusal)?;
    let enrollment = created.after.clone();
    let archived = finished.map(|finished| finished.archive(now));
    player.store.save_enrollments(archived.into_iter().chain([created]).collect()).await?;
    Ok(Enrollment { version: 1, ..enrollment })
}

/// The enrollment of a session, taken forward by what the page says.
pub(crate) async fn report(
    player: &Player,
    session: &PlaySession,
    said: ProgressReport,
    may_lower: bool,
) -> Result<Enrollment, Refusal> {
    again::on_conflict(|| async {
        let found = player.store.find_enrollment(session.portal_id, session.enrollment_id).await?;
        let enrollment = found.ok_or_else(Refusal::enrollment_gone)?;
        let report = forward(&enrollment.progress, said, may_lower);
        save(player, enrollment, report).await
    })
    .await
}

/// Stores what a report changes, if it changes anything.
async fn save(player: &Player, enrollment: Enrollment, report: ProgressReport) -> Result<Enrollment, Refusal> {
    let before = enrollment.clone();
    let patch = EnrollmentPatch { report, ..Default::default() };
    let change = tell(player, |audience| enrollment.update(patch, player.now(), audience)).map_err(refusal)?;
    let after = change.after.clone();
    if after != before {
        player.store.save_enrollments(vec![change]).await?;
    }
    Ok(after)
}

/// Lets `decide` publish events with new ids. What is played is no part of a whole, so that no setting of the portal has a say.
fn tell<T>(
    player: &Player,
    decide: impl FnOnce(Audience<'_>) -> Result<Change<Enrollment>, T>,
) -> Result<Change<Enrollment>, T> {
    decide(Audience { child_enrollment_events: false, event_ids: &mut || EventId::draw(&*player.random) })
}

fn refusal(error: EnrollmentError) -> Refusal {
    match error {
        EnrollmentError::NotLive(_) => Refusal::superseded(),
        EnrollmentError::ResultOutOfRange
        | EnrollmentError::NotStarted(_)
        | EnrollmentError::NotCompleted
        | EnrollmentError::Backwards(..)
        | EnrollmentError::EndBeforeStart => Refusal::malformed(error),
    }
}
