//! Who may call the API, and what for. Contract, section 5 and design of scopes, section 5.4.

use jiff::{SignedDuration, Timestamp};

use crate::id::{ClientId, PortalId, UserAccountId};

/// How long an access token is good for (contract, section 5.1).
pub const ACCESS_TOKEN_FOR: SignedDuration = SignedDuration::from_secs(43_200);
/// How long a refresh token is good for (contract, section 5.1).
pub const REFRESH_TOKEN_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long a used refresh token still gives the pair that it gave (decision 31).
pub const REFRESH_RACE_FOR: SignedDuration = SignedDuration::from_secs(60);

/// The longest name of a client, in characters.
pub const CLIENT_NAME_CHARS_MAX: usize = 255;
/// The longest address that the authorization page would return to, in bytes.
pub const REDIRECT_URI_BYTES_MAX: usize = 2048;

/// How many hex digits the secret of a client has, as in the published samples: 160 bits.
pub const CLIENT_SECRET_LENGTH: usize = 40;

/// How many clients in use a portal may have: they are listed and looked through as a whole.
pub const CLIENTS_PER_PORTAL_MAX: usize = 100;

/// The keyed SHA-256 of a secret: what is stored in its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest(…)")
    }
}

impl Digest {
    /// Compares in constant time.
    pub fn matches(&self, other: &Digest) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// One thing that a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// Read learning objects.
    LoRead,
    /// Change learning objects, download packages.
    LoWrite,
    /// Read enrollments and learning activities.
    EnrollmentRead,
    /// Change enrollments.
    EnrollmentWrite,
    /// Read webhooks.
    WebhookRead,
    /// Change webhooks.
    WebhookWrite,
    /// Read portals.
    PortalRead,
    /// Change portals, make customers.
    PortalWrite,
    /// Read users.
    UserRead,
    /// Change users.
    UserWrite,
    /// Make one-time logins.
    UserLogin,
    /// Read OAuth clients.
    AppRead,
    /// Change OAuth clients.
    AppWrite,
    /// Read the account.
    AccountRead,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 14] = [
        Scope::LoRead,
        Scope::LoWrite,
        Scope::EnrollmentRead,
        Scope::EnrollmentWrite,
        Scope::WebhookRead,
        Scope::WebhookWrite,
        Scope::PortalRead,
        Scope::PortalWrite,
        Scope::UserRead,
        Scope::UserWrite,
        Scope::UserLogin,
        Scope::AppRead,
        Scope::AppWrite,
        Scope::AccountRead,
    ];

    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::LoRead => "lo.read",
            Scope::LoWrite => "lo.write",
            Scope::EnrollmentRead => "enrollment.read",
            Scope::EnrollmentWrite => "enrollment.write",
            Scope::WebhookRead => "webhook.read",
            Scope::WebhookWrite => "webhook.write",
            Scope::PortalRead => "portal.read",
            Scope::PortalWrite => "portal.write",
            Scope::UserRead => "user.read",
            Scope::UserWrite => "user.write",
            Scope::UserLogin => "user.login",
            Scope::AppRead => "app.read",
            Scope::AppWrite => "app.write",
            Scope::AccountRead => "account.read",
        }
    }

    /// Reads a scope, also in the older spelling `enrolment`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.replace("enrolment", "enrollment");
        Scope::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u32);

impl Scopes {
    /// All of them.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Reads scopes separated by spaces, commas or `+`; `Err` names the first that is unknown.
    pub fn read(text: &str) -> Result<Self, String> {
        text.split([' ', ',', '+'])
            .filter(|word| !word.is_empty())
            .map(|word| Scope::read(word).ok_or_else(|| word.to_owned()))
            .collect()
    }

    /// Whether `scope` is one of them.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether all of these are among `others`.
    pub fn are_within(self, others: Scopes) -> bool {
        self.0 & !others.0 == 0
    }

    /// Each of them, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |&scope| self.contains(scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Scopes(scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u8))
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "))
    }
}

/// A program that may ask for tokens of one portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthClient {
    /// 40 hex digits.
    pub id: ClientId,
    /// The portal whose credentials these are.
    pub portal_id: PortalId,
    /// The user account that acts.
    pub user_account_id: UserAccountId,
    /// What people call it.
    pub name: String,
    /// Where the authorization page would return to.
    pub redirect_uri: Option<String>,
    /// What is stored of the secret.
    pub secret_digest: Digest,
    /// What its tokens may at most be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when its tokens are refused, if they are.
    pub revoked_at: Option<Timestamp>,
}

/// Why a client cannot be as it is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OauthClientError {
    /// The name is missing or too long.
    #[error("client_name must have 1 to {CLIENT_NAME_CHARS_MAX} characters")]
    Name,
    /// The address is too long.
    #[error("redirect_uri must have at most {REDIRECT_URI_BYTES_MAX} bytes")]
    RedirectUri,
}

impl OauthClientError {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            OauthClientError::Name => "client_name",
            OauthClientError::RedirectUri => "redirect_uri",
        }
    }
}

impl OauthClient {
    /// A client that is about to be stored, if it may be as it is.
    pub fn create(self) -> Result<OauthClient, OauthClientError> {
        if !(1..=CLIENT_NAME_CHARS_MAX).contains(&self.name.chars().count()) {
            return Err(OauthClientError::Name);
        }
        if self.redirect_uri.as_ref().is_some_and(|uri| uri.len() > REDIRECT_URI_BYTES_MAX) {
            return Err(OauthClientError::RedirectUri);
        }
        Ok(self)
    }
}

/// What is stored of a token: whom it speaks for, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What is stored of the text itself.
    pub digest: Digest,
    /// Access or refresh.
    pub kind: TokenKind,
    /// The client that asked for it.
    pub client_id: ClientId,
    /// The portal in which it acts.
    pub portal_id: PortalId,
    /// The user account that acts.
    pub user_account_id: UserAccountId,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Calls the API.
    Access,
    /// Is exchanged, once, for another pair.
    Refresh,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_in_all_their_spellings() {
        let read = Scopes::read("lo.read enrolment.write+webhook.read,lo.read").unwrap();
        assert_eq!(read.to_string(), "lo.read enrollment.write webhook.read");
        assert_eq!(Scopes::read("lo.read everything"), Err("everything".to_owned()));
        assert!(read.are_within(Scopes::all()) && !Scopes::all().are_within(read));
    }
}
