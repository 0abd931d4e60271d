//! What a companion answers: the receiver, for the platform, and the reader API, for the integrator's own programs.

mod answer;
mod calendar;
mod completions;
mod health;
mod inbox;
mod input;
mod length;
pub(crate) mod listen;
mod mute;
mod people;
mod retirements;
mod token;
mod unmatched;
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
pub(crate) const RESERVED_PATHS: [&str; 10] = [
    "/completions",
    "/people",
    "/unmatched",
    "/inbox",
    "/healthz",
    "/readyz",
    "/retirements",
    "/retirements.csv",
    "/mute",
    "/calendar",
];
/// The longest body of a call to the reader API, in bytes, a list of people aside.
const API_BODY_BYTES_MAX: usize = 16 * 1024;

/// Webhooks, what people of outside are given addresses of, and health.
pub(crate) fn receiver(shared: &Arc<Shared>) -> Router {
    finish(webhook_routes(shared), shared)
}

/// Completions, people, retirements, the inbox, and health.
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
        .route("/mute/{token}", get(mute::ask).post(mute::mute))
        .route("/calendar/{file}", get(calendar::show))
}

fn api_routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/completions", get(completions::list))
        .route("/unmatched", get(unmatched::list))
        .route("/unmatched/{id}/link", post(unmatched::link))
        .route("/inbox", get(inbox::overview))
        .route("/retirements", get(retirements::list))
        .route("/retirements.csv", get(retirements::table))
        .route("/retirements/notices", get(retirements::notices))
        .route("/retirements/calendars", post(calendar::rotate))
        .route("/retirements/{id}", get(retirements::show))
        .route("/retirements/{id}/decision", post(retirements::decide))
        .route("/retirements/{id}/removed", post(retirements::removed))
        .route("/retirements/{id}/mute", post(retirements::mute))
        .layer(DefaultBodyLimit::max(API_BODY_BYTES_MAX))
        .layer(from_fn_with_state(API_BODY_BYTES_MAX, length::check))
        // These read their bodies themselves.
        .route("/people", get(people::list).post(people::import))
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
