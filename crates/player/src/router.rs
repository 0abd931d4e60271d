//! The table of routes.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::player::Player;
use crate::refusal::Refusal;
use crate::{commit, exchange, launch, observe, package, page, progress};

/// The player.
pub fn router(player: Player) -> Router {
    Router::new()
        .route("/scorm/launch", post(launch::launch))
        .route("/scorm/commit", post(commit::commit))
        .route("/play/exchange", post(exchange::exchange))
        .route("/play/progress", post(progress::progress))
        .route("/play/{lo}", get(page::page))
        .route("/play/assets/{name}", get(page::asset))
        .route("/package/{id}/{*path}", get(package::file))
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::unknown_method())
        .layer(from_fn_with_state(player.clone(), observe::observe))
        .with_state(player)
}
