//! Who may read: whoever has the token, if there is one. Without one the API is served on loopback only, which
//! [`Settings`](crate::config::Settings) sees to, and only to whoever is on this machine as well: what a proxy passes on from
//! elsewhere is refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, WWW_AUTHENTICATE};
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
    if expected.is_none() && !is_of_this_machine(request.headers()) {
        let refusal = Refusal::new(
            StatusCode::UNAUTHORIZED,
            "without an api_token this is for callers on this machine, at an address such as 127.0.0.1: set api_token",
        );
        return ([(WWW_AUTHENTICATE, "Bearer")], refusal).into_response();
    }
    let mut response = next.run(request).await;
    // The answer names people: it is for whoever asked, and for no cache on the way.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether it was asked for by a loopback address, and was not passed on by anybody.
fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let is_passed_on =
        ["forwarded", "x-forwarded-for", "x-forwarded-host", "via"].iter().any(|name| headers.contains_key(*name));
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback && !is_passed_on
}

fn is_given(headers: &HeaderMap, token: &str) -> bool {
    let Some(value) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return false };
    let Some((scheme, given)) = value.split_once(' ') else { return false };
    scheme.eq_ignore_ascii_case("Bearer") && given.as_bytes().ct_eq(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], expected: bool) {
        let headers =
            headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
        assert_eq!(is_of_this_machine(&headers.collect()), expected);
    }

    #[test]
    fn what_is_passed_on_is_not_of_this_machine() {
        for host in ["127.0.0.1:8421", "127.0.0.1", "localhost:1", "[::1]:8421"] {
            check(&[("host", host)], true);
            check(&[("host", host), ("x-forwarded-for", "203.0.113.9")], false);
            check(&[("host", host), ("via", "1.1 proxy")], false);
        }
        for host in ["learning.example.com", "localhost.example.com", "10.0.0.1:8421", ""] {
            check(&[("host", host)], false);
        }
        check(&[], false);
    }
}
