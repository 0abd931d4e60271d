//! Operational notices, and their way to administrators by mail.

use async_trait::async_trait;
use domain::delivery::Finished;
use domain::id::{NoticeId, PortalId, WebhookId};
use domain::notice::Notice;
use domain::notice::mail::{FinishedMail, MailLease, NoticeMail};
use jiff::Timestamp;

use crate::error::Result;
use crate::page::{Listed, PageRequest};

/// A notice, and what became of the mail of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedNotice {
    /// What is told.
    pub notice: Notice,
    /// To whom it is mailed; nobody until [`expand_notices`](Notices::expand_notices) has made mail of it.
    pub mails: Vec<NoticeMail>,
}

/// Operational notices.
///
/// A notice is born in [`finish_attempts`](crate::delivery::Deliveries::finish_attempts), in the transaction that changes what it
/// tells of, and nowhere else: each [warning](domain::webhook::health::Warning) once in a row of failures, a stop once, and
/// deliveries that are given up once a day and webhook, counted.
#[async_trait]
pub trait Notices: Send + Sync {
    /// Notices of the portal, newest first; of one webhook, if one is named, deleted or not.
    async fn list_notices(
        &self,
        portal_id: PortalId,
        webhook_id: Option<&WebhookId>,
        page: PageRequest,
    ) -> Result<Listed<MailedNotice>>;

    /// A notice of the portal.
    async fn find_notice(&self, portal_id: PortalId, id: &NoticeId) -> Result<Option<MailedNotice>>;

    /// Makes mail of up to `limit` notices whose time for that has come, due at once: one for each active administrator of the
    /// portal, of [`RECIPIENTS_MAX`](domain::notice::mail::RECIPIENTS_MAX) at most. Of a notice that is older than
    /// [`MAILED_FOR`](domain::notice::mail::MAILED_FOR) none is made. Says whether there is more to do.
    async fn expand_notices(&self, limit: u32, now: Timestamp) -> Result<bool>;

    /// Leases up to `limit` mails that are due at `now`, the longest due first. Each lease raises the attempt number; both are
    /// stored before this returns. Until the lease expires nobody else can lease the mail.
    async fn lease_mails(&self, limit: u32, now: Timestamp, expires_at: Timestamp) -> Result<Vec<MailLease>>;

    /// Records what came of mails and what follows, each on its own; the answers are in their order. A lease is lost when it
    /// expired by `now`, or when a later attempt was leased.
    async fn finish_mails(&self, mails: Vec<FinishedMail>, now: Timestamp) -> Result<Vec<Finished>>;

    /// Deletes up to `limit` notices from before `before`, with their mails, and says how many.
    async fn prune_notices(&self, before: Timestamp, limit: u32) -> Result<u64>;
}
