//! The API and the pages of the Hub behind one address, or each behind its own.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use tower::ServiceExt;

/// The API with the Hub beside it. Whoever asks for nothing in particular is shown the Hub if they ask with a browser.
pub(crate) fn both(api: Router, hub: Router) -> Router {
    Router::new().route("/", any(front)).with_state(api.clone()).merge(hub).merge(api)
}

/// The Hub alone.
pub(crate) fn pages(hub: Router) -> Router {
    hub.route("/", get(async || Redirect::to(hub::router::BASE)))
}

async fn front(State(api): State<Router>, request: Request) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if request.method() == Method::GET && accept.is_some_and(|accept| accept.contains("text/html")) {
        return Redirect::to(hub::router::BASE).into_response();
    }
    api.oneshot(request).await.into_response()
}
