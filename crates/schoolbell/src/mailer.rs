//! The engine's mail, by SMTP.

use async_trait::async_trait;
use domain::notice::mail::MailOutcome;
use engine::mailer::{Mail, Mailer};
use mail::message::{Mailbox, Message};
use mail::smtp::{SendError, Smtp};

/// Sends the engine's mail by a mail server.
#[derive(Clone, Debug)]
pub(crate) struct SmtpMailer {
    /// The server.
    pub(crate) smtp: Smtp,
    /// Who writes.
    pub(crate) from: Mailbox,
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> MailOutcome {
        let Ok(address) = mail.to.as_str().parse() else {
            return MailOutcome::Refused("the address is none that mail can be sent to".to_owned());
        };
        let message = Message {
            from: self.from.clone(),
            to: Mailbox { name: None, address },
            subject: mail.subject,
            text: mail.text,
            html: None,
            message_id: format!("{}@{}", mail.name, self.from.address.host()),
            date: mail.at,
            // Nobody's absence is to be told to a program (RFC 3834).
            headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
        };
        match self.smtp.send(&message).await {
            Ok(()) => MailOutcome::Taken,
            Err(SendError::Unreachable(error)) => {
                tracing::warn!(error, "the mail server cannot be used: notices are mailed later");
                MailOutcome::NotNow(error)
            }
            Err(SendError::Temporary(error)) => MailOutcome::NotNow(error),
            Err(SendError::Permanent(error)) => MailOutcome::Refused(error),
        }
    }
}
