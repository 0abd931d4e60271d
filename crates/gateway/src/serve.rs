//! Runs a router behind limits.
//!
//! Our own accept loop, because `axum::serve` lets a connection that sends nothing live for ever. What is promised: no
//! connection waits for a head longer than the limit, neither before its first request nor between two; no request
//! takes longer than the limit, its body included; no answer is left unread for longer than the limit; no more
//! connections than the limit are open; and a stop ends in time.
//! A request with both `Content-Length` and `Transfer-Encoding` is read as chunked and its connection closed, which
//! hyper does by itself. Knows no routes.

mod patient;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use self::patient::Patient;

/// How long to wait before accepting again when the machine has no room for another connection.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long the head of a request may be, in bytes: 431 beyond.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long the path and the query may be, in bytes: 414 beyond.
const URI_BYTES_MAX: usize = 16 * 1024;
/// How much of a request is buffered, in bytes. Larger than a head may be, so that one that is somewhat too long is read to
/// its end and its client reads why it is refused.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// What a client may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long the head of a request may take, from the connection or from the end of the previous answer.
    pub head_for: Duration,
    /// How long a request may take from its head to its answer.
    pub request_for: Duration,
    /// How long a client may leave an answer unread.
    pub write_for: Duration,
    /// How many headers a request may have.
    pub headers_max: usize,
    /// How many connections may be open; others wait to be accepted.
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
    let connections = TaskTracker::new();
    let end = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let connection = connection(stream, peer, app.clone(), limits.clone(), shutdown.clone());
        let end = end.clone();
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
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.expect("the semaphore is never closed");
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
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

async fn connection(stream: TcpStream, peer: SocketAddr, app: Router, limits: Limits, shutdown: CancellationToken) {
    // Answers are written at once and whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot switch delays off: {error}");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        answer(app.clone(), request, limits.request_for)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_for)
        .max_headers(limits.headers_max)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(Patient::new(stream, limits.write_for)), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended: {error}");
    }
}

async fn answer(app: Router, request: Request<Incoming>, within: Duration) -> Result<Response<Body>, Infallible> {
    if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > URI_BYTES_MAX) {
        return Ok(refusal(StatusCode::URI_TOO_LONG, r#"{"message":"the path and the query are too long"}"#));
    }
    let method = request.method().clone();
    match timeout(within, app.oneshot(request)).await {
        Ok(answered) => answered,
        Err(_) => {
            tracing::warn!(%method, within_ms = within.as_millis() as u64, "a {method} took too long and was given up");
            Ok(refusal(StatusCode::REQUEST_TIMEOUT, r#"{"message":"the request took too long"}"#))
        }
    }
}

/// An answer after which the connection is closed.
fn refusal(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
