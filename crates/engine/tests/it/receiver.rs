//! Receivers on loopback that do as a test says, byte by byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use contract::signature;
use domain::address::AddressPolicy;
use domain::delivery::Outcome;
use domain::webhook::UrlPolicy;
use engine::request::SignedRequest;
use engine::transport::Transport;
use engine::transport::http::{HttpSettings, HttpTransport};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use store::conformance::world;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

use crate::time::{Time, at_once};

/// The usual answer.
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A receiver, for as long as the test lasts.
pub(crate) struct Receiver {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    connects: Arc<AtomicUsize>,
    hang_ups: watch::Sender<usize>,
}

impl Receiver {
    /// Listens on loopback and hands every connection to `serve`.
    pub(crate) async fn open<F, S>(serve: F) -> Self
    where
        F: Fn(TcpStream) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connects = Arc::new(AtomicUsize::new(0));
        let hang_ups = watch::Sender::new(0);
        let (count, hung_up) = (connects.clone(), hang_ups.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (served, hung_up) = (serve(stream), hung_up.clone());
                tokio::spawn(async move {
                    served.await;
                    hung_up.send_modify(|count| *count += 1);
                });
            }
        });
        Receiver { address, connects, hang_ups }
    }

    /// Answers every request on every connection with these bytes.
    pub(crate) async fn answering(answer: &'static [u8]) -> Self {
        Self::open(move |mut stream| async move {
            while hear(&mut stream).await.is_some() {
                let _ = stream.write_all(answer).await;
            }
        })
        .await
    }

    /// Answers with these bytes and hangs up.
    pub(crate) async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::open(move |mut stream| {
            let answer = answer.clone();
            async move {
                hear(&mut stream).await;
                let _ = stream.write_all(&answer).await;
            }
        })
        .await
    }

    /// Where it listens, as an address of a webhook.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?key=s3cret", self.address)
    }

    /// Returns once it has hung up so many times, and everybody here can know.
    pub(crate) async fn has_hung_up(&self, count: usize) {
        at_once(self.hang_ups.subscribe().wait_for(|count_now| *count_now >= count)).await.unwrap();
        // Sockets are looked at together: when this one is known to be connected, that one is known to be closed.
        let bystander = TcpListener::bind("127.0.0.1:0").await.unwrap();
        TcpStream::connect(bystander.local_addr().unwrap()).await.unwrap();
    }

    /// How often somebody connected.
    pub(crate) fn connects(&self) -> usize {
        self.connects.load(Ordering::Relaxed)
    }
}

/// Reads one request, head and body; `None` if the peer hung up.
pub(crate) async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut heard = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&heard);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text.into_owned());
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => heard.extend_from_slice(&part[..count]),
        }
    }
}

/// A client that trusts nobody else.
pub(crate) fn trusting(roots: RootCertStore) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth()
}

/// A transport for these addresses, which gives connecting half of its time.
pub(crate) fn transport(addresses: AddressPolicy, exchange_for: Duration, tls: Option<ClientConfig>) -> HttpTransport {
    let policy = UrlPolicy { allow_http: true, addresses };
    let settings = HttpSettings { exchange_for, connect_for: exchange_for / 2, policy };
    // Reading the authorities of this machine takes longer than most tests.
    let tls = tls.unwrap_or_else(|| trusting(RootCertStore::empty()));
    HttpTransport::with_tls(settings, Time::at(world::at(0)), tls)
}

/// Sends requests like deliveries.
pub(crate) struct Sender {
    /// What it sends with.
    pub(crate) transport: Arc<HttpTransport>,
}

impl Sender {
    /// One that may send anywhere.
    pub(crate) fn new() -> Self {
        Self::with(AddressPolicy::Any, Duration::from_secs(10), None)
    }

    /// One whose deadline passes soon.
    pub(crate) fn hasty() -> Self {
        Self::with(AddressPolicy::Any, Duration::from_millis(300), None)
    }

    pub(crate) fn with(addresses: AddressPolicy, exchange_for: Duration, tls: Option<ClientConfig>) -> Self {
        Self::of(transport(addresses, exchange_for, tls))
    }

    /// One that sends with this.
    pub(crate) fn of(transport: HttpTransport) -> Self {
        Sender { transport: Arc::new(transport) }
    }

    /// Sends a request like a delivery.
    pub(crate) async fn send(&self, url: &str) -> Outcome {
        self.send_to(url.parse().unwrap()).await
    }

    /// Sends a request like a delivery.
    pub(crate) async fn send_to(&self, url: Url) -> Outcome {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let name = HeaderName::from_bytes(signature::HEADER.as_bytes()).unwrap();
        headers.insert(name, HeaderValue::from_static("t=1,v1=00"));
        let request = SignedRequest { url, headers, body: Bytes::from_static(b"{\"id\":1}") };
        at_once(self.transport.send(request)).await
    }
}
