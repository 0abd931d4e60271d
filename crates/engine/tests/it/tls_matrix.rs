//! R21: certificates and handshakes that are refused, each for a reason that the webhook's owner can read, and the good ones
//! beside them that are not.

use std::sync::Arc;
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{FailureKind, Outcome};
use domain::webhook::WebhookUrl;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair,
    NameConstraints, SanType, date_time_ymd,
};
use rustls::server::{ResolvesServerCertUsingSni, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::metrics::Metrics;
use crate::openssl::Server;
use crate::receiver::{Receiver, Sender, transport};
use crate::tls::{self, Authority, provider};
use crate::world::World;

const OTHER_NAME: &str = "the certificate is for another name";
const UNKNOWN_ISSUER: &str = "the certificate's issuer is unknown or not trusted";
const NO_SAFE_VERSION: &str = "the host speaks no version of TLS that is still safe: TLS 1.2 or 1.3 is needed";
const NOTHING_IN_COMMON: &str = "the host refuses the TLS handshake: no version or cipher in common";
const NO_CERTIFICATE: &str = "the host refuses the TLS handshake: perhaps it has no certificate for this name";
const CERTIFICATE_DEMANDED: &str = "the host demands a client certificate";

/// A status, or a kind of failure with its reason.
type Told = Result<u16, (FailureKind, String)>;

const GOOD: Result<u16, &str> = Ok(200);

struct Row {
    name: &'static str,
    host: &'static str,
    server: ServerConfig,
    expected: Result<u16, &'static str>,
}

async fn send(sender: &Sender, url: &str) -> Told {
    match sender.send(url).await {
        Outcome::Answered(answer) => Ok(answer.status),
        Outcome::Failed(failure) => Err((failure.kind, failure.detail)),
    }
}

fn sender(authority: &Authority) -> Sender {
    Sender::with(AddressPolicy::Any, Duration::from_secs(20), Some(tls::trusting(authority)))
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

fn names(names: &[&str]) -> Vec<SanType> {
    names.iter().map(|name| dns(name)).collect()
}

/// A server whose certificate is changed so.
fn row(
    authority: &Authority,
    name: &'static str,
    host: &'static str,
    change: impl FnOnce(&mut CertificateParams),
    expected: Result<u16, &'static str>,
) -> Row {
    Row { name, host, server: authority.server(change), expected }
}

fn certificates(authority: &Authority) -> Vec<Row> {
    let row = |name, host, change: fn(&mut CertificateParams), expected| row(authority, name, host, change, expected);
    let long_ago = |params: &mut CertificateParams| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    };
    let only_client = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let address_as_name = |params: &mut CertificateParams| params.subject_alt_names = names(&["127.0.0.1"]);
    let wildcard = |params: &mut CertificateParams| params.subject_alt_names = names(&["*.example.localhost"]);
    let partial = |params: &mut CertificateParams| params.subject_alt_names = names(&["a*.example.localhost"]);
    let broad = |params: &mut CertificateParams| params.subject_alt_names = names(&["*.localhost"]);
    let address = |params: &mut CertificateParams| {
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
    };
    let other_address = |params: &mut CertificateParams| {
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 2].into())];
    };
    let common_name = |params: &mut CertificateParams| {
        params.subject_alt_names = Vec::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    };
    let an_authority = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    vec![
        row("good, by name", "localhost", |_| {}, GOOD),
        row("good, by address", "127.0.0.1", |_| {}, GOOD),
        row("expired", "localhost", long_ago, Err("the certificate has expired")),
        row(
            "not yet valid",
            "localhost",
            |params| params.not_before = date_time_ymd(3000, 1, 1),
            Err("the certificate is not valid yet"),
        ),
        row("wrong host", "localhost", |params| params.subject_alt_names = names(&["example.com"]), Err(OTHER_NAME)),
        row("name only as common name", "localhost", common_name, Err(OTHER_NAME)),
        row("wrong use", "localhost", only_client, Err("the certificate is not one for servers")),
        row(
            "an authority as a host",
            "localhost",
            an_authority,
            Err("the certificate is an authority's, not a host's"),
        ),
        row("wildcard for one label", "a.example.localhost", wildcard, GOOD),
        row("wildcard for two labels", "a.b.example.localhost", wildcard, Err(OTHER_NAME)),
        row("wildcard for no label", "example.localhost", wildcard, Err(OTHER_NAME)),
        row("wildcard within a label", "ab.example.localhost", partial, Err(OTHER_NAME)),
        row("wildcard for a whole domain", "example.localhost", broad, Err(OTHER_NAME)),
        row("the very address", "127.0.0.1", address, GOOD),
        row("another address", "127.0.0.1", other_address, Err(OTHER_NAME)),
        row("the address as a name", "127.0.0.1", address_as_name, Err(OTHER_NAME)),
        row("the address for a name", "localhost", address, Err(OTHER_NAME)),
    ]
}

