//! The audit log: who did what to a portal, when, and what changed.
//!
//! An entry is stored in the transaction of the action that it tells of, so that there is one for each action that was carried
//! out and none for one that was refused. It says all of it: what it tells of may be another one, or gone, when it is read. It
//! never holds a secret.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::id::{ClientId, PortalId, UserAccountId};

pub mod field;
mod noun;

pub use self::field::FieldChange;
use self::field::{FIELDS_MAX, Fields, changes, shortened};

/// For how long entries are kept, unless the operator says otherwise.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
/// The longest name of an operator, in characters.
pub const OPERATOR_CHARS_MAX: usize = 80;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident => $text:literal;)*) => {
        /// What was done, and to what: the noun stands before the dot.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Action] = &[$(Action::$name),*];

            /// The spelling on the wire and in the database. It never changes: entries are kept for years.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Action::$name => $text,)*
                }
            }
        }
    };
}

actions! {
    /// A webhook was made.
    WebhookCreate => "webhook.create";
    /// A webhook was changed: also paused, resumed, given another secret.
    WebhookUpdate => "webhook.update";
    /// A webhook was deleted.
    WebhookDelete => "webhook.delete";
    /// The secret of a webhook was looked at.
    WebhookReveal => "webhook.reveal";
    /// A test of a webhook was asked for.
    WebhookTest => "webhook.test";
    /// The event of one delivery was told again.
    DeliveryReplay => "delivery.replay";
    /// Many events of a webhook are told again.
    ReplayCreate => "replay.create";
    /// A portal was made, with its first administrator.
    PortalCreate => "portal.create";
    /// A portal was changed.
    PortalUpdate => "portal.update";
    /// Credentials were made.
    OauthClientCreate => "oauth_client.create";
    /// Credentials were ended.
    OauthClientRevoke => "oauth_client.revoke";
    /// A user account was made.
    UserAccountCreate => "user_account.create";
    /// A user account was changed: also blocked, or let in again.
    UserAccountUpdate => "user_account.update";
    /// A one-time login of a user account was made, for whoever holds it to be that person.
    UserAccountLogin => "user_account.login";
    /// The password of a user account was set or taken away.
    UserAccountPassword => "user_account.password";
    /// Somebody signed in to the Hub.
    UserAccountSignIn => "user_account.sign_in";
    /// Somebody tried to sign in to the Hub, and was refused.
    UserAccountSignInRefused => "user_account.sign_in_refused";
    /// Somebody signed out of the Hub.
    UserAccountSignOut => "user_account.sign_out";
    /// Content was made.
    LearningObjectCreate => "learning_object.create";
    /// Content was changed: what it says, what is played, what may take its place.
    LearningObjectUpdate => "learning_object.update";
    /// Content was flagged for removal.
    LearningObjectFlag => "learning_object.flag";
    /// The dates of flagged content were moved.
    LearningObjectMove => "learning_object.move";
    /// The flag of content was withdrawn.
    LearningObjectWithdraw => "learning_object.withdraw";
    /// Content was taken into the library of a portal.
    LibraryAdd => "library.add";
    /// Content was taken out of the library of a portal.
    LibraryRemove => "library.remove";
    /// A destination was made.
    DestinationCreate => "destination.create";
    /// A destination was changed: also revoked.
    DestinationUpdate => "destination.update";
}

impl Action {
    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        Action::ALL.iter().copied().find(|action| action.as_str() == text)
    }

    /// What it was done to.
    pub fn noun(self) -> &'static str {
        let text = self.as_str();
        text.split_once('.').map_or(text, |(noun, _)| noun)
    }

    /// The one action of this name, or all that were done to this noun; none if there is neither.
    pub fn named(text: &str) -> Vec<Self> {
        Action::ALL.iter().copied().filter(|action| action.as_str() == text || action.noun() == text).collect()
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A program.
    Client {
        /// Its credentials.
        id: ClientId,
        /// The portal of its token.
        portal_id: PortalId,
        /// The user account that it acts through.
        user_account_id: UserAccountId,
    },
    /// Somebody who is signed in.
    Person {
        /// Their account.
        id: UserAccountId,
        /// The portal of the account.
        portal_id: PortalId,
    },
    /// Whoever runs the platform, at the machine that it runs on.
    Operator {
        /// Their name there.
        name: String,
    },
    /// Nobody knows: somebody who was refused.
    Unknown,
}

impl Actor {
    /// The operator of this name at the machine.
    pub fn operator(name: &str) -> Self {
        Actor::Operator { name: shortened(name, OPERATOR_CHARS_MAX) }
    }

