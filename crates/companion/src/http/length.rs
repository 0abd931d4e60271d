//! A body that says it is too long is refused before any of it is read; one that does not say how long it is is read up to the limit.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::http::answer::Refusal;

/// Refuses what is declared to be longer than `bytes_max`.
pub(crate) async fn check(State(bytes_max): State<usize>, request: Request, next: Next) -> Response {
    match declared(request.body(), bytes_max) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Reads a body of at most so many bytes.
pub(crate) async fn read(mut body: Body, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    declared(&body, bytes_max)?;
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the body ended too early"))?;
        let data = frame.into_data().unwrap_or_default();
        if whole.len() + data.len() > bytes_max {
            return Err(too_long(bytes_max));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

fn declared(body: &Body, bytes_max: usize) -> Result<(), Refusal> {
    if body.size_hint().lower() > bytes_max as u64 { Err(too_long(bytes_max)) } else { Ok(()) }
}

fn too_long(bytes_max: usize) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {bytes_max} bytes"))
}
