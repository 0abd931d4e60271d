//! Telling people: who is to be told is decided and recorded, then it is sent.

use client::platform::Platform;
use client::platform::error::Error;
use jiff::{SignedDuration, Timestamp};
use mail::message::{Address, Mailbox, Message};
use mail::smtp::SendError;
use tokio::task::JoinSet;

use super::{AT_ONCE_MAX, ROUNDS_MAX, Tender, again, reason};
use crate::Shared;
use crate::config::MailSettings;
use crate::inbox::InboxError;
use crate::inbox::retirement::mail::{Dropped, DueMail, DuePart, Settled};
use crate::retirement::letter::{Part, Text, to_administrator, to_learner};
use crate::retirement::links::Mute;
use crate::retirement::notices::{ItemKind, MailKind};
use crate::retirement::rules::Rules;
use crate::retirement::{Standing, is_finished};
use crate::worker::fetch::describe;

/// How long a mail is tried. What is older is news no more.
const SENT_WITHIN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Why a mail is not sent now.
enum Not {
    /// Perhaps later.
    Now(String),
    /// Never.
    Ever(Settled, String),
}

/// What is to be sent, and what of it is not told after all.
struct Ready {
    to: Mailbox,
    text: Text,
    dropped: Vec<Dropped>,
    told: Vec<i64>,
}

impl Tender {
    /// Tells everybody who is to be told now.
    pub(super) async fn notify_due(&self) -> Result<(), InboxError> {
        let Some(mail) = &self.shared.settings.mail else { return Ok(()) };
        if self.shared.settings.retirement.dry_run_notices {
            return Ok(());
        }
        self.plan().await?;
        for _ in 0..ROUNDS_MAX {
            let due = self.shared.inbox.mails_due(self.shared.now(), AT_ONCE_MAX)?;
            if due.is_empty() {
                return Ok(());
            }
            let mut tasks = JoinSet::new();
            for one in due {
                tasks.spawn(self.clone().send(mail.clone(), one));
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
            }
        }
        Ok(())
    }

    async fn send(self, mail: MailSettings, due: DueMail) -> Result<(), InboxError> {
        let ready = self.prepare(&due).await?;
        let now = self.shared.now();
        match ready {
            Err((not, dropped)) => self.not_sent(&due, not, dropped, now).await,
            Ok(ready) => {
                let message = self.message(&mail, &due, &ready).await?;
                let sent = mail.smtp.send(&message).await;
                let now = self.shared.now();
                match sent {
                    Ok(()) => self.sent(&due, ready, now).await,
                    Err(error) => {
                        let not = match error {
                            SendError::Unreachable(error) | SendError::Temporary(error) => Not::Now(error),
                            SendError::Permanent(error) => Not::Ever(Settled::Refused, error),
                        };
                        self.not_sent(&due, not, ready.dropped, now).await
                    }
                }
            }
        }
    }

    async fn sent(&self, due: &DueMail, ready: Ready, now: Timestamp) -> Result<(), InboxError> {
        metrics::counter!("companion_notices_total", "kind" => due.kind.as_str(), "outcome" => "sent").increment(1);
        let Ready { dropped, told, .. } = ready;
        self.shared.inbox.settle_mail(due, Settled::Sent, None, dropped, told, now).await?;
        tracing::info!(mail = due.number, kind = due.kind.as_str(), "mail {} was taken by the mail server", due.number);
        Ok(())
    }

    async fn not_sent(&self, due: &DueMail, not: Not, dropped: Vec<Dropped>, now: Timestamp) -> Result<(), InboxError> {
        let inbox = &self.shared.inbox;
        let (settled, why) = match not {
            Not::Now(why) if now.duration_since(due.created_at) < SENT_WITHIN => {
                let due_at = again(due.number, due.tries, None, now);
                tracing::warn!(mail = due.number, %due_at, "mail {} waits; GET /retirements/notices says why", due.number);
                return inbox.postpone_mail(due.number, due_at, reason(why)).await;
            }
            Not::Now(why) => (Settled::Expired, why),
            Not::Ever(settled, why) => (settled, why),
        };
        metrics::counter!("companion_notices_total", "kind" => due.kind.as_str(), "outcome" => "not_sent").increment(1);
        inbox.settle_mail(due, settled, Some(reason(why)), dropped, Vec::new(), now).await
    }

