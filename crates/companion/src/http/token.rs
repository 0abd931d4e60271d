//! Who may read: whoever has the token, if there is one. Without one the API is served on loopback only, which
//! [`Settings`](crate::config::Settings) sees to.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use subtle::ConstantTimeEq as _;

use crate::Shared;
use crate::http::answer::Refusal;

pub(crate) async fn require(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let expected = shared.settings.api_token.as_ref();
    if expected.is_some_and(|token| !is_given(request.headers(), token.expose())) {
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "this needs the api_token, as Authorization: Bearer …");
        return ([(WWW_AUTHENTICATE, "Bearer")], refusal).into_response();
    }
    let mut response = next.run(request).await;
    // The answer names people: it is for whoever asked, and for no cache on the way.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_given(headers: &HeaderMap, token: &str) -> bool {
    let Some(value) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return false };
    let Some((scheme, given)) = value.split_once(' ') else { return false };
    scheme.eq_ignore_ascii_case("Bearer") && given.as_bytes().ct_eq(token.as_bytes()).into()
}