    /// The spelling of what kind it is, on the wire and in the database.
    pub const fn kind(&self) -> &'static str {
        match self {
            Actor::Client { .. } => "client",
            Actor::Person { .. } => "person",
            Actor::Operator { .. } => "operator",
            Actor::Unknown => "unknown",
        }
    }

    /// The id of the client or of the account, or the operator's name.
    pub fn id(&self) -> Option<String> {
        match self {
            Actor::Client { id, .. } => Some(id.to_string()),
            Actor::Person { id, .. } => Some(id.to_string()),
            Actor::Operator { name } => Some(name.clone()),
            Actor::Unknown => None,
        }
    }

    /// The portal that it belongs to.
    pub const fn portal_id(&self) -> Option<PortalId> {
        match self {
            Actor::Client { portal_id, .. } | Actor::Person { portal_id, .. } => Some(*portal_id),
            Actor::Operator { .. } | Actor::Unknown => None,
        }
    }

    /// The user account that acts, or is acted through.
    pub const fn user_account_id(&self) -> Option<UserAccountId> {
        match self {
            Actor::Client { user_account_id: id, .. } | Actor::Person { id, .. } => Some(*id),
            Actor::Operator { .. } | Actor::Unknown => None,
        }
    }
}

/// By which way it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The HTTP API.
    Api,
    /// The pages of the Partner Hub.
    Hub,
    /// The command line, straight in the data folder.
    Cli,
}

impl Channel {
    /// The spelling on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Channel::Api => "api",
            Channel::Hub => "hub",
            Channel::Cli => "cli",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        [Channel::Api, Channel::Hub, Channel::Cli].into_iter().find(|channel| channel.as_str() == text)
    }
}

/// What was done, as whoever carries it out says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// What was done.
    pub action: Action,
    /// The portal to which it was done: that of the subject, which need not be the actor's.
    pub portal_id: PortalId,
    /// The id of what it was done to.
    pub subject_id: String,
    /// What people called it then.
    pub subject_name: Option<String>,
    /// What changed, [`FIELDS_MAX`] fields at most.
    pub changes: Vec<FieldChange>,
    /// When it was done.
    pub at: Timestamp,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who did it.
    pub actor: Actor,
    /// By which way.
    pub channel: Channel,
    /// What was done.
    pub noted: Noted,
}

/// Whatever is changed by actions of which the log tells.
pub trait Audited {
    /// The portal to which it belongs.
    fn portal_id(&self) -> PortalId;

    /// Its id.
    fn subject_id(&self) -> String;

    /// What people call it.
    fn subject_name(&self) -> Option<String>;

    /// Its fields, always the same ones in the same order, by their names on the wire.
    fn fields(&self) -> Fields;
}

impl Noted {
    /// Something was done to a thing by which none of its fields changed.
    pub fn done(action: Action, portal_id: PortalId, subject_id: impl fmt::Display, at: Timestamp) -> Self {
        let subject_id = subject_id.to_string();
        Noted { action, portal_id, subject_id, subject_name: None, changes: Vec::new(), at }
    }

    /// A thing was made.
    pub fn created(action: Action, made: &impl Audited, at: Timestamp) -> Self {
        Noted::between(action, None, made, at)
    }

    /// A thing was changed, or deleted.
    pub fn changed<T: Audited>(action: Action, before: &T, after: &T, at: Timestamp) -> Self {
        Noted::between(action, Some(before.fields()), after, at)
    }

    fn between(action: Action, before: Option<Fields>, after: &impl Audited, at: Timestamp) -> Self {
        Noted {
            action,
            portal_id: after.portal_id(),
            subject_id: after.subject_id(),
            subject_name: None,
            changes: changes(before, after.fields()),
            at,
        }
        .named(after.subject_name())
    }

    /// The same with what people call the subject.
    pub fn named(mut self, name: Option<impl AsRef<str>>) -> Self {
        self.subject_name = name.map(|name| shortened(name.as_ref(), field::TEXT_CHARS_MAX));
        self
    }

    /// The same with one thing more that was said. Never a secret.
    pub fn with(mut self, field: &'static str, value: impl fmt::Display) -> Self {
        if self.changes.len() < FIELDS_MAX {
            let to = Some(shortened(&value.to_string(), field::TEXT_CHARS_MAX));
            self.changes.push(FieldChange { field: field.to_owned(), from: None, to });
        }
        self
    }
}

#[cfg(test)]
mod tests;
