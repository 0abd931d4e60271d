//! Numbers that name things.

use async_trait::async_trait;

use crate::error::Result;

/// A sequence of numbers, each given once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sequence {
    /// Portals.
    Portal,
    /// User accounts.
    UserAccount,
    /// Learning objects.
    LearningObject,
    /// Enrollments.
    Enrollment,
    /// Destinations.
    Destination,
}

impl Sequence {
    /// Every sequence.
    pub const ALL: [Sequence; 5] = [
        Sequence::Portal,
        Sequence::UserAccount,
        Sequence::LearningObject,
        Sequence::Enrollment,
        Sequence::Destination,
    ];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sequence::Portal => "portal",
            Sequence::UserAccount => "user_account",
            Sequence::LearningObject => "learning_object",
            Sequence::Enrollment => "enrollment",
            Sequence::Destination => "destination",
        }
    }
}

/// Numbers that name things.
#[async_trait]
pub trait Ids: Send + Sync {
    /// A number that was never given before, larger than most that were. Numbers may be skipped.
    async fn next_id(&self, sequence: Sequence) -> Result<i64>;
}
