//! People in a portal.

use jiff::Timestamp;

use crate::id::{AccountGuid, PortalId, UserAccountId};

/// What a person may do. Contract, section 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Learns.
    Learner,
    /// Sees what others learn.
    Manager,
    /// Looks after the library.
    ContentAdministrator,
    /// May do everything in the portal.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Learner, Role::Manager, Role::ContentAdministrator, Role::Administrator];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Learner => "Learner",
            Role::Manager => "Manager",
            Role::ContentAdministrator => "Content administrator",
            Role::Administrator => "Administrator",
        }
    }

    /// The published id, which some clients hold in their code. Contract, section 10.
    pub const fn guid(self) -> &'static str {
        match self {
            Role::Learner => "rol_01G3PZS7NZ0CF95J340P55FSZH",
            Role::Manager => "rol_01G3PZS7NZBW04V44QBM48PP0C",
            Role::ContentAdministrator => "rol_01G3PZS7NXC78RP57SG0EXD0Z5",
            Role::Administrator => "rol_01G3PZS7NCBKB170TEP3CC2BBH",
        }
    }

    /// Reads a name, in any case, or a published id.
    pub fn read(text: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(text) || role.guid() == text)
    }
}

/// A person in one portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAccount {
    /// Names the account; V2 calls it the user's id.
    pub id: UserAccountId,
    /// The version that was read; 0 if it is not stored yet.
    pub version: i64,
    /// The portal.
    pub portal_id: PortalId,
    /// Names the account too.
    pub guid: AccountGuid,
    /// Where to reach the person; unique in the portal, whatever its case.
    pub email: EmailAddress,
    /// Their given name.
    pub given_name: String,
    /// Their family name.
    pub family_name: String,
    /// Their name at sign-in.
    pub username: String,
    /// What they may do; never empty.
    pub roles: Vec<Role>,
    /// Whether the account may be used. Accounts are never deleted, only blocked.
    pub active: bool,
    /// The integrator's own id for the person.
    pub external_user_id: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where mail reaches a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

/// A text that is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the email must be an address such as ada@example.com")]
pub struct NotAnEmailAddress;

impl EmailAddress {
    /// Reads an address: something before the last `@` and a host after it, no white space, at most 254 bytes.
    pub fn parse(text: &str) -> Result<Self, NotAnEmailAddress> {
        let spaced = text.chars().any(|c| c.is_whitespace() || c.is_control());
        match text.rsplit_once('@') {
            Some((name, host)) if !spaced && !name.is_empty() && !host.is_empty() && text.len() <= 254 => {
                Ok(EmailAddress(text.to_owned()))
            }
            _ => Err(NotAnEmailAddress),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
