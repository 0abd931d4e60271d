//! The address of a webhook, checked when it is set (decision 19).

use std::net::IpAddr;

use ::url::{Host, Url};

use crate::address::AddressPolicy;

/// The longest address, in bytes.
pub const URL_BYTES_MAX: usize = 2048;

/// What the operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UrlPolicy {
    /// Whether `http://` will do.
    pub allow_http: bool,
    /// Which networks deliveries may go to.
    pub addresses: AddressPolicy,
}

impl UrlPolicy {
    /// Whether deliveries may go to this port: below 1024 other services listen, and some of them take an HTTP request for
    /// a command.
    pub fn allows_port(self, port: u16) -> bool {
        port >= 1024 || port == 80 || port == 443 || self.addresses == AddressPolicy::Any
    }
}

/// Why an address will not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Not an address at all.
    #[error("url must be a valid URL such as https://example.com/webhooks: {0}")]
    Invalid(String),
    /// Not `https`, or not even `http`.
    #[error("url must begin with https://")]
    NotHttps,
    /// User name or password inside.
    #[error("url must not hold a user name or password: use a secret_key, or auth_type oauth2")]
    Credentials,
    /// Something after `#`.
    #[error("url must not have a fragment (#…): it would not be sent")]
    Fragment,
    /// Longer than [`URL_BYTES_MAX`].
    #[error("url must have at most {URL_BYTES_MAX} bytes")]
    TooLong,
    /// A port of some other service.
    #[error("url must not name a port below 1024 other than 80 and 443")]
    Port,
    /// An address that deliveries are not sent to.
    #[error("url must lead to a public address")]
    NotPublic,
}

/// Where a webhook's events are sent.
///
/// Keeps the text as its owner wrote it, because programs compare it with their own. What the name resolves to is judged
/// again at every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    url: Url,
}

impl WebhookUrl {
    /// Reads an address under the operator's policy.
    pub fn parse(text: &str, policy: UrlPolicy) -> Result<Self, BadUrl> {
        let parsed = Self::restore(text)?;
        match parsed.url.scheme() {
            "https" => {}
            "http" if policy.allow_http => {}
            _ => return Err(BadUrl::NotHttps),
        }
        if !parsed.url.username().is_empty() || parsed.url.password().is_some() {
            return Err(BadUrl::Credentials);
        }
        if parsed.url.fragment().is_some() {
            return Err(BadUrl::Fragment);
        }
        let (_, rest) = text.split_once(':').unwrap_or_default();
        if !rest.starts_with("//") || rest.starts_with("///") || rest.contains('\\') {
            return Err(BadUrl::Invalid("it must be written with two slashes, such as https://example.com".to_owned()));
        }
        let is_name = |name: &str| name.len() <= 253 && name.split('.').all(|label| label.len() <= 63);
        if parsed.url.domain().is_some_and(|name| !is_name(name)) {
            return Err(BadUrl::Invalid("its host name is too long".to_owned()));
        }
        if parsed.url.port() == Some(0) {
            return Err(BadUrl::Invalid("port 0 is no port".to_owned()));
        }
        if parsed.url.port().is_some_and(|port| !policy.allows_port(port)) {
            return Err(BadUrl::Port);
        }
        match parsed.url.host() {
            Some(Host::Ipv4(v4)) => judge(policy.addresses, v4.into())?,
            Some(Host::Ipv6(v6)) => judge(policy.addresses, v6.into())?,
            Some(Host::Domain(name)) if is_local_name(name) => judge(policy.addresses, [127, 0, 0, 1].into())?,
            Some(Host::Domain(name)) if has_empty_label(name) => {
                return Err(BadUrl::Invalid("its host name begins with a dot or has two dots in a row".to_owned()));
            }
            Some(Host::Domain(_)) => {}
            None => return Err(BadUrl::Invalid("it has no host".to_owned())),
        }
        Ok(parsed)
    }

    /// Reads an address that was accepted before: policies change, what is stored must stay readable. The engine judges
    /// every address again before it connects.
    pub fn restore(text: &str) -> Result<Self, BadUrl> {
        if text.len() > URL_BYTES_MAX {
            return Err(BadUrl::TooLong);
        }
        let spaced = text.chars().any(|c| c.is_whitespace() || c.is_control());
        if spaced {
            return Err(BadUrl::Invalid("it has white space in it".to_owned()));
        }
        let url = Url::parse(text).map_err(|error| BadUrl::Invalid(error.to_string()))?;
        Ok(WebhookUrl { text: text.to_owned(), url })
    }

    /// The text as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address in its parts.
    pub fn parts(&self) -> &Url {
        &self.url
    }
}

fn judge(addresses: AddressPolicy, address: IpAddr) -> Result<(), BadUrl> {
    addresses.judge(address).map_err(|_| BadUrl::NotPublic)
}

/// What looks like an address and is none because of its dots is left to no resolver's good will.
fn has_empty_label(name: &str) -> bool {
    name.strip_suffix('.').unwrap_or(name).split('.').any(str::is_empty)
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}
