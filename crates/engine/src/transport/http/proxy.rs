//! The way out through the operator's proxy: `CONNECT` to the address that was judged (decision 0014).
//!
//! The proxy sees addresses, never names: what a name leads to is resolved and judged here, as without a proxy. Its own
//! address is the operator's choice and is not judged.

use std::net::SocketAddr;

use ::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::BufMut;
use domain::address::AddressPolicy;
use domain::delivery::{Failure, FailureKind};
use domain::webhook::UrlPolicy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::origin::Origin;

/// How large the proxy's answer may be.
const ANSWER_BYTES_MAX: usize = 8 * 1024;
/// The longest `user:password`, in bytes.
const CREDENTIALS_BYTES_MAX: usize = 512;

/// An HTTP proxy that every request goes through.
#[derive(Clone, Debug)]
pub struct EgressProxy {
    url: Url,
    /// Marked as sensitive, so that it is never shown.
    authorization: Option<HeaderValue>,
}

/// A proxy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProxy {
    /// Not an address at all.
    #[error("it must be an address such as http://proxy.example.com:3128: {0}")]
    Invalid(url::ParseError),
    /// Not a plain HTTP proxy.
    #[error("it must begin with http://: other proxies are not spoken to")]
    Scheme,
    /// A user name or password in the address.
    #[error("it must not hold a user name or password: they have a key of their own")]
    Credentials,
    /// A path, a query or a fragment.
    #[error("it must be scheme, host and port only")]
    Path,
    /// Not `user:password`.
    #[error("it must be written user:password, in at most {CREDENTIALS_BYTES_MAX} visible characters and spaces")]
    BadCredentials,
}

impl EgressProxy {
    /// Reads the address of a proxy, such as `http://proxy.example.com:3128`.
    ///
    /// # Errors
    ///
    /// Says what an address must be.
    pub fn parse(url: &str) -> Result<Self, BadProxy> {
        let url = Url::parse(url).map_err(BadProxy::Invalid)?;
        if url.scheme() != "http" {
            return Err(BadProxy::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadProxy::Credentials);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(BadProxy::Path);
        }
        Ok(EgressProxy { url, authorization: None })
    }

    /// The same proxy, which is told who asks: `user:password` (RFC 7617).
    ///
    /// # Errors
    ///
    /// [`BadProxy::BadCredentials`].
    pub fn authorized(self, credentials: &str) -> Result<Self, BadProxy> {
        let fits = credentials.len() <= CREDENTIALS_BYTES_MAX && credentials.contains(':');
        if !fits || credentials.chars().any(char::is_control) {
            return Err(BadProxy::BadCredentials);
        }
        let basic = format!("Basic {}", BASE64.encode(credentials));
        let mut basic = HeaderValue::try_from(basic).map_err(|_| BadProxy::BadCredentials)?;
        basic.set_sensitive(true);
        Ok(EgressProxy { authorization: Some(basic), ..self })
    }

    /// Where it listens.
    pub(super) fn origin(&self) -> Result<Origin<'_>, Failure> {
        Origin::of(&self.url, UrlPolicy { allow_http: true, addresses: AddressPolicy::Any })
    }

    /// Makes a connection to the proxy one to `address`.
    pub(super) async fn tunnel(&self, mut stream: TcpStream, address: SocketAddr) -> Result<TcpStream, Failure> {
        let mut request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.map_err(|error| broken(&error))?;
        let answer = hear(&mut stream).await?;
        match judge(&answer) {
            Ok(()) => Ok(stream),
            Err(detail) => Err(failed(&detail)),
        }
    }
}

/// Reads to the end of the head of the answer, or as far as shows that it is none.
async fn hear(stream: &mut TcpStream) -> Result<Vec<u8>, Failure> {
    const BEGINNING: &[u8] = b"HTTP/1.";
    let mut heard = Vec::new();
    while end(&heard).is_none() {
        let room = ANSWER_BYTES_MAX - heard.len();
        if room == 0 {
            return Err(failed("answered more than is read"));
        }
        if stream.read_buf(&mut (&mut heard).limit(room)).await.map_err(|error| broken(&error))? == 0 {
            return Err(failed("hung up before it had answered"));
        }
        if !heard.iter().zip(BEGINNING).all(|(heard, expected)| heard == expected) {
            return Err(failed("answered what is not HTTP/1.1"));
        }
    }
    Ok(heard)
}

