//! Runs a router behind limits.
//!
//! Our own accept loop, because `axum::serve` lets a connection that sends nothing live for ever. What is promised: no
//! connection waits for a head longer than the limit, neither before its first request nor between two; no request
//! takes longer than the limit, its body included, unless its handler moves its [`Deadline`]; no answer is left unread for longer than the limit; no more
//! connections than the limit are open, of which one that waits for a request gives way to the next; and a stop ends in time.
//! A head that can be read in two ways is refused, and after a chunked body the connection is closed. Knows no routes.
//!
//! What is refused here the router answers for, and logs ([`Unserved`]). What hyper cannot read at all it answers itself, with a
//! status and nothing else; that is logged here.

mod deadline;
mod patient;
mod waiting;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use framing::{Found, Framing, LINE_BYTES_MAX};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub(crate) use self::deadline::Deadline;

use self::patient::Patient;
use self::waiting::{Place, Waiting};

/// How long to wait before accepting again when the machine has no room for another connection.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long the head of a request may be, in bytes: 431 beyond.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long the path and the query may be, in bytes: 414 beyond.
const URI_BYTES_MAX: usize = 16 * 1024;
/// How much of a request is buffered, in bytes. Larger than a head may be, so that one that is somewhat too long is read to
/// its end and its client reads why it is refused.
const BUFFER_BYTES_MAX: usize = LINE_BYTES_MAX;
/// How many times the headers that are allowed are read, for the same reason.
const HEADERS_READ: usize = 2;

/// What a client may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long the head of a request may take, from the connection or from the end of the previous answer.
    pub head_for: Duration,
    /// How long a request may take from its head to its answer, unless its handler says otherwise.
    pub request_for: Duration,
    /// How long a client may leave an answer unread.
    pub write_for: Duration,
    /// How many headers a request may have.
    pub headers_max: usize,
    /// How many connections may be open. For one more, one that waits for a request is closed, those that never made one before
    /// others; if none waits, the next waits to be served.
    pub connections_max: usize,
    /// How long requests may still take when a stop is asked for.
    pub drain_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head_for: Duration::from_secs(10),
            request_for: Duration::from_secs(30),
            write_for: Duration::from_secs(30),
            headers_max: 100,
            connections_max: 4096,
            drain_for: Duration::from_secs(20),
        }
    }
}

/// Serves until `shutdown`, each request with its peer as [`ConnectInfo`]; then accepts no more, lets what is under way finish within the limit, and returns.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, shutdown: CancellationToken) {
    let room = Arc::new(Semaphore::new(limits.connections_max));
    let waiting = Arc::new(Waiting::default());
    let connections = TaskTracker::new();
    let end = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &room, &waiting) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let end = end.child_token();
        let place = waiting.clone().join(end.clone());
        let connection = connection(stream, peer, place, app.clone(), limits.clone(), shutdown.clone());
        connections.spawn(async move {
            end.run_until_cancelled(connection).await;
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain_for, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "ending {} connections that did not finish", connections.len());
        end.cancel();
        connections.wait().await;
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    waiting: &Waiting,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, make_room(room, waiting).await)),
        Err(error) => {
            let of_one_connection = matches!(
                error.kind(),
                io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
            );
            if !of_one_connection {
                tracing::error!(%error, "cannot accept a connection: {error}");
                sleep(ACCEPT_AGAIN_AFTER).await;
            }
            None
        }
    }
}