/// Certificates whose trouble lies further up.
fn chains(authority: &Authority) -> Vec<Row> {
    let alone = || {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        tls::server(vec![certificate.der().clone()], &key)
    };
    let under = |constraints: Option<NameConstraints>, complete: bool| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.name_constraints = constraints;
        params.distinguished_name.push(rcgen::DnType::CommonName, "Intermediate");
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority.issuer).unwrap().der().clone();
        let intermediate = Authority { certificate: certificate.clone(), issuer: Issuer::new(params, key) };
        let key = KeyPair::generate().unwrap();
        let host = intermediate.certify(&key, |params| params.subject_alt_names = names(&["localhost"]));
        tls::server(if complete { vec![host, certificate] } else { vec![host] }, &key)
    };
    let subtree = |name: &str| vec![GeneralSubtree::DnsName(name.to_owned())];
    let only = |name| NameConstraints { permitted_subtrees: subtree(name), excluded_subtrees: Vec::new() };
    let not = |name| NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees: subtree(name) };
    let stranger = Authority::named("Nobody", |_| {}).server(|_| {});
    let row = |name, server, expected| Row { name, host: "localhost", server, expected };
    let violated = Err("the certificate's issuer may not certify this name");
    vec![
        row("self-signed", alone(), Err(UNKNOWN_ISSUER)),
        row("unknown authority", stranger, Err(UNKNOWN_ISSUER)),
        row("intermediate, presented", under(None, true), GOOD),
        row("intermediate, missing", under(None, false), Err(UNKNOWN_ISSUER)),
        row("issuer for this name", under(Some(only("localhost")), true), GOOD),
        row("issuer for other names", under(Some(only("example.com")), true), violated),
        row("issuer not for this name", under(Some(not("localhost")), true), violated),
    ]
}

/// Handshakes that fail with a good certificate.
fn handshakes(authority: &Authority) -> Vec<Row> {
    let mut h2 = authority.server(|_| {});
    h2.alpn_protocols = vec![b"h2".to_vec()];
    let mut both = authority.server(|_| {});
    both.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let builder = || ServerConfig::builder_with_provider(provider());
    let nobody = builder().with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let nobody = nobody.with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    let demanding = |versions: &[&'static rustls::SupportedProtocolVersion]| {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = authority.certify(&key, |_| {});
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let builder = builder().with_protocol_versions(versions).unwrap().with_client_cert_verifier(verifier);
        builder.with_single_cert(vec![certificate], key).unwrap()
    };
    let row = |name, server, expected| Row { name, host: "localhost", server, expected };
    vec![
        row("HTTP/2 only", h2, Err("the host does not speak HTTP/1.1 over TLS")),
        row("HTTP/2 and HTTP/1.1", both, GOOD),
        row("no certificate for this name", nobody, Err(NO_CERTIFICATE)),
        row("client certificate, TLS 1.3", demanding(&[&rustls::version::TLS13]), Err(CERTIFICATE_DEMANDED)),
        row("client certificate, TLS 1.2", demanding(&[&rustls::version::TLS12]), Err(CERTIFICATE_DEMANDED)),
    ]
}

