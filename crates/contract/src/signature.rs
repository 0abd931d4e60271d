//! Signing a delivery and checking a signature, in the published form and in the Standard Webhooks form.
//!
//! Both are HMAC-SHA256 over a time and the raw body. Comparison is in constant time; the clock is an
//! argument. Contract, section 4 and decisions 1, 26, 27.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};

/// The published header. Names of headers have no case.
pub const HEADER: &str = "Go1-Signature";
/// The event's id, in the Standard Webhooks form.
pub const STANDARD_ID_HEADER: &str = "webhook-id";
/// Unix seconds of the attempt, in the Standard Webhooks form.
pub const STANDARD_TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Space-separated `v1,<base64>` items, in the Standard Webhooks form.
pub const STANDARD_SIGNATURE_HEADER: &str = "webhook-signature";
/// How far the time of a signature may lie from the receiver's clock, either way (decision 1).
pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);
/// The longest header that is read, in bytes. A header with two digests has 150.
pub const HEADER_BYTES_MAX: usize = 4096;

/// How the time of a published signature is written (decision 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampUnit {
    /// Unix seconds, ten digits: what is documented.
    #[default]
    Seconds,
    /// Unix milliseconds, thirteen digits: what some receivers saw.
    Milliseconds,
}

impl TimestampUnit {
    fn write(self, at: Timestamp) -> String {
        match self {
            TimestampUnit::Seconds => at.as_second().to_string(),
            TimestampUnit::Milliseconds => at.as_millisecond().to_string(),
        }
    }
}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is absent.
    #[error("the {0} header is missing")]
    Missing(&'static str),
    /// The header is not of its form.
    #[error("the signature is malformed: {0}")]
    Malformed(&'static str),
    /// The header is well formed but holds no `v1` digest.
    #[error("the signature has no v1 digest")]
    UnknownVersion,
    /// No digest matches any secret: another secret, or another body.
    #[error("no digest matches: the secret differs, or the body was changed")]
    Mismatch,
    /// A digest matches, but the signature is too old: a replay, or the receiver's clock is ahead.
    #[error("the signature is {0} s old, which is more than is tolerated")]
    TooOld(i64),
    /// A digest matches, but the signature is from the future: the receiver's clock is behind.
    #[error("the signature is {0} s in the future, which is more than is tolerated")]
    TooNew(i64),
}

/// The value of the published header: `t=<time>,v1=<hex>`, one `v1` item a secret, in the order given, so that
/// the newest secret comes first (decision 27).
pub fn sign(secrets: &[&str], at: Timestamp, unit: TimestampUnit, body: &[u8]) -> String {
    let t = unit.write(at);
    let mut header = format!("t={t}");
    for secret in secrets {
        let digest = mac(secret.as_bytes(), &[t.as_bytes(), b".", body]);
        header.push_str(",v1=");
        push_hex(&mut header, digest.as_ref());
    }
    header
}

/// Checks the value of the published header over the raw body as it was received.
///
/// Any of `secrets` may match any digest. A time of thirteen digits is in milliseconds, a shorter one in
/// seconds; it may lie `tolerance` before or after `now`.
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[&str],
    now: Timestamp,
    tolerance: SignedDuration,
) -> Result<(), SignatureError> {
    let (t, digests) = parse(header)?;
    if !any_matches(secrets, &digests, |secret| secret.as_bytes().to_vec(), &[t.as_bytes(), b".", body]) {
        return Err(SignatureError::Mismatch);
    }
    check_age(read_time(t)?, now, tolerance)
}

/// The values of the three Standard Webhooks headers: id, timestamp, signature (decision 26).
pub fn sign_standard(secrets: &[&str], event_id: &str, at: Timestamp, body: &[u8]) -> [String; 3] {
    let t = TimestampUnit::Seconds.write(at);
    let items: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let parts: [&[u8]; 5] = [event_id.as_bytes(), b".", t.as_bytes(), b".", body];
            format!("v1,{}", BASE64.encode(mac(&standard_key(secret), &parts)))
        })
        .collect();
    [event_id.to_owned(), t, items.join(" ")]
}

