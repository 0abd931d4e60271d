//! Webhooks: a portal's subscriptions.

use std::fmt;

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use jiff::{SignedDuration, Timestamp};

use self::headers::Headers;
use self::rate_limit::RateLimit;
use crate::change::Change;
use crate::id::{PortalId, UserAccountId, WebhookId};

pub mod headers;
pub mod health;
pub mod rate_limit;
pub mod test_event;
pub mod url;

pub use self::url::{UrlPolicy, WebhookUrl};

/// The longest secret, in characters. Contract, section 2.3.
pub const SECRET_CHARS_MAX: usize = 64;
/// The longest id, secret and scope of an OAuth client at a receiver's authorization server, in characters.
pub const CLIENT_SECRET_CHARS_MAX: usize = 1_024;
/// The longest name, and the longest id of an integration, in characters.
pub const NAME_CHARS_MAX: usize = 255;
/// How many webhooks a portal may have, unless the operator says otherwise (decision 18).
pub const PER_PORTAL_MAX: usize = 50;
/// How long a replaced secret still signs (decision 27).
pub const ROTATION_GRACE: SignedDuration = SignedDuration::from_hours(24);
/// How many replaced secrets may still sign: each is another digest in the headers of every request.
pub const PREVIOUS_SECRETS_MAX: usize = 8;

/// What signs deliveries. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A secret that is too long or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret must have 1 to {0} characters")]
pub struct BadSecret(pub usize);

impl Secret {
    /// Takes a secret of 1 to [`SECRET_CHARS_MAX`] characters.
    pub fn parse(text: String) -> Result<Self, BadSecret> {
        Self::within(SECRET_CHARS_MAX, text)
    }

    /// Takes the secret of an OAuth client, of 1 to [`CLIENT_SECRET_CHARS_MAX`] characters.
    pub fn parse_client_secret(text: String) -> Result<Self, BadSecret> {
        Self::within(CLIENT_SECRET_CHARS_MAX, text)
    }

    fn within(max: usize, text: String) -> Result<Self, BadSecret> {
        if (1..=max).contains(&text.chars().count()) { Ok(Secret(text)) } else { Err(BadSecret(max)) }
    }

    /// Takes a secret that was accepted before.
    pub fn restore(text: String) -> Self {
        Secret(text)
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether a webhook is told of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookStatus {
    /// It is.
    Active,
    /// It is not, for this reason.
    Inactive(InactiveReason),
}

/// Why a webhook is inactive, and with that what becomes of its events (decisions 4, 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InactiveReason {
    /// Its owner said so: new events are not for it, pending ones wait.
    Owner,
    /// Its owner paused it: all events wait.
    Paused,
    /// The receiver answered 410: all events wait.
    Gone,
    /// Nothing but failures for days: all events wait.
    Failing,
    /// Its owner deleted it: nothing waits, its history stays.
    Deleted,
}

impl WebhookStatus {
    const ALL: [WebhookStatus; 6] = [
        WebhookStatus::Active,
        WebhookStatus::Inactive(InactiveReason::Owner),
        WebhookStatus::Inactive(InactiveReason::Paused),
        WebhookStatus::Inactive(InactiveReason::Gone),
        WebhookStatus::Inactive(InactiveReason::Failing),
        WebhookStatus::Inactive(InactiveReason::Deleted),
    ];

