//! One line in the logs and two metrics for each request, and the body of each refusal.
//!
//! Never a secret, a token, a body, or the path with its ids: the route as it is written in the table.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::oauth::Token;

use crate::door::Seat;
use crate::gateway::Gateway;
use crate::limit::Standing;
use crate::refusal::{self, Refusal};
use crate::serve::Unserved;

/// Who calls, once that is known.
#[derive(Clone, Default)]
pub(crate) struct Who(Arc<OnceLock<Known>>);

struct Known {
    token: Arc<Token>,
    standing: Option<Standing>,
}

impl Who {
    /// The token was good; and how its caller stands with a limit, where there is one.
    pub(crate) fn is(&self, token: &Arc<Token>, standing: Option<Standing>) {
        // A request has one token, so whatever is there already is the same.
        let _ = self.0.set(Known { token: token.clone(), standing });
    }

    /// The token that was found good before.
    pub(crate) fn token(&self) -> Option<&Arc<Token>> {
        self.0.get().map(|known| &known.token)
    }
}

/// The outermost layer of the API.
pub(crate) async fn observe(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let who = Who::default();
    request.extensions_mut().insert(who.clone());
    // Here until it is answered, however early the handler lets go of the request.
    let seat = Seat::default();
    request.extensions_mut().insert(seat.clone());

    let (started, method, answered) = match request.extensions_mut().remove::<Unserved>() {
        None if gateway.door.is_crowded() && !request.body().is_end_stream() => {
            (Instant::now(), request.method().clone(), Refusal::busy().into_response())
        }
        None => (Instant::now(), request.method().clone(), next.run(request).await),
        Some(Unserved { started, method, status, error_code, message }) => {
            (started, method, Refusal::new(status, error_code, message).into_response())
        }
    };
    let mut response = refusal::write(answered, &*gateway.random);
    if let Some(standing) = who.0.get().and_then(|known| known.standing) {
        standing.write(response.headers_mut());
    }

    // Whatever a receiver or a caller wrote is shown as JSON, and is nothing else to anybody.
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let took = started.elapsed();
    let path = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let status = response.status().as_u16();
    let (portal_id, client_id) = who.token().map(|token| (token.portal_id.0, token.client_id.as_str())).unzip();
    tracing::info!(%method, path, status, took_us = took.as_micros() as u64, portal_id, client_id, "{method} {path} {status}");
    metrics::counter!("http_requests_total", "path" => path.to_owned(), "status" => status.to_string()).increment(1);
    metrics::histogram!("http_request_seconds", "path" => path.to_owned()).record(took.as_secs_f64());
    response
}
