//! Who may play what: seats, launches, one-time tokens, sessions and places.

use async_trait::async_trait;
use domain::change::Change;
use domain::id::{DestinationId, EnrollmentId, LearningObjectId, UserAccountId};
use domain::learning_activity::{LearningActivity, ScormRecord};
use domain::oauth::Digest;
use domain::play::{OneTimeToken, Place, PlaySession};
use domain::user_account::UserAccount;
use jiff::Timestamp;

use crate::error::Result;

/// Somebody who launches something at a destination for the first time.
#[derive(Clone, Debug)]
pub struct NewSeat {
    /// The destination, of the portal of `account`.
    pub destination_id: DestinationId,
    /// How many learners it may have.
    pub seats_max: Option<u32>,
    /// The keyed digest of the id by which the LMS knows the learner.
    pub learner: Digest,
    /// The account that is made for them, if the portal has none for them yet.
    pub account: Change<UserAccount>,
    /// When.
    pub at: Timestamp,
}

/// A launch by a package, with all that comes of it.
#[derive(Clone, Debug)]
pub struct NewLaunch {
    /// What the LMS passed.
    pub activity: LearningActivity,
    /// The same as it came.
    pub record: ScormRecord,
    /// The right of the package to pass more.
    pub session: PlaySession,
    /// What opens the player.
    pub token: OneTimeToken,
}

/// Who may play what.
#[async_trait]
pub trait Plays: Send + Sync {
    /// The account of a learner who has a seat at a destination.
    async fn find_seat(&self, destination_id: DestinationId, learner: &Digest) -> Result<Option<UserAccountId>>;

    /// How many learners have a seat at a destination.
    async fn count_seats(&self, destination_id: DestinationId) -> Result<u64>;

    /// Takes a seat at a destination, and says whose account it is. A learner who has one keeps it; one who is known in the portal
    /// keeps their account.
    ///
    /// `LimitReached` if as many others as may have theirs, however many ask at the same time; `Taken("email")` if somebody has the
    /// address of the account.
    async fn save_seat(&self, seat: NewSeat) -> Result<UserAccountId>;

    /// Stores a launch, all of it or nothing.
    async fn save_launch(&self, launch: NewLaunch) -> Result<()>;

    /// Stores a token.
    async fn save_one_time_token(&self, token: OneTimeToken) -> Result<()>;

    /// A token that can still be used at `now`, or could be if its account were not blocked: once that is let in again, what was made before
    /// is over. Looking does not use it.
    async fn find_one_time_token(&self, digest: &Digest, now: Timestamp) -> Result<Option<OneTimeToken>>;

    /// Uses a token and stores the session that it gives, in one step; `false` if the token cannot be used any more. Of many who come with one
    /// token, one gets a session.
    async fn save_play_session(&self, spent: &Digest, session: PlaySession) -> Result<bool>;

    /// A session that is good at `now`, of an account that was not blocked since it was made.
    async fn find_play_session(&self, digest: &Digest, now: Timestamp) -> Result<Option<PlaySession>>;

    /// Where the learner stands in the content of an enrollment.
    async fn find_place(&self, enrollment_id: EnrollmentId) -> Result<Option<Place>>;

    /// Stores where the learner stands, as a session reports it; what is `None` stays. `false` if the session reported something later, or is not there, and
    /// then nothing is stored.
    async fn save_place(&self, session: &Digest, sequence: i64, place: Place, now: Timestamp) -> Result<bool>;

    /// Whether content is gone for everybody at `now`. Whoever asks has not said yet from which portal they come, and is told
    /// nothing else.
    async fn is_content_removed(&self, id: LearningObjectId, now: Timestamp) -> Result<bool>;

    /// Deletes tokens and sessions that expired before a time, at most `limit` of each; gives back how many.
    async fn prune_plays(&self, before: Timestamp, limit: u32) -> Result<u64>;
}
