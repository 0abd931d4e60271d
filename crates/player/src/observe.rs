//! One line in the logs and two metrics for each request. Never a token, a body or a person: the route as it is written in the table.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::player::Player;

/// The outermost layer: counts who asks for something to be done, and says what came of it.
pub(crate) async fn observe(State(player): State<Player>, request: Request, next: Next) -> Response {
    let (started, method) = (Instant::now(), request.method().clone());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let admitted = if method == Method::POST {
        let address = (player.settings.address_of)(request.headers(), request.extensions());
        player.limits.admit_address(address, player.now())
    } else {
        Ok(())
    };
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => crate::cors::readable(request.headers(), Err(refusal)),
    };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let (took, status) = (started.elapsed(), response.status().as_u16());
    let path = route.as_ref().map_or("unknown", MatchedPath::as_str);
    tracing::info!(%method, path, status, took_us = took.as_micros() as u64, "player {method} {path} {status}");
    metrics::counter!("player_requests_total", "path" => path.to_owned(), "status" => status.to_string()).increment(1);
    metrics::histogram!("player_request_seconds", "path" => path.to_owned()).record(took.as_secs_f64());
    response.into_response()
}
