//! Is this body from the platform, unchanged and recent?
//!
//! Knows the two forms in which a delivery is signed and where their headers are; the arithmetic is in
//! [`contract::signature`]. Reads no clock: the caller says what time it is.

use std::fmt;
use std::str;

use contract::signature::{self, SignatureError};
use jiff::{SignedDuration, Timestamp};

use crate::headers::Headers;

/// Checks deliveries against the secrets of a webhook.
#[derive(Clone)]
pub struct Verifier {
    trust: Trust,
    tolerance: SignedDuration,
}

#[derive(Clone)]
enum Trust {
    /// Any of them may have signed: during a rotation there are two.
    Secrets(Vec<String>),
    Anyone,
}

/// A body that was accepted, as it was received: the one thing that can be [parsed](VerifiedBody::parse).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifiedBody<'b> {
    bytes: &'b [u8],
}

/// There is no secret, or one of them is empty: anybody could sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a verifier needs at least one secret, and none may be empty")]
pub struct NoSecret;

impl Verifier {
    /// Accepts what was signed with any of `secrets`, at most [`signature::TOLERANCE`] ago or ahead.
    pub fn new<S: Into<String>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, NoSecret> {
        let secrets: Vec<String> = secrets.into_iter().map(Into::into).collect();
        if secrets.is_empty() || secrets.iter().any(String::is_empty) {
            return Err(NoSecret);
        }
        Ok(Verifier { trust: Trust::Secrets(secrets), tolerance: signature::TOLERANCE })
    }

    /// Accepts every body from everybody, signed or not: for a webhook that has no secret.
    ///
    /// Deliveries to such a webhook carry no signature, so anyone who knows the address can make events up. Then
    /// nothing in a body is to be believed before the platform, asked with one's own credentials, confirms it.
    pub fn dangerously_accept_anything() -> Self {
        Verifier { trust: Trust::Anyone, tolerance: signature::TOLERANCE }
    }

    /// The same with another window: how far the time of a signature may lie before or after the clock.
    #[must_use]
    pub fn with_tolerance(self, tolerance: SignedDuration) -> Self {
        Verifier { tolerance, ..self }
    }

    /// Checks a request: the raw body, before anything parsed it, and its headers.
    ///
    /// `Go1-Signature` decides when it is there; when it is absent, the three Standard Webhooks headers do.
    pub fn verify<'b>(
        &self,
        headers: &(impl Headers + ?Sized),
        body: &'b [u8],
        now: Timestamp,
    ) -> Result<VerifiedBody<'b>, SignatureError> {
        if let Trust::Secrets(secrets) = &self.trust {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            self.check(headers, body, &secrets, now)?;
        }
        Ok(VerifiedBody { bytes: body })
    }

    fn check(
        &self,
        headers: &(impl Headers + ?Sized),
        body: &[u8],
        secrets: &[&str],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        if let Some(published) = text(headers, signature::HEADER)? {
            return signature::verify(published, body, secrets, now, self.tolerance);
        }
        let Some(signatures) = text(headers, signature::STANDARD_SIGNATURE_HEADER)? else {
            return Err(SignatureError::Missing(signature::HEADER));
        };
        let id = required(headers, signature::STANDARD_ID_HEADER)?;
        let at = required(headers, signature::STANDARD_TIMESTAMP_HEADER)?;
        signature::verify_standard([id, at, signatures], body, secrets, now, self.tolerance)
    }
}

impl<'b> VerifiedBody<'b> {
    /// Bytes out of one's own store that were verified when they arrived. Signatures grow old, so they cannot be
    /// verified again.
    pub fn verified_before(bytes: &'b [u8]) -> Self {
        VerifiedBody { bytes }
    }

    /// The body as it was received.
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }
}

fn required<'h>(headers: &'h (impl Headers + ?Sized), name: &'static str) -> Result<&'h str, SignatureError> {
    text(headers, name)?.ok_or(SignatureError::Missing(name))
}

fn text<'h>(headers: &'h (impl Headers + ?Sized), name: &str) -> Result<Option<&'h str>, SignatureError> {
    let Some(value) = headers.header(name) else { return Ok(None) };
    str::from_utf8(value).map(Some).map_err(|_| SignatureError::Malformed("a header is not text"))
}

/// Secrets are not shown.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trust = match &self.trust {
            Trust::Secrets(secrets) => format!("{} secret(s)", secrets.len()),
            Trust::Anyone => "anyone".to_owned(),
        };
        f.debug_struct("Verifier").field("trust", &trust).field("tolerance", &self.tolerance).finish()
    }
}

/// The body is not shown.
impl fmt::Debug for VerifiedBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedBody({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests;
