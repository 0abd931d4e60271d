//! Who did what, when, and what changed. Not in the published API: for Schoolbell itself.

use contract::api::audit::AuditEntry;
use contract::api::page::Page;
use contract::time::Millis;
use jiff::Timestamp;
use reqwest::Method;

use crate::platform::Platform;
use crate::platform::enrollment::Part;
use crate::platform::error::Error;

/// Which entries. Empty: all of the portal and of its customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of what was done to this portal alone.
    pub portal_id: Option<String>,
    /// By this client, user account or operator.
    pub actor: Option<String>,
    /// This action, or all that was done to this noun.
    pub action: Option<String>,
    /// Done to what has this id.
    pub subject_id: Option<String>,
    /// Done then or later.
    pub since: Option<Timestamp>,
    /// Done then or earlier.
    pub until: Option<Timestamp>,
}

impl Platform {
    /// One page of entries of the audit log, the newest first.
    pub async fn audit_entries(&self, filter: &AuditFilter, part: Part) -> Result<Page<AuditEntry>, Error> {
        let mut call = self
            .gateway_call(Method::GET, &["audit-entries"])?
            .query("limit", &part.limit.to_string())
            .query("offset", &part.offset.to_string());
        let time = |at: Option<Timestamp>| at.map(|at| Millis(at).to_string());
        let (since, until) = (time(filter.since), time(filter.until));
        let filters = [
            ("portal_id", &filter.portal_id),
            ("actor", &filter.actor),
            ("action", &filter.action),
            ("subject_id", &filter.subject_id),
            ("since", &since),
            ("until", &until),
        ];
        for (name, value) in filters {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        call.fetch().await
    }
}
