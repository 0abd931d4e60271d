//! Mails notices to administrators: first it is stored whom, then it is sent, then it is stored what came of it. A node that dies
//! in between leaves a lease that runs out, and the mail is sent again, under the same name.

use std::sync::Arc;

use async_trait::async_trait;
use domain::clock::Clock;
use domain::delivery::Finished;
use domain::notice::mail::{FinishedMail, MailLease, MailNext, MailOutcome};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use store::Store;
use store::error::StoreError;
use tracing::{debug, warn};

use super::{Step, Task};
use crate::mailer::{MAIL_FOR_MAX, Mail, Mailer};

/// Of how many notices mail is made at once: few enough that nobody waits for it.
const EXPAND_MAX: u32 = 20;
/// How many mails are sent at once: as many connections to the mail server.
const SEND_MAX: u32 = 8;
/// How long a mail is leased: long enough to send it, and to store what came of it.
const LEASE_FOR: SignedDuration = SignedDuration::from_secs(2 * MAIL_FOR_MAX.as_secs());
/// How long a notice waits at most before it is mailed.
const RESTS_FOR: SignedDuration = SignedDuration::from_secs(20);

pub(super) struct MailNotices {
    pub(super) mailer: Arc<dyn Mailer>,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Task for MailNotices {
    fn name(&self) -> &'static str {
        "mail_notices"
    }

    fn rests_for(&self) -> SignedDuration {
        RESTS_FOR
    }

    async fn step(&self, store: &dyn Store, now: Timestamp) -> Result<Step, StoreError> {
        let is_more = store.expand_notices(EXPAND_MAX, now).await?;
        let expires_at = now.saturating_add(LEASE_FOR).expect("a few minutes from now are an instant");
        let leases = store.lease_mails(SEND_MAX, now, expires_at).await?;
        if leases.is_empty() {
            return Ok(if is_more { Step::More } else { Step::Done });
        }
        let finished = join_all(leases.into_iter().map(|lease| self.send(lease))).await;
        // Where nothing at all is taken, the server is not there: the others need not try.
        let is_taken = finished.iter().any(|mail| !matches!(mail.outcome, MailOutcome::NotNow(_)));
        let recorded = store.finish_mails(finished.clone(), self.clock.now()).await?;
        finished.iter().zip(recorded).for_each(|(mail, recorded)| write_line(mail, recorded));
        Ok(if is_taken { Step::More } else { Step::Done })
    }
}

impl MailNotices {
    async fn send(&self, lease: MailLease) -> FinishedMail {
        let notice = &lease.notice;
        let mail = Mail {
            name: lease.message_name(),
            to: lease.address.clone(),
            subject: notice.subject(),
            text: notice.text(),
            at: notice.at,
        };
        let outcome = self.mailer.send(mail).await;
        let next = lease.decide(&outcome, self.clock.now());
        FinishedMail { lease, outcome, next }
    }
}

/// Counts a mail and writes its line. What the server said may name a person, so it stands with the mail and not in the log.
fn write_line(FinishedMail { lease, outcome, next }: &FinishedMail, recorded: Finished) {
    let outcome = match outcome {
        MailOutcome::Taken => "taken",
        MailOutcome::NotNow(_) => "not_now",
        MailOutcome::Refused(_) => "refused",
    };
    counter!("notice_mails_total", "outcome" => outcome).increment(1);
    let (notice_id, user_account_id) = (&lease.notice.id, lease.user_account_id.0);
    let attempt_number = lease.attempt_number;
    match next {
        MailNext::Sent => debug!(%notice_id, user_account_id, attempt_number, "notice {notice_id} is mailed"),
        MailNext::Retry { at } => {
            debug!(%notice_id, user_account_id, attempt_number, %at, "notice {notice_id} is mailed again at {at}");
        }
        MailNext::GivenUp => {
            warn!(%notice_id, user_account_id, attempt_number, outcome, "mail of notice {notice_id} is given up");
        }
    }
    if recorded == Finished::LeaseLost {
        warn!(%notice_id, user_account_id, attempt_number, "mail of notice {notice_id} took too long and may be sent again");
    }
}