/// What only `openssl s_server` speaks: its arguments, those of a client that gets along with it, what is told.
const OLD: [(&str, &[&str], FailureKind, &str); 7] = [
    ("TLS 1.0 only", &["-tls1"], FailureKind::LegacyTls, NO_SAFE_VERSION),
    ("TLS 1.1 only", &["-tls1_1"], FailureKind::LegacyTls, NO_SAFE_VERSION),
    ("CBC only", &["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"], FailureKind::LegacyTls, NOTHING_IN_COMMON),
    ("RSA key exchange only", &["-tls1_2", "-cipher", "AES128-GCM-SHA256"], FailureKind::LegacyTls, NOTHING_IN_COMMON),
    ("DHE only", &["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], FailureKind::LegacyTls, NOTHING_IN_COMMON),
    ("client certificate, TLS 1.2", &["-tls1_2", "-Verify", "1"], FailureKind::Tls, CERTIFICATE_DEMANDED),
    ("client certificate, TLS 1.3", &["-tls1_3", "-Verify", "1"], FailureKind::Tls, CERTIFICATE_DEMANDED),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_trouble_with_tls_has_a_name() {
    let authority = Authority::new();
    let sender = sender(&authority);
    let rows: Vec<Row> =
        [certificates(&authority), chains(&authority), handshakes(&authority)].into_iter().flatten().collect();
    let (mut refused, mut served) = (0, 0);
    for Row { name, host, server, expected } in rows {
        let receiver = tls::receiver(server).await;
        let told = send(&sender, &format!("https://{host}:{}/", receiver.address.port())).await;
        assert_eq!(told, expected.map_err(|reason| (FailureKind::Tls, reason.to_owned())), "{name}");
        if told.is_ok() { served += 1 } else { refused += 1 }
    }
    for (name, args, kind, reason) in OLD {
        let server = Server::start(&authority, &Server::insisting(args));
        // A control: the server works, for whoever speaks as it does.
        if kind == FailureKind::LegacyTls {
            assert!(server.serves(&args[..1]), "{name}");
            served += 1;
        }
        let told = send(&sender, &format!("https://localhost:{}/", server.address.port())).await;
        assert_eq!(told, Err((kind, reason.to_owned())), "{name}");
        refused += 1;
    }
    assert_eq!(slow_handshakes(&authority).await, 2);
    proof::held("R21", "TLS refused by name", refused + 2, format!("{served} good ones served beside them"));
}

/// Handshakes that begin and do not end meet the deadline; how many were tried.
async fn slow_handshakes(authority: &Authority) -> u64 {
    let sender = Sender::with(AddressPolicy::Any, Duration::from_millis(800), Some(tls::trusting(authority)));
    let silent = Receiver::open(|mut stream: TcpStream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let slow = Receiver::open(|mut stream: TcpStream| async move {
        // The head of a record of 16,000 bytes, which then come one at a time.
        let _ = stream.write_all(b"\x16\x03\x03\x3e\x80").await;
        while stream.write_all(b"\x02").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let receivers = [silent.await, slow.await];
    for receiver in &receivers {
        let told = send(&sender, &format!("https://localhost:{}/", receiver.address.port())).await;
        let expected = (FailureKind::Timeout, "no complete answer within 800 ms".to_owned());
        assert_eq!(told, Err(expected));
    }
    receivers.len() as u64
}

#[tokio::test]
async fn old_tls_is_counted_apart() {
    let (metrics, _guard) = Metrics::collect();
    let authority = Authority::new();
    let server = Server::start(&authority, &Server::insisting(&["-tls1_1"]));
    let transport = transport(AddressPolicy::Any, Duration::from_secs(20), Some(tls::trusting(&authority)));
    let mut world = World::over(Arc::new(transport)).await;
    let url = WebhookUrl::restore(&format!("https://localhost:{}/", server.address.port())).unwrap();
    let webhook = world.add_webhook(world.platform.partner, |webhook| webhook.url = url).await;
    world.complete(0).await;
    let (attempts, _) = world.recorded(&webhook, 1).await;
    assert!(matches!(&attempts[0].outcome, Outcome::Failed(failure) if failure.kind == FailureKind::LegacyTls));
    assert_eq!((metrics.attempts("legacy_tls"), metrics.attempts("tls")), (1, 0));
}