    /// The spelling in the database: `active`, or the reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            WebhookStatus::Active => "active",
            WebhookStatus::Inactive(InactiveReason::Owner) => "owner",
            WebhookStatus::Inactive(InactiveReason::Paused) => "paused",
            WebhookStatus::Inactive(InactiveReason::Gone) => "gone",
            WebhookStatus::Inactive(InactiveReason::Failing) => "failing",
            WebhookStatus::Inactive(InactiveReason::Deleted) => "deleted",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn read(text: &str) -> Option<Self> {
        WebhookStatus::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether new events become deliveries for it.
    pub fn receives_events(self) -> bool {
        match self {
            WebhookStatus::Active => true,
            WebhookStatus::Inactive(reason) => match reason {
                InactiveReason::Paused | InactiveReason::Gone | InactiveReason::Failing => true,
                InactiveReason::Owner | InactiveReason::Deleted => false,
            },
        }
    }
}

/// Client credentials at the receiver's own authorization server (decision 28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oauth2Credentials {
    /// The platform's id at that server.
    pub client_id: String,
    /// The platform's secret at that server.
    pub client_secret: Secret,
    /// Where tokens are asked for.
    pub server_url: WebhookUrl,
    /// What is asked for.
    pub scope: Option<String>,
}

/// A portal's subscription. Contract, section 2.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Names it.
    pub id: WebhookId,
    /// The version that was read; 0 if it is not stored yet.
    pub version: i64,
    /// The portal that owns it.
    pub portal_id: PortalId,
    /// What people call it.
    pub name: Option<String>,
    /// Where events are sent.
    pub url: WebhookUrl,
    /// Signs deliveries.
    pub secret: Option<Secret>,
    /// The secrets before it, newest first, and until when each still signs (decision 27).
    pub previous_secrets: Vec<(Secret, Timestamp)>,
    /// What it is told of, in the order given, each once, at least one.
    pub event_types: Vec<EventType>,
    /// Whether it is told.
    pub status: WebhookStatus,
    /// The unit of the signature's time (decision 1).
    pub timestamp_unit: TimestampUnit,
    /// How deliveries are authorised at the receiver.
    pub oauth2: Option<Oauth2Credentials>,
    /// Needed with `content.library.sync.request`.
    pub integration_system_id: Option<String>,
    /// How fast it may be told.
    pub rate_limit: Option<RateLimit>,
    /// What its owner adds to every request.
    pub headers: Headers,
    /// The user account that made it.
    pub created_by: UserAccountId,
    /// The user account that last changed it.
    pub updated_by: UserAccountId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is asked to change; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// What people call it.
    pub name: Option<Option<String>>,
    /// Where events are sent.
    pub url: Option<WebhookUrl>,
    /// Signs deliveries.
    pub secret: Option<Option<Secret>>,
    /// What it is told of.
    pub event_types: Option<Vec<EventType>>,
    /// Whether it is told.
    pub status: Option<WebhookStatus>,
    /// The unit of the signature's time.
    pub timestamp_unit: Option<TimestampUnit>,
    /// How deliveries are authorised at the receiver.
    pub oauth2: Option<Option<Oauth2Credentials>>,
    /// Needed with `content.library.sync.request`.
    pub integration_system_id: Option<Option<String>>,
    /// How fast it may be told.
    pub rate_limit: Option<Option<RateLimit>>,
    /// What its owner adds to every request: all of it.
    pub headers: Option<Headers>,
}

/// Why a webhook cannot be as it is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No event type.
    #[error("event_types must name at least one event type")]
    NoEventTypes,
    /// Contract, section 2.3.
    #[error("integration_system_id is needed with content.library.sync.request")]
    IntegrationSystemNeeded,
    /// A text is too long.
    #[error("{0} must have at most {1} characters")]
    TooLong(&'static str, usize),
    /// One more secret, and one that receivers may still rely on would have to go.
    #[error(
        "secret_key was replaced {0} times within 24 hours, and each of those secrets still signs: try again later, \
        or set it to null, which ends them all, and then to the new one"
    )]
    TooManySecrets(usize),
    /// Two authorizations for one request.
    #[error("headers must not have authorization while oauth2 is set, which sends its own")]
    AuthorizedTwice,
}

impl WebhookError {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            WebhookError::NoEventTypes => "event_types",
            WebhookError::IntegrationSystemNeeded => "integration_system_id",
            WebhookError::TooLong(field, _) => field,
            WebhookError::TooManySecrets(_) => "secret_key",
            WebhookError::AuthorizedTwice => "headers",
        }
    }
}

impl Webhook {
    /// A webhook that is about to be stored for the first time, if it may be as it is.
    pub fn create(mut self) -> Result<Change<Webhook>, WebhookError> {
        self.check()?;
        Ok(Change::silent(self))
    }

