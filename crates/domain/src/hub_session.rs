//! Sessions of people who are signed in to the Hub.

use jiff::{SignedDuration, Timestamp};

use crate::id::{PortalId, UserAccountId};
use crate::oauth::Digest;

/// How long a session lasts in which nothing is done.
pub const IDLE_FOR: SignedDuration = SignedDuration::from_hours(12);
/// How long a session lasts at most.
pub const LASTS_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How often it is noted that a session is used: a write for each page would be too much.
pub const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubSession {
    /// What is stored of the 256 random bits in their cookie.
    pub digest: Digest,
    /// The portal in which their account is.
    pub portal_id: PortalId,
    /// Their account.
    pub user_account_id: UserAccountId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last noted that they did something.
    pub used_at: Timestamp,
}

impl HubSession {
    /// Whether it is over: too long without use, or too long altogether.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.used_at) >= IDLE_FOR || now.duration_since(self.created_at) >= LASTS_FOR
    }

    /// Whether it is time to note that it is used.
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        now.duration_since(self.used_at) >= NOTED_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(created: i64, used: i64) -> HubSession {
        let hour = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        HubSession {
            digest: Digest([1; 32]),
            portal_id: PortalId(1),
            user_account_id: UserAccountId(2),
            created_at: hour(created),
            used_at: hour(used),
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_in_any_case_after_a_week() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(200);
        let second = SignedDuration::from_secs(1);
        for (created, used, over) in [(188, 188, true), (189, 189, false), (32, 199, true), (33, 199, false)] {
            assert_eq!(session(created, used).is_over(now), over, "{created} {used}");
        }
        assert!(!session(188, 188).is_over(now - second) && !session(32, 199).is_over(now - second));
        // The clock was set back.
        assert!(!session(300, 300).is_over(now) && !session(300, 300).is_to_be_noted(now));
    }
}