    async fn message(&self, mail: &MailSettings, due: &DueMail, ready: &Ready) -> Result<Message, InboxError> {
        let key = self.shared.link_key().await?;
        // Nobody's absence is to be told to a program (RFC 3834).
        let mut headers = vec![("Auto-Submitted", "auto-generated".to_owned())];
        if due.kind != MailKind::Escalation {
            let retirement = match ready.told.as_slice() {
                [one] => Some(*one),
                _ => None,
            };
            let url = mute_url(&self.shared, &key.mute_token(Mute { mail: due.number, retirement }));
            headers.push(("List-Unsubscribe", format!("<{url}>")));
            headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
        let Text { subject, plain, html } = ready.text.clone();
        Ok(Message {
            from: mail.from.clone(),
            to: ready.to.clone(),
            subject,
            text: plain,
            html: Some(html),
            message_id: format!("{}@{}", key.message_name(due.number), mail.from.address.host()),
            date: due.created_at,
            headers,
        })
    }

    /// What is to be sent, as things are now: what has changed since it was recorded is not told, or told as it is.
    async fn prepare(&self, due: &DueMail) -> Result<Result<Ready, (Not, Vec<Dropped>)>, InboxError> {
        let parts = self.shared.inbox.mail_parts(due.number).await?;
        let now = self.shared.now();
        let (parts, mut dropped) = sift(parts, |part| over(&self.shared.rules, part, due.kind, now));
        let addressed = if due.kind == MailKind::Learner {
            self.learner(due, parts, &mut dropped).await
        } else {
            self.administrator(due, parts)
        };
        let (to, parts) = match addressed {
            Ok(addressed) => addressed,
            Err(not) => return Ok(Err((not, dropped))),
        };
        if parts.is_empty() {
            let not = Not::Ever(Settled::Dropped, "there is nothing left to tell".to_owned());
            return Ok(Err((not, dropped)));
        }
        let text = self.write(due, &parts, now).await?;
        let told = parts.iter().map(|part| part.item.retirement).collect();
        Ok(Ok(Ready { to, text, dropped, told }))
    }

    async fn write(&self, due: &DueMail, parts: &[DuePart], now: Timestamp) -> Result<Text, InboxError> {
        let key = self.shared.link_key().await?;
        let link = |part: &DuePart| {
            let token = key.mute_token(Mute { mail: due.number, retirement: Some(part.item.retirement) });
            (due.kind != MailKind::Escalation).then(|| mute_url(&self.shared, &token))
        };
        let written: Vec<_> =
            parts.iter().map(|part| Part { case: &part.case, kind: part.item.kind, mute_url: link(part) }).collect();
        let rules = &self.shared.rules;
        Ok(match rules.administrator(&due.person) {
            Some(reader) => to_administrator(&reader.name, due.kind, &written, rules, &reader.zone, now),
            None => {
                let portal = parts.first().map(|part| part.case.record.portal_id.as_str()).unwrap_or_default();
                to_learner(&written, rules, &rules.zone(portal), now)
            }
        })
    }

    fn administrator(&self, due: &DueMail, parts: Vec<DuePart>) -> Result<(Mailbox, Vec<DuePart>), Not> {
        let gone = || Not::Ever(Settled::Dropped, "this administrator is not in the settings any more".to_owned());
        let reader = self.shared.rules.administrator(&due.person).ok_or_else(gone)?;
        let address = reader.email.parse().map_err(|_| gone())?;
        let name = Some(reader.name.clone()).filter(|name| !name.is_empty());
        Ok((Mailbox { name, address }, parts))
    }

    /// Asks the platform, right before sending: who has finished is not told, and who cannot be asked about is told later.
    async fn learner(
        &self,
        due: &DueMail,
        parts: Vec<DuePart>,
        dropped: &mut Vec<Dropped>,
    ) -> Result<(Mailbox, Vec<DuePart>), Not> {
        let nothing = || Not::Ever(Settled::Dropped, "there is nothing left to tell".to_owned());
        let portal_id = parts.first().map(|part| part.case.record.portal_id.clone()).ok_or_else(nothing)?;
        let missing = || Not::Now(format!("there are no credentials for portal {portal_id}"));
        let platform = &self.portals.find(&portal_id).ok_or_else(missing)?.platform;
        let mut left = Vec::new();
        for part in parts {
            match finished(platform, &part).await.map_err(|error| Not::Now(describe(&error)))? {
                Some(why) => dropped.push((part.item, why)),
                None => left.push(part),
            }
        }
        if left.is_empty() {
            return Err(nothing());
        }
        let address = address(platform, &due.person).await?;
        Ok((Mailbox { name: None, address }, left))
    }
}

/// Why a learner is not to be told: they have finished, or are not enrolled any more.
async fn finished(platform: &Platform, part: &DuePart) -> Result<Option<String>, Error> {
    let Some(enrollment_id) = &part.item.enrollment_id else { return Ok(Some("no enrollment is known".to_owned())) };
    match platform.enrollment(enrollment_id).await {
        Ok(enrollment) if enrollment.id != *enrollment_id => {
            Ok(Some("the platform answered with another enrollment".to_owned()))
        }
        Ok(enrollment) => Ok(is_finished(&enrollment.status).then(|| "the learner has finished".to_owned())),
        Err(Error::NotFound(_) | Error::Id(_)) => Ok(Some("the learner is not enrolled any more".to_owned())),
        Err(error) => Err(error),
    }
}

/// Where a learner is reached, as the platform says at this moment.
async fn address(platform: &Platform, person: &str) -> Result<Address, Not> {
    let none = |why: &str| Not::Ever(Settled::Refused, why.to_owned());
    let id = person.rsplit_once(':').and_then(|(_, id)| id.parse().ok());
    let id = id.ok_or_else(|| none("the learner's id is not a number"))?;
    let user = match platform.v2().user(id).await {
        Ok(user) => user,
        Err(Error::NotFound(_)) => return Err(none("the platform knows no such user")),
        Err(error) => return Err(Not::Now(describe(&error))),
    };
    if user.id != id {
        return Err(none("the platform answered with another user"));
    }
    if !user.status {
        return Err(none("the account is not in use"));
    }
    user.email.parse().map_err(|_| none("the user has no mail address"))
}

/// Why a part is not to be told any more, by what is known here.
fn over(rules: &Rules, part: &DuePart, kind: MailKind, now: Timestamp) -> Option<&'static str> {
    let DuePart { item, case, is_muted } = part;
    let (told, removed_at) = (&case.record.told, case.record.removal.removed_at);
    if item.kind == ItemKind::Escalation {
        return (told.standing == Standing::Withdrawn || removed_at.is_some())
            .then_some("it is removed, or need not be");
    }
    if *is_muted {
        return Some("it is muted");
    }
    if case.is_dismissed() && item.kind != ItemKind::Stays {
        return Some("it was dismissed");
    }
    match item.kind {
        ItemKind::Threshold if told.standing != Standing::Flagged || removed_at.is_some() => {
            Some("it does not end any more, or has")
        }
        ItemKind::Threshold if told.round != item.round => Some("it ends at another time"),
        ItemKind::Threshold
            if kind == MailKind::Learner && case.record.due_at(rules.margin).is_none_or(|at| at <= now) =>
        {
            Some("it is to be removed now")
        }
        ItemKind::Stays if told.standing != Standing::Withdrawn => Some("it ends again"),
        ItemKind::Removed if removed_at.is_none() => Some("it ends at another time"),
        ItemKind::News | ItemKind::Threshold | ItemKind::Stays | ItemKind::Removed | ItemKind::Escalation => None,
    }
}

fn sift(parts: Vec<DuePart>, over: impl Fn(&DuePart) -> Option<&'static str>) -> (Vec<DuePart>, Vec<Dropped>) {
    let mut dropped = Vec::new();
    let mut left = Vec::new();
    for part in parts {
        match over(&part) {
            Some(why) => dropped.push((part.item, why.to_owned())),
            None => left.push(part),
        }
    }
    (left, dropped)
}

fn mute_url(shared: &Shared, token: &str) -> String {
    let base = shared.settings.retirement.public_url.as_deref().unwrap_or_default();
    format!("{}/mute/{token}", base.trim_end_matches('/'))
}
