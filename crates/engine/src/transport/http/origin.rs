//! Where a request goes, read once: scheme, host, port.

use domain::delivery::{Failure, FailureKind};
use domain::webhook::UrlPolicy;
use url::{Host, Position, Url};

/// The parts of an address that a connection belongs to.
#[derive(Clone, Debug)]
pub(super) struct Origin<'a> {
    /// Scheme, host and port as one text, the same for every spelling of the same origin.
    pub(super) text: &'a str,
    /// Whether it speaks TLS.
    pub(super) https: bool,
    /// The host.
    pub(super) host: Host<&'a str>,
    /// The port.
    pub(super) port: u16,
}

impl<'a> Origin<'a> {
    /// Reads an address under the policy of today, which may be stricter than the one under which it was accepted.
    pub(super) fn of(url: &'a Url, policy: UrlPolicy) -> Result<Self, Failure> {
        let refused = |kind, detail: &str| Failure { kind, detail: detail.to_owned() };
        let https = match url.scheme() {
            "https" => true,
            "http" if policy.allow_http => false,
            _ => return Err(refused(FailureKind::AddressRefused, "deliveries are sent to https:// only")),
        };
        let parts = url.host().zip(url.port_or_known_default());
        let (host, port) = parts.ok_or_else(|| refused(FailureKind::Request, "the address has no host"))?;
        if !policy.allows_port(port) {
            return Err(refused(
                FailureKind::AddressRefused,
                "deliveries are sent to port 80, 443 or one from 1024 on",
            ));
        }
        Ok(Origin { text: &url[..Position::BeforePath], https, host, port })
    }
}

#[cfg(test)]
mod tests {
    use domain::address::AddressPolicy;

    use super::*;

    const OPEN: UrlPolicy = UrlPolicy { allow_http: true, addresses: AddressPolicy::Public };

    #[track_caller]
    fn check(url: &str, expected: Result<(&str, bool, u16), FailureKind>) {
        let url = Url::parse(url).unwrap();
        let origin = Origin::of(&url, OPEN);
        let origin = origin.as_ref().map(|origin| (origin.text, origin.https, origin.port));
        assert_eq!(origin.map_err(|failure| failure.kind), expected);
    }

    #[test]
    fn one_origin_has_one_spelling() {
        check("HTTPS://Example.COM:443/a?b", Ok(("https://example.com", true, 443)));
        check("https://example.com", Ok(("https://example.com", true, 443)));
        check("http://0x7f.1:8080/x", Ok(("http://127.0.0.1:8080", false, 8080)));
        check("http://[::FFFF:7f00:1]/", Ok(("http://[::ffff:7f00:1]", false, 80)));
    }

    #[test]
    fn ports_of_other_services_are_for_those_who_may_go_anywhere() {
        for url in ["https://example.com:22/", "https://example.com:0/", "http://example.com:1023/"] {
            check(url, Err(FailureKind::AddressRefused));
            let any = UrlPolicy { addresses: AddressPolicy::Any, ..OPEN };
            assert!(Origin::of(&Url::parse(url).unwrap(), any).is_ok(), "{url}");
        }
        check("https://example.com:80/", Ok(("https://example.com:80", true, 80)));
        check("http://example.com:1024/", Ok(("http://example.com:1024", false, 1024)));
    }

    #[test]
    fn only_https_and_if_allowed_http() {
        for url in ["ftp://example.com/", "file:///etc/passwd", "data:,x", "gopher://example.com/"] {
            check(url, Err(FailureKind::AddressRefused));
        }
        let http = Url::parse("http://example.com/").unwrap();
        assert_eq!(Origin::of(&http, UrlPolicy::default()).unwrap_err().kind, FailureKind::AddressRefused);
    }
}
