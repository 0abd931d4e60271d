//! The accept loop. Ours, because the framework's has no deadline for a request's head: there a connection that says
//! nothing lives for ever. A head that can be read in two ways is refused, and after a chunked body the connection is closed.

mod followed;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use framing::{Found, Framing};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::followed::Followed;
use crate::config::Limits;
use crate::http::answer::Refusal;

/// The longest head of a request, in bytes; a longer one is answered with 431.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long a connection is used at most, so that one who reads answers byte by byte holds it no longer.
const CONNECTION_FOR_MAX: Duration = Duration::from_secs(5 * 60);
/// How long to wait after no connection could be taken, for instance because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then finishes the requests that have begun, up to the limit.
pub(crate) async fn listen(listener: TcpListener, router: Router, limits: &Limits, shutdown: &CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let connections = TaskTracker::new();
    while let Some((stream, place)) = shutdown.run_until_cancelled(accept(&listener, &places)).await {
        connections.spawn(converse(stream, router.clone(), limits.clone(), shutdown.clone(), place));
    }
    // Nobody else is let in while the last ones finish.
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("nobody closes the semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) if is_of_the_other_side(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot take a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_the_other_side(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn converse(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    // Answers are short and whole; if the option is refused they only come a little later.
    let _ = stream.set_nodelay(true);
    let (found, requests) = (Found::default(), AtomicU64::new(0));
    let stream = Followed { stream, framing: Framing::new(found.clone()) };
    let service = service_fn(move |request| {
        let is_ambiguous = found.is_ambiguous(requests.fetch_add(1, Ordering::Relaxed) + 1);
        answer(router.clone(), request, is_ambiguous)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.request())
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // How a connection ends is the other side's business; what was asked on it was answered, or counts as not asked.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(CONNECTION_FOR_MAX) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.stop(), connection).await;
}

async fn answer(router: Router, request: Request<Incoming>, is_ambiguous: bool) -> Result<Response, Infallible> {
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = if is_ambiguous {
        let message =
            "the head must end each line with CR LF and must not have both content-length and transfer-encoding";
        Refusal::new(StatusCode::BAD_REQUEST, message).into_response()
    } else {
        TowerToHyperService::new(router).call(request).await?
    };
    if is_ambiguous || is_chunked {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
