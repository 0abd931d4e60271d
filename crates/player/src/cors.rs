//! Which pages of other origins may read an answer.
//!
//! A package runs in a page of the LMS. It is asked for nothing that a browser adds by itself, so this protects no one's cookie: it keeps
//! a page that the destination does not know from making use of what it launches. A refusal can be read by every page: it says
//! what to do, and nothing else.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::destination::LmsOrigin;

use crate::refusal::Refusal;

/// The origin that asks, if the browser says so and it is one of the web.
pub(crate) fn asking(headers: &HeaderMap) -> Option<LmsOrigin> {
    LmsOrigin::parse(headers.get(header::ORIGIN)?.to_str().ok()?).ok()
}

/// The answer, which the page that asks may read. What is decided before is that it may.
pub(crate) fn readable(asked: &HeaderMap, answer: Result<Response, Refusal>) -> Response {
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(origin) = asked.get(header::ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    response
}
