//! TLS, and the names of what goes wrong on a connection.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::sync::Arc;

use domain::delivery::{Failure, FailureKind};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, ClientConfig, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tracing::warn;
use url::Host;

/// A client that trusts the certificate authorities of this machine; what is missing, if there are none.
pub(super) fn trusting_this_machine() -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let build = || {
        let verifier = Verifier::new(provider.clone())?;
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(builder.with_no_client_auth())
    };
    build().map_err(|error: rustls::Error| {
        warn!(%error, "no certificate authorities on this machine: nothing can be delivered to https:// addresses");
        "the platform has no certificate authorities to trust: its operator has to install them (ca-certificates)"
            .to_owned()
    })
}

/// Makes TLS of TCP.
pub(super) struct Tls {
    connector: Result<TlsConnector, String>,
}

impl Tls {
    pub(super) fn new(config: Result<ClientConfig, String>) -> Self {
        let connector = config.map(|mut config| {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            config.client_auth_cert_resolver = Arc::new(NoCertificate);
            TlsConnector::from(Arc::new(config))
        });
        Tls { connector }
    }

    /// Shakes hands with the host and checks that it is the host.
    pub(super) async fn handshake(
        &self,
        host: &Host<&str>,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let connector = self.connector.as_ref().map_err(|error| no_trust(error.clone()))?;
        let name = server_name(host).ok_or_else(|| no_trust("the host is no name for a certificate".to_owned()))?;
        let connected = async { (connector.connect(name, stream).await, DEMANDED.with(Cell::get)) };
        let (connected, demanded) = DEMANDED.scope(Cell::new(false), connected).await;
        connected.map_err(|error| match rustls_error(&error) {
            // TLS 1.2 has no alert of its own for this.
            Some(rustls::Error::AlertReceived(_)) if demanded => no_trust(CERTIFICATE_DEMANDED.to_owned()),
            Some(error) => trouble(error),
            None => no_trust(format!("the connection broke during the TLS handshake: {}", error.kind())),
        })
    }
}

tokio::task_local! {
    /// Whether the host of the present handshake demanded a client certificate.
    static DEMANDED: Cell<bool>;
}

const CERTIFICATE_DEMANDED: &str = "the host demands a client certificate";

/// Has no certificate to show, and notes that one was wanted.
#[derive(Debug)]
struct NoCertificate;

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        // Outside of a handshake nobody asks.
        let _ = DEMANDED.try_with(|demanded| demanded.set(true));
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn server_name(host: &Host<&str>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.strip_suffix('.').unwrap_or(name).to_owned()).ok(),
        Host::Ipv4(address) => Some(std::net::IpAddr::from(*address).into()),
        Host::Ipv6(address) => Some(std::net::IpAddr::from(*address).into()),
    }
}

/// What went wrong on a connection that was there.
pub(super) fn broken(error: &hyper::Error) -> Failure {
    if let Some(error) = rustls_error(error) {
        return trouble(error);
    }
    let detail = if error.is_parse_too_large() {
        "the head of the answer is too large".to_owned()
    } else if error.is_parse() {
        "what came was not HTTP/1.1".to_owned()
    } else if error.is_incomplete_message() {
        "the connection was closed before the answer was complete".to_owned()
    } else if error.is_canceled() || error.is_closed() {
        "the connection was closed before the request was sent".to_owned()
    } else {
        let kind = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
        kind.map_or_else(|| "the connection broke".to_owned(), |kind| format!("the connection broke: {kind}"))
    };
    Failure { kind: FailureKind::Protocol, detail }
}

fn no_trust(detail: String) -> Failure {
    Failure { kind: FailureKind::Tls, detail }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn rustls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| {
        let inner = cause.downcast_ref::<io::Error>().and_then(|error| error.get_ref());
        cause.downcast_ref().or_else(|| inner?.downcast_ref())
    })
}

/// What is wrong, in words that the webhook's owner can act on.
fn trouble(error: &rustls::Error) -> Failure {
    use AlertDescription as Alert;
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage, NoCertificatesPresented, PeerIncompatible};
    let (kind, text) = match error {
        InvalidCertificate(error) => return no_trust(describe_certificate(error)),
        NoCertificatesPresented => (FailureKind::Tls, "the host presents no certificate"),
        PeerIncompatible(_) | AlertReceived(Alert::ProtocolVersion) => {
            (FailureKind::LegacyTls, "the host speaks no version of TLS that is still safe: TLS 1.2 or 1.3 is needed")
        }
        AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
            (FailureKind::LegacyTls, "the host refuses the TLS handshake: no version or cipher in common")
        }
        AlertReceived(Alert::CertificateRequired | Alert::BadCertificate) => (FailureKind::Tls, CERTIFICATE_DEMANDED),
        AlertReceived(Alert::UnrecognisedName) => (FailureKind::Tls, "the host does not know itself by this name"),
        AlertReceived(Alert::AccessDenied) => {
            (FailureKind::Tls, "the host refuses the TLS handshake: perhaps it has no certificate for this name")
        }
        AlertReceived(Alert::NoApplicationProtocol) => (FailureKind::Tls, "the host does not speak HTTP/1.1 over TLS"),
        InvalidMessage(_) => (FailureKind::Tls, "what the host speaks is not TLS"),
        other => return no_trust(format!("TLS failed: {other}")),
    };
    Failure { kind, detail: text.to_owned() }
}

fn describe_certificate(error: &CertificateError) -> String {
    let text = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet"
        }
        CertificateError::UnknownIssuer => "the certificate's issuer is unknown or not trusted",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate is for another name"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => NOT_FOR_SERVERS,
        CertificateError::Revoked => "the certificate was revoked",
        CertificateError::BadSignature => "the certificate's signature is wrong",
        CertificateError::Other(other) => return describe_other(&other.to_string()),
        other => return format!("the certificate is not accepted: {other}"),
    };
    text.to_owned()
}

const NOT_FOR_SERVERS: &str = "the certificate is not one for servers";

/// What the verifiers below have no variant for is told apart by its text.
fn describe_other(text: &str) -> String {
    let known = match text {
        "certificate had invalid extensions" => NOT_FOR_SERVERS,
        "NameConstraintViolation" => "the certificate's issuer may not certify this name",
        "CaUsedAsEndEntity" => "the certificate is an authority's, not a host's",
        other => return format!("the certificate is not accepted: {other}"),
    };
    known.to_owned()
}