/// Whether the answer makes a tunnel. Nothing may follow it: whoever is at the other end speaks when spoken to.
fn judge(answer: &[u8]) -> Result<(), String> {
    let status = answer.get(b"HTTP/1.1 ".len()..).and_then(|rest| rest.get(..3));
    let status = status.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| digits.parse().ok());
    match status {
        Some(200..=299) if end(answer) == Some(answer.len()) => Ok(()),
        Some(200..=299) => Err("said more than it was asked".to_owned()),
        Some(407_u16) => Err("wants other credentials than it was given: it answered 407".to_owned()),
        Some(status) => Err(format!("did not connect: it answered {status}")),
        None => Err("answered what is not HTTP/1.1".to_owned()),
    }
}

fn end(heard: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    heard.windows(END.len()).position(|window| window == END).map(|place| place + END.len())
}

fn broken(error: &std::io::Error) -> Failure {
    failed(&format!("broke the connection: {}", error.kind()))
}

/// What the proxy did, as a failure that names it: the webhook's owner can do nothing about it, the operator can.
pub(super) fn failed(what: &str) -> Failure {
    Failure { kind: FailureKind::Proxy, detail: format!("the platform's egress proxy {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, credentials: &str, expected: Result<(), BadProxy>) {
        let proxy = EgressProxy::parse(url).and_then(|proxy| proxy.authorized(credentials));
        assert_eq!(proxy.map(|_| ()), expected, "{url} {credentials}");
    }

    #[test]
    fn a_proxy_is_a_plain_address_with_credentials_beside_it() {
        check("http://proxy.example.com:3128", "user:pass:word ", Ok(()));
        check("http://[::1]:3128/", ":", Ok(()));
        check("http://10.0.0.1", "user:", Ok(()));
        check("proxy", "u:p", Err(BadProxy::Invalid(url::ParseError::RelativeUrlWithoutBase)));
        for url in ["https://proxy:3128", "socks5://proxy:1080", "proxy:3128"] {
            check(url, "u:p", Err(BadProxy::Scheme));
        }
        check("http://user@proxy:3128", "u:p", Err(BadProxy::Credentials));
        for url in ["http://proxy/path", "http://proxy/?query", "http://proxy/#fragment"] {
            check(url, "u:p", Err(BadProxy::Path));
        }
        for credentials in ["", "user", "user:pass\r\nX: y", &format!("u:{}", "p".repeat(511))] {
            check("http://proxy", credentials, Err(BadProxy::BadCredentials));
        }
        check("http://proxy", &format!("u:{}", "p".repeat(510)), Ok(()));
    }

    #[test]
    fn credentials_are_not_shown() {
        let proxy = EgressProxy::parse("http://proxy").unwrap().authorized("user:s3cret").unwrap();
        let shown = format!("{proxy:?}");
        assert!(!shown.contains("s3cret") && !shown.contains(&BASE64.encode("user:s3cret")), "{shown}");
    }

    #[test]
    fn an_answer_is_a_head_with_2xx_and_nothing_after_it() {
        for (answer, expected) in [
            ("HTTP/1.1 200 Connection established\r\n\r\n", "ok"),
            ("HTTP/1.0 299\r\nX: y\r\n\r\n", "ok"),
            ("HTTP/1.1 200 OK\r\n\r\nhello", "said more than it was asked"),
            ("HTTP/1.1 407 No\r\n\r\nbody", "wants other credentials than it was given: it answered 407"),
            ("HTTP/1.1 100 Continue\r\n\r\n", "did not connect: it answered 100"),
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "did not connect: it answered 502"),
            ("HTTP/1.1 2\r\n\r\n", "answered what is not HTTP/1.1"),
            ("HTTP/1.1  20\r\n\r\n", "answered what is not HTTP/1.1"),
            ("HTTP/1.\r\n\r\n", "answered what is not HTTP/1.1"),
        ] {
            assert_eq!(judge(answer.as_bytes()).err().as_deref().unwrap_or("ok"), expected, "{answer:?}");
        }
    }
}
