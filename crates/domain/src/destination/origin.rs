//! Where the pages of an LMS come from, as browsers say it.

use std::fmt;

use ::url::{Host, Url};

/// The longest origin, in bytes.
pub const ORIGIN_BYTES_MAX: usize = 300;

/// A scheme, a host and a port, spelled as browsers spell an origin: what a request's `Origin` is compared with, and what may stand in a
/// policy of frames.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LmsOrigin(String);

/// A text that is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is written like https://lms.example.com or http://localhost:8080: scheme, host and port, without path or *"
)]
pub struct NotAnOrigin;

impl LmsOrigin {
    /// Reads an origin of `http` or `https`, whatever its case; a `/` may end it.
    pub fn parse(text: &str) -> Result<Self, NotAnOrigin> {
        let spaced = text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\');
        if text.len() > ORIGIN_BYTES_MAX || spaced {
            return Err(NotAnOrigin);
        }
        let url = Url::parse(text).map_err(|_| NotAnOrigin)?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let has_host = match url.host() {
            Some(Host::Domain(name)) => is_name(name),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            None => false,
        };
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_open = url.username().is_empty() && url.password().is_none() && !text.contains('@');
        let (_, rest) = text.split_once(':').unwrap_or_default();
        let is_written_so = rest.starts_with("//") && !rest.starts_with("///");
        match is_web && has_host && is_bare && is_open && is_written_so {
            true => Ok(LmsOrigin(url.origin().ascii_serialization())),
            false => Err(NotAnOrigin),
        }
    }

    /// The origin, as browsers spell it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LmsOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a host is of letters, digits, hyphens, underscores and dots: what else a URL takes would end a policy of frames and begin another,
/// or look as if it stood for many.
fn is_name(host: &str) -> bool {
    let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(sane);
    host.len() <= 253 && host.split('.').all(label)
}
