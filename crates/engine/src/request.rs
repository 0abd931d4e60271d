//! From a lease to the request that is sent: the envelope, rendered and signed for this one attempt. Pure.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use bytes::Bytes;
use contract::envelope::{Envelope, WEBHOOK_VERSION};
use contract::events::TEST_HEADER;
use contract::signature::{self, STANDARD_ID_HEADER, STANDARD_SIGNATURE_HEADER, STANDARD_TIMESTAMP_HEADER};
use domain::delivery::{Failure, FailureKind, Lease};
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::value::RawValue;
use url::Url;

/// How many headers a signed request has but for those of the webhook's owner: room for all of them, taken once.
const HEADERS: usize = 7;
const TEST: HeaderName = HeaderName::from_static(TEST_HEADER);

static SIGNATURE: LazyLock<HeaderName> = LazyLock::new(|| header_name(signature::HEADER));
static STANDARD: LazyLock<[HeaderName; 3]> =
    LazyLock::new(|| [STANDARD_ID_HEADER, STANDARD_TIMESTAMP_HEADER, STANDARD_SIGNATURE_HEADER].map(header_name));

fn header_name(text: &str) -> HeaderName {
    HeaderName::from_bytes(text.as_bytes()).expect("the published names are names of headers")
}

/// A POST, complete with whatever proves where it comes from. Everything but its address is secret, and so is what
/// follows the `?` there: `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// Where it goes.
    pub url: Url,
    /// Its headers, without those that the transport sets: `Host` and `Content-Length`.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedRequest({})", &self.url[..url::Position::BeforePath])
    }
}

impl SignedRequest {
    /// The request with this `Authorization`, in place of another.
    #[must_use]
    pub fn authorized(mut self, authorization: HeaderValue) -> Self {
        self.headers.insert(AUTHORIZATION, authorization);
        self
    }
}

/// What the platform calls itself to receivers (decision 29).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(HeaderValue);

/// A name that cannot stand in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user agent has 1 to 256 visible ASCII characters and spaces")]
pub struct BadUserAgent;

impl Default for UserAgent {
    /// `Schoolbell/` and the version.
    fn default() -> Self {
        UserAgent(HeaderValue::from_static(concat!("Schoolbell/", env!("CARGO_PKG_VERSION"))))
    }
}

impl FromStr for UserAgent {
    type Err = BadUserAgent;

    fn from_str(text: &str) -> Result<Self, BadUserAgent> {
        let visible = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !visible || text.trim().is_empty() || text.len() > 256 {
            return Err(BadUserAgent);
        }
        HeaderValue::from_str(text.trim()).map(UserAgent).map_err(|_| BadUserAgent)
    }
}

impl UserAgent {
    /// The value of the header.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// The request of the attempt that `lease` allows, made and signed at `now`.
///
/// Fails with [`FailureKind::Request`] if what is stored makes no request.
pub fn sign(lease: &Lease, now: Timestamp, user_agent: &UserAgent) -> Result<SignedRequest, Failure> {
    let body = render(lease, now)?;
    let webhook = &lease.webhook;
    let mut headers = HeaderMap::with_capacity(HEADERS + webhook.headers.len());
    // First, so that none of them takes the place of ours, whatever was accepted once.
    for (name, value) in webhook.headers.expose() {
        let (name, value) = owners_header(name, value)?;
        headers.insert(name, value);
    }
    if lease.event.is_test {
        headers.insert(TEST, HeaderValue::from_static("true"));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, user_agent.header());
    let secrets = webhook.secrets_at(now);
    if !secrets.is_empty() {
        let value = signature::sign(&secrets, now, webhook.timestamp_unit, &body);
        headers.insert(SIGNATURE.clone(), header_value(value));
        let values = signature::sign_standard(&secrets, lease.event.id.as_str(), now, &body);
        for (name, value) in STANDARD.iter().zip(values) {
            headers.insert(name.clone(), header_value(value));
        }
    }
    Ok(SignedRequest { url: webhook.url.parts().clone(), headers, body: body.into() })
}

fn render(lease: &Lease, now: Timestamp) -> Result<Vec<u8>, Failure> {
    let Lease { event, webhook, attempt_number, .. } = lease;
    // Rendered once, when the event was born: this looks for the end of the value and copies nothing.
    let data: &RawValue = serde_json::from_str(&event.data).map_err(|error| Failure {
        kind: FailureKind::Request,
        detail: format!("the stored data of the event is not JSON: {error}"),
    })?;
    let envelope = Envelope {
        id: event.id.to_string(),
        event_type: event.event_type.as_str().to_owned(),
        webhook_version: WEBHOOK_VERSION.to_owned(),
        sent: now.into(),
        attempt_number: *attempt_number,
        url: webhook.url.as_str().to_owned(),
        webhook_id: webhook.id.to_string(),
        data,
    };
    Ok(envelope.render())
}

/// A header that the webhook's owner wants.
fn owners_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let read = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
    let (read_name, mut value) = read.ok_or_else(|| Failure {
        kind: FailureKind::Request,
        detail: format!("the stored header {name:?} of the webhook is not one"),
    })?;
    value.set_sensitive(true);
    Ok((read_name, value))
}

fn header_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digests, numbers and ids are visible ASCII")
}

#[cfg(test)]
mod tests;
