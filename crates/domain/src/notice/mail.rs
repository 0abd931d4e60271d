//! A notice on its way to one administrator.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Notice;
use crate::id::{NoticeMailId, UserAccountId};
use crate::user_account::EmailAddress;

/// How long after a notice was born its mail is worth sending.
pub const MAILED_FOR: SignedDuration = SignedDuration::from_hours(3 * 24);
/// To how many administrators of a portal a notice is mailed at most, those whose accounts are oldest first.
pub const RECIPIENTS_MAX: u32 = 100;
/// The delays after the first, second, … failure; after the last of them always the last.
const DELAYS: [SignedDuration; 5] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
];

/// Mail that may be sent now, by whoever holds this. The attempt number was raised when the lease was taken, and is its fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLease {
    /// Names it.
    pub id: NoticeMailId,
    /// What is told.
    pub notice: Arc<Notice>,
    /// Whom.
    pub user_account_id: UserAccountId,
    /// Where mail reaches them.
    pub address: EmailAddress,
    /// This attempt: 1 for the first.
    pub attempt_number: u32,
    /// Until when the lease is held.
    pub expires_at: Timestamp,
}

/// What an attempt to send met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server has taken it.
    Taken,
    /// Not now: the server could not be used, or wants it later.
    NotNow(String),
    /// The server will never take it.
    Refused(String),
}

/// What follows an attempt to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailNext {
    /// Nothing: it is sent.
    Sent,
    /// Another attempt.
    Retry {
        /// Not before this.
        at: Timestamp,
    },
    /// Nothing: it is given up.
    GivenUp,
}

/// An attempt that was made, to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedMail {
    /// What was leased.
    pub lease: MailLease,
    /// What it met.
    pub outcome: MailOutcome,
    /// What follows.
    pub next: MailNext,
}

/// Where the mail to one administrator stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// To be sent when due, or being sent.
    Pending {
        /// Not before this, or until when the present attempt may take.
        due_at: Timestamp,
    },
    /// The mail server took it.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// It was given up.
    Failed {
        /// When.
        at: Timestamp,
    },
}

/// The mail to one administrator, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeMail {
    /// To whom.
    pub user_account_id: UserAccountId,
    /// The address that it is sent to.
    pub address: EmailAddress,
    /// Where it stands.
    pub state: MailState,
    /// What the last attempt that failed met; may name a person.
    pub error: Option<String>,
}

impl MailLease {
    /// Names the mail for ever, within the host that sends it: mail that is sent again has the same.
    pub fn message_name(&self) -> String {
        format!("{}.{}", self.notice.id, self.user_account_id)
    }

    /// Decides what follows an attempt.
    pub fn decide(&self, outcome: &MailOutcome, now: Timestamp) -> MailNext {
        match outcome {
            MailOutcome::Taken => MailNext::Sent,
            MailOutcome::Refused(_) => MailNext::GivenUp,
            MailOutcome::NotNow(_) => {
                let failures = self.attempt_number.saturating_sub(1) as usize;
                let delay = DELAYS[failures.min(DELAYS.len() - 1)];
                let at = now.saturating_add(delay).expect("a few hours from now are an instant");
                if at.duration_since(self.notice.at) > MAILED_FOR { MailNext::GivenUp } else { MailNext::Retry { at } }
            }
        }
    }
}
