//! People in a portal.

use jiff::Timestamp;

use crate::change::Change;
use crate::id::{AccountGuid, PortalId, UserAccountId};

/// The longest name, and the longest id of the integrator's own, in characters.
pub const TEXT_CHARS_MAX: usize = 255;

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

/// What is asked to change; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAccountPatch {
    /// Where to reach the person.
    pub email: Option<EmailAddress>,
    /// Their given name.
    pub given_name: Option<String>,
    /// Their family name.
    pub family_name: Option<String>,
    /// What they may do.
    pub roles: Option<Vec<Role>>,
    /// Whether the account may be used.
    pub active: Option<bool>,
    /// The integrator's own id for the person.
    pub external_user_id: Option<String>,
}

/// Why an account cannot be as it is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserAccountError {
    /// A text that is too long.
    #[error("{0} must have at most {TEXT_CHARS_MAX} characters")]
    TooLong(&'static str),
    /// Somebody who may do nothing, not even learn.
    #[error("roles must name at least one role")]
    NoRoles,
}

impl UserAccountError {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            UserAccountError::TooLong(field) => field,
            UserAccountError::NoRoles => "roles",
        }
    }
}

impl UserAccount {
    /// An account that is about to be stored for the first time, if it may be as it is.
    pub fn create(mut self) -> Result<Change<UserAccount>, UserAccountError> {
        self.check()?;
        Ok(Change::silent(self))
    }

    /// The account with the changes asked for.
    pub fn update(mut self, patch: UserAccountPatch, at: Timestamp) -> Result<Change<UserAccount>, UserAccountError> {
        self.email = patch.email.unwrap_or(self.email);
        self.given_name = patch.given_name.unwrap_or(self.given_name);
        self.family_name = patch.family_name.unwrap_or(self.family_name);
        self.roles = patch.roles.unwrap_or(self.roles);
        self.active = patch.active.unwrap_or(self.active);
        self.external_user_id = patch.external_user_id.or(self.external_user_id);
        self.updated_at = at;
        self.check()?;
        Ok(Change::silent(self))
    }

    /// Whether a program may act for the portal through it.
    pub fn administers(&self) -> bool {
        self.active && self.roles.contains(&Role::Administrator)
    }

    /// Whether the person may sign in to the Hub: whoever does more than learn. Only administrators may change anything there.
    pub fn may_sign_in(&self) -> bool {
        self.active && self.roles.iter().any(|role| *role != Role::Learner)
    }

    fn check(&mut self) -> Result<(), UserAccountError> {
        let texts = [
            (Some(&self.given_name), "given_name"),
            (Some(&self.family_name), "family_name"),
            (Some(&self.username), "username"),
            (self.external_user_id.as_ref(), "external_user_id"),
        ];
        for (text, field) in texts {
            if text.is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX) {
                return Err(UserAccountError::TooLong(field));
            }
        }
        self.roles.sort_unstable();
        self.roles.dedup();
        if self.roles.is_empty() { Err(UserAccountError::NoRoles) } else { Ok(()) }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> UserAccount {
        UserAccount {
            id: UserAccountId(7),
            version: 1,
            portal_id: PortalId(2),
            guid: "acc_01G6VGXA00040G2081040G2081".parse().unwrap(),
            email: EmailAddress::parse("ada@example.com").unwrap(),
            given_name: "Ada".to_owned(),
            family_name: "Lovelace".to_owned(),
            username: "ada@example.com".to_owned(),
            roles: vec![Role::Learner],
            active: true,
            external_user_id: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[track_caller]
    fn check(patch: UserAccountPatch, expected: Result<&[Role], UserAccountError>) {
        let roles = account().update(patch, Timestamp::UNIX_EPOCH).map(|change| change.after.roles);
        assert_eq!(roles, expected.map(<[Role]>::to_vec));
    }

    #[test]
    fn everybody_has_a_role_and_each_once() {
        let roles = |roles: &[Role]| UserAccountPatch { roles: Some(roles.to_vec()), ..Default::default() };
        check(roles(&[]), Err(UserAccountError::NoRoles));
        check(roles(&[Role::Manager, Role::Learner, Role::Manager]), Ok(&[Role::Learner, Role::Manager]));
        check(UserAccountPatch::default(), Ok(&[Role::Learner]));
    }

    #[test]
    fn names_end() {
        let name = |length| UserAccountPatch { family_name: Some("é".repeat(length)), ..Default::default() };
        check(name(TEXT_CHARS_MAX), Ok(&[Role::Learner]));
        check(name(TEXT_CHARS_MAX + 1), Err(UserAccountError::TooLong("family_name")));
    }

    #[test]
    fn only_an_active_administrator_administers() {
        assert!(!account().administers());
        let administrator = UserAccount { roles: vec![Role::Administrator], ..account() };
        assert!(administrator.administers());
        assert!(!UserAccount { active: false, ..administrator }.administers());
    }

    #[test]
    fn whoever_does_more_than_learn_may_sign_in() {
        let with = |roles: &[Role]| UserAccount { roles: roles.to_vec(), ..account() };
        assert!(!account().may_sign_in());
        for role in [Role::Manager, Role::ContentAdministrator, Role::Administrator] {
            assert!(with(&[role]).may_sign_in() && with(&[Role::Learner, role]).may_sign_in());
            assert!(!UserAccount { active: false, ..with(&[role]) }.may_sign_in());
        }
    }
}
