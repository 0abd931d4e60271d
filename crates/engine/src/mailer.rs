//! How mail leaves: one trait, so that the rest of the engine knows no mail server.

use std::fmt::Debug;

use async_trait::async_trait;
use domain::notice::mail::MailOutcome;
use domain::user_account::EmailAddress;
use jiff::{SignedDuration, Timestamp};

/// How long a mail may take at most: less than the lease on it.
pub const MAIL_FOR_MAX: SignedDuration = SignedDuration::from_secs(60);

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Names it for ever, within the host that sends it: mail that is sent again has the same.
    pub name: String,
    /// To whom.
    pub to: EmailAddress,
    /// What it is about, in a line.
    pub subject: String,
    /// All of it, as plain text.
    pub text: String,
    /// When what it tells of happened.
    pub at: Timestamp,
}

/// Hands mail to a server and says what came of it.
#[async_trait]
pub trait Mailer: Debug + Send + Sync {
    /// Sends the mail once; comes back within [`MAIL_FOR_MAX`], whatever the server does.
    async fn send(&self, mail: Mail) -> MailOutcome;
}
