//! A customer portal as its partner makes it: with its first administrator. Contract, section 10.

use jiff::Timestamp;

use super::{Portal, PortalDomain, PortalError, PortalKind};
use crate::change::Change;
use crate::id::{AccountGuid, PortalId, UserAccountId};
use crate::user_account::{EmailAddress, Role, UserAccount, UserAccountError};

/// The time zone of a portal of which none is said.
pub const TIMEZONE_DEFAULT: &str = "UTC";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    /// What people call it.
    pub name: String,
    /// Its host name, unique; it never changes.
    pub domain: PortalDomain,
    /// Where it is.
    pub country: String,
    /// What business it is in.
    pub industry: String,
    /// An IANA time zone; [`TIMEZONE_DEFAULT`] if none is said.
    pub timezone: Option<String>,
    /// How many people it has, in steps.
    pub company_size: Option<u32>,
    /// The integrator's own id for it.
    pub external_customer_id: Option<String>,
    /// Whether enrollments in parts of a course publish events too (decision 11).
    pub child_enrollment_events: bool,
}

/// The administrator that a new portal begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstAdministrator {
    /// Where to reach them.
    pub email: EmailAddress,
    /// Their name at sign-in; the address if none is said.
    pub username: Option<String>,
    /// Their given name.
    pub given_name: String,
    /// Their family name.
    pub family_name: String,
}

impl NewCustomer {
    /// The portal below that partner, about to be stored, if it may be as it is.
    pub fn create(self, id: PortalId, partner_id: PortalId, at: Timestamp) -> Result<Change<Portal>, PortalError> {
        let portal = Portal {
            id,
            version: 0,
            partner_id: Some(partner_id),
            kind: PortalKind::Customer,
            name: self.name,
            domain: self.domain,
            timezone: self.timezone.unwrap_or_else(|| TIMEZONE_DEFAULT.to_owned()),
            country: Some(self.country),
            industry: Some(self.industry),
            company_size: self.company_size,
            external_customer_id: self.external_customer_id,
            child_enrollment_events: self.child_enrollment_events,
            created_at: at,
            updated_at: at,
        };
        portal.create()
    }
}

impl FirstAdministrator {
    /// Somebody of another portal, who administers the new one too.
    pub fn like(account: UserAccount) -> Self {
        let UserAccount { email, username, given_name, family_name, .. } = account;
        FirstAdministrator { email, username: Some(username), given_name, family_name }
    }

    /// The account in the new portal, about to be stored, if it may be as it is.
    pub fn create(
        self,
        id: UserAccountId,
        portal_id: PortalId,
        guid: AccountGuid,
        at: Timestamp,
    ) -> Result<Change<UserAccount>, UserAccountError> {
        let account = UserAccount {
            id,
            version: 0,
            portal_id,
            guid,
            given_name: self.given_name,
            family_name: self.family_name,
            username: self.username.unwrap_or_else(|| self.email.as_str().to_owned()),
            email: self.email,
            roles: vec![Role::Administrator],
            active: true,
            external_user_id: None,
            created_at: at,
            updated_at: at,
        };
        account.create()
    }
}