    /// The webhook with the changes asked for by `by`.
    ///
    /// A secret that is replaced keeps signing for [`ROTATION_GRACE`], behind the new one, also when that is replaced meanwhile.
    /// Without a secret none signs, neither then nor again.
    pub fn update(
        mut self,
        patch: WebhookPatch,
        by: UserAccountId,
        at: Timestamp,
    ) -> Result<Change<Webhook>, WebhookError> {
        let WebhookPatch {
            name,
            url,
            secret,
            event_types,
            status,
            timestamp_unit,
            oauth2,
            integration_system_id,
            rate_limit,
            headers,
        } = patch;
        if let Some(secret) = secret.filter(|secret| *secret != self.secret) {
            self.replace_secret(secret, at)?;
        }
        self.name = name.unwrap_or(self.name);
        self.url = url.unwrap_or(self.url);
        self.event_types = event_types.unwrap_or(self.event_types);
        self.status = status.unwrap_or(self.status);
        self.timestamp_unit = timestamp_unit.unwrap_or(self.timestamp_unit);
        self.oauth2 = oauth2.unwrap_or(self.oauth2);
        self.integration_system_id = integration_system_id.unwrap_or(self.integration_system_id);
        self.rate_limit = rate_limit.unwrap_or(self.rate_limit);
        self.headers = headers.unwrap_or(self.headers);
        self.updated_by = by;
        self.updated_at = at;
        self.check()?;
        Ok(Change::silent(self))
    }

    /// The webhook, deleted: its history stays readable, nothing is sent any more, and its secrets are gone.
    pub fn delete(mut self, by: UserAccountId, at: Timestamp) -> Change<Webhook> {
        self.status = WebhookStatus::Inactive(InactiveReason::Deleted);
        self.secret = None;
        self.previous_secrets.clear();
        self.oauth2 = None;
        self.headers = Headers::default();
        self.updated_by = by;
        self.updated_at = at;
        Change::silent(self)
    }

    /// The secrets that sign at `at`, newest first (decision 27).
    pub fn secrets_at(&self, at: Timestamp) -> Vec<&str> {
        let previous = self.previous_secrets.iter().filter(|(_, until)| at < *until).map(|(secret, _)| secret);
        self.secret.iter().chain(previous).map(Secret::expose).collect()
    }

    fn replace_secret(&mut self, secret: Option<Secret>, at: Timestamp) -> Result<(), WebhookError> {
        let until = at.saturating_add(ROTATION_GRACE).expect("a day from now is an instant");
        let replaced = std::mem::replace(&mut self.secret, secret);
        if self.secret.is_none() {
            self.previous_secrets.clear();
            return Ok(());
        }
        self.previous_secrets.splice(0..0, replaced.map(|replaced| (replaced, until)));
        // One that is taken again signs in front.
        self.previous_secrets.retain(|(previous, until)| at < *until && Some(previous) != self.secret.as_ref());
        if self.previous_secrets.len() > PREVIOUS_SECRETS_MAX {
            return Err(WebhookError::TooManySecrets(PREVIOUS_SECRETS_MAX));
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), WebhookError> {
        let mut seen = Vec::with_capacity(self.event_types.len());
        self.event_types.retain(|event_type| {
            !seen.contains(event_type) && {
                seen.push(*event_type);
                true
            }
        });
        if self.event_types.is_empty() {
            return Err(WebhookError::NoEventTypes);
        }
        let oauth2 = self.oauth2.as_ref();
        let texts = [
            (self.name.as_ref(), "name", NAME_CHARS_MAX),
            (self.integration_system_id.as_ref(), "integration_system_id", NAME_CHARS_MAX),
            (oauth2.map(|oauth2| &oauth2.client_id), "oauth2.client_id", CLIENT_SECRET_CHARS_MAX),
            (oauth2.and_then(|oauth2| oauth2.scope.as_ref()), "oauth2.scope", CLIENT_SECRET_CHARS_MAX),
        ];
        for (text, field, max) in texts {
            if text.is_some_and(|text| text.chars().count() > max) {
                return Err(WebhookError::TooLong(field, max));
            }
        }
        let syncs = self.event_types.contains(&EventType::ContentLibrarySyncRequest);
        if syncs && self.integration_system_id.is_none() {
            return Err(WebhookError::IntegrationSystemNeeded);
        }
        if self.oauth2.is_some() && self.headers.has("authorization") {
            return Err(WebhookError::AuthorizedTwice);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
