//! The transport against receivers with good and bad certificates.

use std::sync::Arc;
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{FailureKind, Outcome};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_platform_verifier::Verifier;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::receiver::{self, OK, Receiver, Sender, hear};

/// An authority.
pub(crate) struct Authority {
    /// Its own certificate.
    pub(crate) certificate: CertificateDer<'static>,
    /// What it signs with.
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("Authority", |_| {})
    }

    /// One whose own certificate is changed as is wanted.
    pub(crate) fn named(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Authority { certificate, issuer: Issuer::new(params, key) }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }

    /// A certificate for this machine, changed as is wanted, for the owner of `key`.
    pub(crate) fn certify(
        &self,
        key: &KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        change(&mut params);
        params.signed_by(key, &self.issuer).unwrap().der().clone()
    }

    /// A server with such a certificate.
    pub(crate) fn server(&self, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = self.certify(&key, change);
        server(vec![certificate], &key)
    }
}

/// A server that presents this chain.
pub(crate) fn server(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A client that verifies as the platform does, and trusts this authority besides those of this machine.
pub(crate) fn trusting(authority: &Authority) -> ClientConfig {
    let verifier = Verifier::new_with_extra_roots([authority.certificate.clone()], provider()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
}

pub(crate) async fn receiver(server: ServerConfig) -> Receiver {
    let acceptor = TlsAcceptor::from(Arc::new(server));
    Receiver::open(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            while hear(&mut stream).await.is_some() {
                let _ = stream.write_all(OK).await;
            }
        }
    })
    .await
}

fn sender(authority: &Authority) -> Sender {
    Sender::with(AddressPolicy::Any, Duration::from_secs(10), Some(trusting(authority)))
}

/// What is told of a receiver at `host`; `Err` is the detail of a failure of trust.
async fn check(authority: &Authority, server: ServerConfig, host: &str, expected: Result<u16, &str>) {
    let receiver = receiver(server).await;
    let url = format!("https://{host}:{}/", receiver.address.port());
    let told = match sender(authority).send(&url).await {
        Outcome::Answered(answer) => Ok(answer.status),
        Outcome::Failed(failure) => {
            assert_eq!(failure.kind, FailureKind::Tls, "{}", failure.detail);
            Err(failure.detail)
        }
    };
    assert_eq!(told.as_ref().map(|status| *status).map_err(String::as_str), expected);
}

#[tokio::test]
async fn a_good_certificate_is_trusted() {
    let authority = Authority::new();
    for host in ["localhost", "127.0.0.1"] {
        check(&authority, authority.server(|_| {}), host, Ok(200)).await;
    }
}

#[tokio::test]
async fn a_connection_with_tls_serves_many_requests() {
    let authority = Authority::new();
    let receiver = receiver(authority.server(|_| {})).await;
    let sender = sender(&authority);
    for _ in 0..5 {
        assert!(sender.send(&format!("https://localhost:{}/", receiver.address.port())).await.is_success());
    }
    assert_eq!(receiver.connects(), 1);
}

#[tokio::test]
async fn an_unknown_issuer_is_refused() {
    let expected = Err("the certificate's issuer is unknown or not trusted");
    check(&Authority::new(), Authority::named("Nobody", |_| {}).server(|_| {}), "localhost", expected).await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let server = authority.server(|params| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    });
    check(&authority, server, "localhost", Err("the certificate has expired")).await;
}

#[tokio::test]
async fn a_certificate_of_the_future_is_refused() {
    let authority = Authority::new();
    let server = authority.server(|params| params.not_before = date_time_ymd(3000, 1, 1));
    check(&authority, server, "localhost", Err("the certificate is not valid yet")).await;
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let other = || {
        authority.server(|params| {
            params.subject_alt_names = vec![rcgen::SanType::DnsName("example.com".try_into().unwrap())]
        })
    };
    for host in ["localhost", "127.0.0.1"] {
        check(&authority, other(), host, Err("the certificate is for another name")).await;
    }
}

#[tokio::test]
async fn a_certificate_for_clients_is_refused() {
    let authority = Authority::new();
    let server = authority.server(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    check(&authority, server, "localhost", Err("the certificate is not one for servers")).await;
}

#[tokio::test]
async fn whoever_demands_a_client_certificate_is_told_of() {
    let authority = Authority::new();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(authority.roots()), provider()).build().unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority.issuer).unwrap().der().clone();
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    check(&authority, server, "localhost", Err("the host demands a client certificate")).await;
}

/// What is told of a host that answers the first words of TLS with these bytes.
async fn check_bytes(said: &'static [u8], kind: FailureKind, expected: &str) {
    let receiver = Receiver::open(move |mut stream: TcpStream| async move {
        let mut hello = [0; 16];
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut hello).await;
        let _ = stream.write_all(said).await;
    })
    .await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let trusting = receiver::trusting(RootCertStore::empty());
    match Sender::with(AddressPolicy::Any, Duration::from_secs(10), Some(trusting)).send(&url).await {
        Outcome::Failed(failure) => assert_eq!((failure.kind, failure.detail.as_str()), (kind, expected)),
        Outcome::Answered(answer) => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn what_is_not_tls_is_told_of() {
    check_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n", FailureKind::Tls, "what the host speaks is not TLS").await;
}

#[tokio::test]
async fn a_host_with_old_tls_only_is_told_of() {
    let protocol_version = b"\x15\x03\x01\x00\x02\x02\x46";
    let expected = "the host speaks no version of TLS that is still safe: TLS 1.2 or 1.3 is needed";
    check_bytes(protocol_version, FailureKind::LegacyTls, expected).await;
    let handshake_failure = b"\x15\x03\x01\x00\x02\x02\x28";
    let expected = "the host refuses the TLS handshake: no version or cipher in common";
    check_bytes(handshake_failure, FailureKind::LegacyTls, expected).await;
}