/// Checks the three Standard Webhooks headers over the raw body as it was received.
pub fn verify_standard(
    [id, t, signatures]: [&str; 3],
    body: &[u8],
    secrets: &[&str],
    now: Timestamp,
    tolerance: SignedDuration,
) -> Result<(), SignatureError> {
    if signatures.len() > HEADER_BYTES_MAX {
        return Err(SignatureError::Malformed("it is too long"));
    }
    let at = read_time(t)?;
    let digests: Vec<Vec<u8>> = signatures
        .split(' ')
        .filter_map(|item| item.strip_prefix("v1,"))
        .filter_map(|text| BASE64.decode(text).ok())
        .collect();
    if digests.is_empty() {
        return Err(SignatureError::UnknownVersion);
    }
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", t.as_bytes(), b".", body];
    if !any_matches(secrets, &digests, standard_key, &parts) {
        return Err(SignatureError::Mismatch);
    }
    check_age(at, now, tolerance)
}

/// The key that a secret stands for in the Standard Webhooks form: what follows `whsec_` is base64, any other
/// secret (also one whose base64 is broken) is used as its UTF-8 bytes.
fn standard_key(secret: &str) -> Vec<u8> {
    secret
        .strip_prefix("whsec_")
        .and_then(|text| BASE64.decode(text).ok())
        .unwrap_or_else(|| secret.as_bytes().to_vec())
}

fn mac(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

fn any_matches(secrets: &[&str], digests: &[Vec<u8>], key: impl Fn(&str) -> Vec<u8>, parts: &[&[u8]]) -> bool {
    let mut matches = false;
    for secret in secrets {
        let expected = mac(&key(secret), parts);
        for digest in digests {
            // Every pair is compared, so that the time taken does not tell which one matched.
            matches |= aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), digest).is_ok();
        }
    }
    matches
}

/// The text of `t` and the digests of the `v1` items, in any order, other items ignored.
fn parse(header: &str) -> Result<(&str, Vec<Vec<u8>>), SignatureError> {
    if header.len() > HEADER_BYTES_MAX {
        return Err(SignatureError::Malformed("it is too long"));
    }
    let mut time = None;
    let mut digests = Vec::new();
    for item in header.split(',') {
        let (key, value) = item.trim().split_once('=').ok_or(SignatureError::Malformed("an item is not key=value"))?;
        match key {
            "t" if time.is_some() => return Err(SignatureError::Malformed("t is given twice")),
            "t" => time = Some(value),
            "v1" => digests.push(read_hex(value).ok_or(SignatureError::Malformed("a v1 digest is not 64 hex digits"))?),
            _ => {}
        }
    }
    let time = time.ok_or(SignatureError::Malformed("t is missing"))?;
    read_time(time)?;
    if digests.is_empty() {
        return Err(SignatureError::UnknownVersion);
    }
    Ok((time, digests))
}

fn read_time(text: &str) -> Result<Timestamp, SignatureError> {
    let malformed = SignatureError::Malformed("t is not a Unix time");
    if text.is_empty() || text.len() > 13 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(malformed);
    }
    let number: i64 = text.parse().map_err(|_| malformed.clone())?;
    if text.len() == 13 { Timestamp::from_millisecond(number) } else { Timestamp::from_second(number) }
        .map_err(|_| malformed)
}

fn check_age(at: Timestamp, now: Timestamp, tolerance: SignedDuration) -> Result<(), SignatureError> {
    let age = now.duration_since(at);
    if age > tolerance {
        Err(SignatureError::TooOld(age.as_secs()))
    } else if -age > tolerance {
        Err(SignatureError::TooNew((-age).as_secs()))
    } else {
        Ok(())
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.reserve(2 * bytes.len());
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]));
    }
}

fn read_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests;
