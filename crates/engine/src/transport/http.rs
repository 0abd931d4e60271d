//! Sends requests over HTTP/1.1, with a connector and a pool of our own.
//!
//! The order of things is the guard: the host is resolved, *every* address of it is judged, one that was judged is
//! connected to, and the peer that was reached is judged again. A connection is kept under its origin and its address, so
//! that it serves only requests whose host still leads there. No redirects, no decompression, no cookies, no proxy but the
//! one that is configured; one deadline over everything; a bounded part of the answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HOST, HeaderValue, RETRY_AFTER};
use ::http::uri::PathAndQuery;
use ::http::{HeaderMap, Method, Request, Uri};
use async_trait::async_trait;
use bytes::Bytes;
use domain::clock::Clock;
use domain::delivery::{ANSWER_HEADERS_BYTES_MAX, Answer, Failure, FailureKind, Outcome};
use domain::webhook::UrlPolicy;
use http_body_util::Full;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};
use url::Position;

use self::connection::{Broken, Exchanged};
use self::connector::Connector;
use self::names::Names;
use self::origin::Origin;
use self::pool::Pool;
use self::proxy::EgressProxy;
use super::{Transport, retry_after};
use crate::request::SignedRequest;

mod connection;
mod connector;
mod names;
mod origin;
mod polite;
mod pool;
pub mod proxy;
mod tls;

/// How long things may take, and where requests may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// The whole exchange: resolving, connecting, TLS, the head and the body of the answer (decision 2).
    pub exchange_for: Duration,
    /// Connecting, over all addresses of the host (decision 2); resolving its name may take as long again.
    pub connect_for: Duration,
    /// Which schemes and networks are allowed (decision 19).
    pub policy: UrlPolicy,
}

impl Default for HttpSettings {
    fn default() -> Self {
        HttpSettings {
            exchange_for: Duration::from_secs(10),
            connect_for: Duration::from_secs(5),
            policy: UrlPolicy::default(),
        }
    }
}

/// What is put on a connection.
type Message = Request<Full<Bytes>>;

/// Sends requests over HTTP/1.1. For one runtime: its connections live on the one that first used them.
pub struct HttpTransport {
    settings: HttpSettings,
    connector: Connector,
    pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
}

impl HttpTransport {
    /// A transport that trusts the certificate authorities of this machine. If there are none it says so in the log, and in
    /// every attempt that would need one.
    pub fn new(settings: HttpSettings, clock: Arc<dyn Clock>) -> Self {
        Self::build(settings, clock, tls::trusting_this_machine())
    }

    /// A transport that trusts whom `tls` trusts.
    pub fn with_tls(settings: HttpSettings, clock: Arc<dyn Clock>, tls: ClientConfig) -> Self {
        Self::build(settings, clock, Ok(tls))
    }

    /// Sends everything through a proxy, to addresses that are judged as without one (decision 0014). There is one way
    /// out for all connections of a transport, and so for all that wait in its pool.
    #[must_use]
    pub fn through(mut self, proxy: EgressProxy) -> Self {
        self.connector.proxy = Some(proxy);
        self
    }

    /// Asks this name server in place of this machine's.
    #[must_use]
    pub fn asking(mut self, name_server: SocketAddr) -> Self {
        self.connector.names = Names::asking(name_server);
        self
    }

    fn build(settings: HttpSettings, clock: Arc<dyn Clock>, tls: Result<ClientConfig, String>) -> Self {
        let connector = Connector::new(settings.policy.addresses, settings.connect_for, tls);
        HttpTransport { settings, connector, pool: Arc::default(), clock }
    }

    async fn exchange(&self, request: SignedRequest) -> Result<Answer, Failure> {
        let deadline = Instant::now() + self.settings.exchange_for;
        let SignedRequest { url, headers, body } = request;
        let origin = Origin::of(&url, self.settings.policy)?;
        let message = message(&url, headers, body)?;
        let work = self.converse(&origin, message);
        timeout_at(deadline, work).await.unwrap_or_else(|_| {
            let detail = format!("no complete answer within {} ms", self.settings.exchange_for.as_millis());
            Err(Failure { kind: FailureKind::Timeout, detail })
        })
    }

    /// Over a connection that is there, or else over a new one. A request that a kept connection did not take, because it was
    /// closed meanwhile, goes over a new one; once begun, nothing is sent twice.
    async fn converse(&self, origin: &Origin<'_>, message: Message) -> Result<Answer, Failure> {
        let addresses = self.connector.resolve(origin).await?;
        let mut message = message;
        if let Some(kept) = self.pool.take(origin, addresses.as_slice()).await {
            match kept.exchange(message).await {
                Err(Broken::NotSent(back, _)) => message = *back,
                done => return self.finish(origin, done),
            }
        }
        let connection = self.connector.connect(origin, addresses.as_slice()).await?;
        crash::point!("engine/connected");
        let done = connection.exchange(message).await;
        self.finish(origin, done)
    }

    fn finish(&self, origin: &Origin<'_>, done: Result<Exchanged, Broken>) -> Result<Answer, Failure> {
        let Exchanged { head, body, truncated, connection } = match done {
            Ok(exchanged) => exchanged,
            Err(Broken::NotSent(_, failure) | Broken::Sent(failure)) => return Err(failure),
        };
        if let Some(connection) = connection {
            Pool::put(&self.pool, origin, connection);
        }
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| retry_after::parse(value, self.clock.now()));
        let headers = if head.status.is_success() { String::new() } else { lines(&head.headers) };
        Ok(Answer { status: head.status.as_u16(), retry_after, body, truncated, headers })
    }
}

/// Headers as text, a line each, as many as may be kept. What is no text in them is shown as U+FFFD.
fn lines(headers: &HeaderMap) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let line = format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
        if lines.len() + line.len() > ANSWER_HEADERS_BYTES_MAX {
            lines.push_str("…\n");
            break;
        }
        lines.push_str(&line);
    }
    lines
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: SignedRequest) -> Outcome {
        self.exchange(request).await.map_or_else(Outcome::Failed, Outcome::Answered)
    }
}

fn message(url: &url::Url, mut headers: HeaderMap, body: Bytes) -> Result<Message, Failure> {
    let unfit =
        |part| Failure { kind: FailureKind::Request, detail: format!("the {part} of the address cannot be sent") };
    let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]).map_err(|_| unfit("host"))?;
    headers.insert(HOST, host);
    let path = PathAndQuery::try_from(&url[Position::BeforePath..Position::AfterQuery]).map_err(|_| unfit("path"))?;
    let mut message = Request::new(Full::new(body));
    *message.method_mut() = Method::POST;
    *message.uri_mut() = Uri::from(path);
    *message.headers_mut() = headers;
    Ok(message)
}
