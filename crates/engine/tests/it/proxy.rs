//! Deliveries through the operator's proxy: one that is real, and ones that misbehave (decision 0014).

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::delivery::{FailureKind, Outcome};
use domain::webhook::{Oauth2Credentials, Secret, WebhookUrl};
use engine::transport::http::proxy::EgressProxy;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::apart::runs_apart;
use crate::receiver::{OK, Receiver, Sender, hear, transport};
use crate::tls;
use crate::world::World;

/// Debian's tinyproxy, which wants to know who asks.
struct Tinyproxy {
    address: SocketAddr,
    process: Child,
    _folder: TempDir,
}

impl Tinyproxy {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tinyproxy.conf");
        let address = free_address();
        let lines = [
            format!("Port {}", address.port()),
            "Listen 127.0.0.1".to_owned(),
            "Allow 127.0.0.1".to_owned(),
            "BasicAuth bell s3cret".to_owned(),
        ];
        std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        let mut command = Command::new("tinyproxy");
        command.arg("-d").arg("-c").arg(&file).stdout(Stdio::piped());
        let mut process = command.spawn().expect("tinyproxy is there: `cargo xtask test` installs it");
        let said = BufReader::new(process.stdout.take().expect("it is piped"));
        assert!(said.lines().map_while(Result::ok).any(|line| line.contains("Accepting connections")));
        Tinyproxy { address, process, _folder: folder }
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where nobody listens.
fn free_address() -> SocketAddr {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn sender(addresses: AddressPolicy, proxy: SocketAddr) -> Sender {
    let proxy = EgressProxy::parse(&format!("http://{proxy}")).unwrap();
    Sender::of(transport(addresses, Duration::from_secs(10), None).through(proxy))
}

/// A kind of failure with its detail, or a status.
fn told(outcome: Outcome) -> Result<u16, (FailureKind, String)> {
    match outcome {
        Outcome::Answered(answer) => Ok(answer.status),
        Outcome::Failed(failure) => Err((failure.kind, failure.detail)),
    }
}

#[tokio::test]
async fn deliveries_go_through_a_real_proxy_with_tls_and_without() {
    let proxy = Tinyproxy::start();
    let authority = tls::Authority::new();
    let plain = Receiver::answering(OK).await;
    let secure = tls::receiver(authority.server(|_| {})).await;
    let way = EgressProxy::parse(&format!("http://localhost:{}", proxy.address.port())).unwrap();
    let trusting = Some(tls::trusting(&authority));
    let sender = Sender::of(
        transport(AddressPolicy::Any, Duration::from_secs(10), trusting)
            .through(way.authorized("bell:s3cret").unwrap()),
    );
    for _ in 0..3 {
        for url in [plain.url(), format!("https://localhost:{}/", secure.address.port())] {
            assert_eq!(told(sender.send(&url).await), Ok(200), "{url}");
        }
    }
    assert_eq!((plain.connects(), secure.connects()), (1, 1), "what waits in the pool is used again");
}

#[tokio::test]
async fn a_real_proxy_that_does_not_know_who_asks_is_told_of() {
    let proxy = Tinyproxy::start();
    let receiver = Receiver::answering(OK).await;
    for credentials in [None, Some("bell:wrong")] {
        let way = EgressProxy::parse(&format!("http://{}", proxy.address)).unwrap();
        let way = credentials.map_or(way.clone(), |credentials| way.authorized(credentials).unwrap());
        let sender = Sender::of(transport(AddressPolicy::Any, Duration::from_secs(10), None).through(way));
        let (kind, detail) = told(sender.send(&receiver.url()).await).unwrap_err();
        assert_eq!(kind, FailureKind::Proxy, "{detail}");
        assert!(detail.starts_with("the platform's egress proxy "), "{detail}");
    }
    assert_eq!(receiver.connects(), 0);
}

#[tokio::test]
async fn without_its_proxy_nothing_goes_out() {
    let receiver = Receiver::answering(OK).await;
    let told = told(sender(AddressPolicy::Any, free_address()).send(&receiver.url()).await);
    let detail = "the platform's egress proxy was not reached: connection refused".to_owned();
    assert_eq!(told, Err((FailureKind::Proxy, detail)));
    assert_eq!(receiver.connects(), 0);
}

#[test]
fn the_environment_names_no_proxy() {
    let dead = format!("http://{}", free_address());
    let names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    let set = names.map(|name| (name, dead.as_str()));
    if !runs_apart("proxy::the_environment_names_no_proxy", &[], &set) {
        return;
    }
    assert!(std::env::var("http_proxy").unwrap().starts_with("http://127.0.0.1:"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let receiver = Receiver::answering(OK).await;
        assert_eq!(told(Sender::new().send(&receiver.url()).await), Ok(200));
    });
}

/// A proxy that does as it is asked, and what it was asked.
async fn recording() -> (Receiver, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let proxy = Receiver::open({
        let asked = asked.clone();
        move |mut stream: TcpStream| {
            let asked = asked.clone();
            async move {
                let Some(request) = hear(&mut stream).await else { return };
                let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
                asked.lock().unwrap().push(request);
                let Ok(mut receiver) = TcpStream::connect(target).await else { return };
                let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await;
                let _ = copy_bidirectional(&mut stream, &mut receiver).await;
            }
        }
    })
    .await;
    (proxy, asked)
}

#[tokio::test]
async fn the_proxy_is_given_the_address_that_was_judged_and_no_name() {
    let (proxy, asked) = recording().await;
    let receiver = Receiver::answering(OK).await;
    let way = EgressProxy::parse(&format!("http://{}", proxy.address)).unwrap().authorized("bell:s3cret").unwrap();
    let sender = Sender::of(transport(AddressPolicy::Any, Duration::from_secs(10), None).through(way));
    assert_eq!(told(sender.send(&format!("http://localhost:{}/", receiver.address.port())).await), Ok(200));
    let target = receiver.address;
    let expected =
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic YmVsbDpzM2NyZXQ=\r\n\r\n");
    assert_eq!(*asked.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn what_is_not_public_is_refused_before_the_proxy_hears_of_it() {
    let (proxy, asked) = recording().await;
    let public = sender(AddressPolicy::Public, proxy.address);
    for host in ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "2130706433"] {
        let told = told(public.send(&format!("http://{host}:{}/", proxy.address.port())).await);
        assert_eq!(told.unwrap_err().0, FailureKind::AddressRefused, "{host}");
    }
    assert_eq!((proxy.connects(), asked.lock().unwrap().len()), (0, 0));
}

#[tokio::test]
async fn requests_for_tokens_go_through_the_proxy_too() {
    const TOKEN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"access_token\":\"one\"}";
    let (proxy, asked) = recording().await;
    let (server, receiver) = (Receiver::answering(TOKEN).await, Receiver::answering(OK).await);
    let world = World::over(sender(AddressPolicy::Any, proxy.address).transport.clone());
    let mut world = world.await;
    let credentials = Oauth2Credentials {
        client_id: "bell".to_owned(),
        client_secret: Secret::parse("s3cret".to_owned()).unwrap(),
        server_url: WebhookUrl::restore(&server.url()).unwrap(),
        scope: None,
    };
    let url = WebhookUrl::restore(&receiver.url()).unwrap();
    let partner = world.platform.partner;
    let webhook = world.add_webhook(partner, |webhook| {
        (webhook.oauth2, webhook.url) = (Some(credentials), url);
    });
    let webhook = webhook.await;
    world.complete(0).await;
    let (attempts, _) = world.recorded(&webhook, 1).await;
    assert!(attempts[0].outcome.is_success(), "{attempts:?}");
    let asked: Vec<String> =
        asked.lock().unwrap().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(asked, [server.address.to_string(), receiver.address.to_string()]);
}

/// How a proxy misbehaves once it was asked.
#[derive(Clone)]
enum Proxy {
    /// Says this and hangs up.
    Says(Vec<u8>),
    /// Says this, and nothing any more.
    Holds(&'static [u8]),
    /// Says this over and over.
    Repeats(&'static [u8]),
    /// Hangs up without having listened.
    Resets,
}

impl Proxy {
    async fn serve(self, mut stream: TcpStream) {
        if let Proxy::Resets = self {
            let _ = stream.set_zero_linger();
            return;
        }
        hear(&mut stream).await;
        match self {
            Proxy::Says(said) => {
                let _ = stream.write_all(&said).await;
            }
            Proxy::Holds(said) => {
                let _ = stream.write_all(said).await;
                let _ = stream.read(&mut [0]).await;
            }
            Proxy::Repeats(said) => while stream.write_all(said).await.is_ok() {},
            Proxy::Resets => {}
        }
    }
}

#[tokio::test]
async fn a_proxy_that_misbehaves_is_named_in_time() {
    let says = |said: &str| Proxy::Says(said.as_bytes().to_vec());
    let no_http = "answered what is not HTTP/1.1";
    let too_late = "made no connection within 500 ms";
    let mut behaviours: Vec<(Proxy, &str)> = vec![
        (
            says("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?"),
            "wants other credentials",
        ),
        (says("HTTP/1.1 403 No\r\n\r\n"), "did not connect: it answered 403"),
        (says("HTTP/1.1 502 Bad Gateway\r\n\r\n"), "did not connect: it answered 502"),
        (says("HTTP/1.1 301 Go\r\nLocation: http://127.0.0.1/\r\n\r\n"), "did not connect: it answered 301"),
        (says("HTTP/1.1 100 Continue\r\n\r\n"), "did not connect: it answered 100"),
        (says("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "said more than it was asked"),
        (says("SSH-2.0-OpenSSH_9.2\r\n"), no_http),
        (says("HTTP/2 200\r\n\r\n"), no_http),
        (says("HTTP/1.1 abc\r\n\r\n"), no_http),
        (says("\0\0\0\0"), no_http),
        (says(""), "hung up before it had answered"),
        (says("HTTP/1.1 200 OK\r\nX: "), "hung up before it had answered"),
        (Proxy::Says(format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20)).into()), "answered more than is read"),
        (Proxy::Repeats(b"HTTP/1.1 200 OK\r\nX: y\r\n"), "answered more than is read"),
        (Proxy::Holds(b""), too_late),
        (Proxy::Holds(b"HTTP/1.1 200 OK\r\n"), too_late),
        (Proxy::Holds(b"H"), too_late),
        (Proxy::Resets, ""),
    ];
    // What a tunnel leads to is the receiver's business, not the proxy's.
    behaviours.push((says("HTTP/1.1 200 OK\r\n\r\n"), "tunnel"));
    let healthy = Receiver::answering(OK).await;
    let one = |(behaviour, expected): (Proxy, &'static str)| {
        let url = healthy.url();
        async move {
            let proxy = Receiver::open(move |stream| behaviour.clone().serve(stream)).await;
            let way = EgressProxy::parse(&format!("http://{}", proxy.address)).unwrap();
            let sender = Sender::of(transport(AddressPolicy::Any, Duration::from_secs(1), None).through(way));
            let (kind, detail) = told(sender.send(&url).await).unwrap_err();
            if expected == "tunnel" {
                assert_eq!(kind, FailureKind::Protocol, "{detail}");
            } else {
                assert_eq!(kind, FailureKind::Proxy, "{detail}");
                assert!(detail.starts_with(&format!("the platform's egress proxy {expected}")), "{detail}");
            }
            assert_eq!(proxy.connects(), 1, "{detail}");
        }
    };
    futures_util::future::join_all(behaviours.into_iter().map(one)).await;
    assert_eq!(healthy.connects(), 0, "nothing goes around the proxy");
    assert_eq!(told(Sender::new().send(&healthy.url()).await), Ok(200));
}
