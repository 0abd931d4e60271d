//! Notices as they are written.

use contract::api::notice as api;
use domain::notice::mail::{MailState, NoticeMail};
use domain::oauth::{Scope, Scopes};
use store::notice::MailedNotice;

/// A notice for a reader with these scopes: addresses are for those who may read user accounts.
pub(super) fn notice(MailedNotice { notice, mails }: MailedNotice, scopes: &Scopes) -> api::Notice {
    let with_address = scopes.contains(Scope::UserRead);
    api::Notice {
        id: notice.id.to_string(),
        webhook_id: notice.webhook_id.to_string(),
        kind: notice.kind.as_str().to_owned(),
        time: notice.at.into(),
        subject: notice.subject(),
        text: notice.text(),
        mails: mails.into_iter().map(|mail| self::mail(mail, with_address)).collect(),
    }
}

fn mail(mail: NoticeMail, with_address: bool) -> api::NoticeMail {
    let (status, due_at, finished_at) = match mail.state {
        MailState::Pending { due_at } => ("pending", Some(due_at), None),
        MailState::Sent { at } => ("sent", None, Some(at)),
        MailState::Failed { at } => ("failed", None, Some(at)),
    };
    api::NoticeMail {
        user_account_id: mail.user_account_id.to_string(),
        status: status.to_owned(),
        due_time: due_at.map(Into::into),
        finished_time: finished_at.map(Into::into),
        email: with_address.then(|| mail.address.as_str().to_owned()),
        error: mail.error.filter(|_| with_address),
    }
}