async fn make_room(room: &Arc<Semaphore>, waiting: &Waiting) -> OwnedSemaphorePermit {
    if let Ok(permit) = room.clone().try_acquire_owned() {
        return permit;
    }
    // One is enough: whether it is that one or another that ends, there is room.
    let ended = async {
        waiting.end_one().await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        permit = room.clone().acquire_owned() => permit.expect("the semaphore is never closed"),
        () = ended => unreachable!("it is pending"),
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    app: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    // Answers are written at once and whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot switch delays off: {error}");
    }
    let found = Found::default();
    let stream = Patient::new(stream, limits.write_for, Framing::new(found.clone()));
    let builder = builder(&limits);
    let (place, requests) = (Arc::new(place), Arc::new(AtomicU64::new(0)));
    let service = service_fn(move |mut request: Request<Incoming>| {
        place.is_busy();
        request.extensions_mut().insert(ConnectInfo(peer));
        let is_ambiguous = found.is_ambiguous(requests.fetch_add(1, Ordering::Relaxed) + 1);
        let answered = answer(app.clone(), request, is_ambiguous, limits.clone());
        let place = place.clone();
        async move {
            let answered = answered.await;
            place.waits_again();
            answered
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    match ended {
        Ok(()) => {}
        Err(error) if error.is_parse() => log_unreadable(&error),
        Err(error) => tracing::debug!(%error, "a connection ended: {error}"),
    }
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_for)
        .max_headers(HEADERS_READ * limits.headers_max)
        .max_header_size(BUFFER_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX);
    builder
}

/// A request that hyper refused.
fn log_unreadable(error: &hyper::Error) {
    let status = if error.is_parse_too_large() { 431 } else { 400 };
    tracing::info!(path = "unknown", status, %error, "a request that cannot be read {status}");
    metrics::counter!("http_requests_total", "path" => "unknown", "status" => status.to_string()).increment(1);
}

/// A request that no route is asked to serve. It is in the extensions of another that stands for it, an `OPTIONS *`, so that a router
/// can log it and refuse it in the shape in which it refuses; a router that does not is answered for.
#[derive(Clone, Debug)]
pub(crate) struct Unserved {
    pub(crate) started: Instant,
    pub(crate) method: Method,
    pub(crate) status: StatusCode,
    pub(crate) error_code: &'static str,
    pub(crate) message: &'static str,
}

async fn answer(
    app: Router,
    mut request: Request<Incoming>,
    is_ambiguous: bool,
    limits: Limits,
) -> Result<Response<Body>, Infallible> {
    let (started, method) = (Instant::now(), request.method().clone());
    let unserved = |(status, error_code, message)| Unserved { started, method, status, error_code, message };
    if let Some(why) = why_unfit(&request, is_ambiguous, &limits) {
        return refuse(app, unserved(why)).await;
    }
    let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let deadline = Deadline::within(limits.request_for);
    request.extensions_mut().insert(deadline.clone());
    tokio::select! {
        biased;
        answered = app.clone().oneshot(request) => {
            answered.map(|response| if is_chunked { and_close(response) } else { response })
        }
        () = deadline.passed() => {
            let why = (StatusCode::REQUEST_TIMEOUT, "request_timeout", "the request took too long");
            refuse(app, unserved(why)).await
        }
    }
}

/// Why a request is refused for its head, if it is.
fn why_unfit(
    request: &Request<Incoming>,
    is_ambiguous: bool,
    limits: &Limits,
) -> Option<(StatusCode, &'static str, &'static str)> {
    let uri_bytes = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if is_ambiguous {
        let message =
            "the head must end each line with CR LF and must not have both content-length and transfer-encoding";
        Some((StatusCode::BAD_REQUEST, "ambiguous_head", message))
    } else if uri_bytes > URI_BYTES_MAX {
        Some((StatusCode::URI_TOO_LONG, "uri_too_long", "the path and the query are too long"))
    } else if request.headers().len() > limits.headers_max {
        Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_headers", "there are too many headers"))
    } else if uri_bytes + header_bytes > HEAD_BYTES_MAX {
        Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "the headers are too long"))
    } else {
        None
    }
}

/// An answer after which the connection is closed.
async fn refuse(app: Router, unserved: Unserved) -> Result<Response<Body>, Infallible> {
    let (status, message) = (unserved.status, unserved.message);
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::OPTIONS;
    *request.uri_mut() = Uri::from_static("*");
    request.extensions_mut().insert(unserved);
    let response = app.oneshot(request).await?;
    Ok(and_close(if response.status() == status { response } else { plain(status, message) }))
}

fn plain(status: StatusCode, message: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(message));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn and_close(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
