//! What a companion answers: the receiver, for the platform, and the reader API, for the integrator's own programs.

mod answer;
mod completions;
mod health;
mod inbox;
pub(crate) mod listen;
mod token;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use http::StatusCode;
use tower_http::timeout::TimeoutLayer;

use crate::Shared;
use crate::http::answer::Refusal;

/// Where something is served already, so that webhooks cannot be received there.
pub(crate) const RESERVED_PATHS: [&str; 4] = ["/completions", "/inbox", "/healthz", "/readyz"];

/// Webhooks and health.
pub(crate) fn receiver(shared: &Arc<Shared>) -> Router {
    finish(webhook_routes(shared), shared)
}

/// Completions, the inbox, and health.
pub(crate) fn api(shared: &Arc<Shared>) -> Router {
    finish(api_routes(shared), shared)
}

/// Everything at one address.
pub(crate) fn receiver_and_api(shared: &Arc<Shared>) -> Router {
    finish(webhook_routes(shared).merge(api_routes(shared)), shared)
}

fn webhook_routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let settings = &shared.settings;
    Router::new()
        .route(&settings.webhook_path, post(webhooks::receive))
        .layer(DefaultBodyLimit::max(settings.limits.body_bytes_max))
}

fn api_routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/completions", get(completions::list))
        .route("/inbox", get(inbox::overview))
        .route_layer(from_fn_with_state(shared.clone(), token::require))
}

fn finish(routes: Router<Arc<Shared>>, shared: &Arc<Shared>) -> Router {
    routes
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is nothing here"))
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take this method")
        })
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, shared.settings.limits.request()))
        .with_state(shared.clone())
}
