//! What holds for every request and every answer of the Hub.
//!
//! A request that may change something comes from one of our own pages, or it is refused; an answer says what browsers may do with
//! it; and each leaves one line in the logs, without a secret, a body, an address or a person.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::id::{PortalId, UserAccountId};
use tokio::sync::OwnedSemaphorePermit;

use crate::cookie;
use crate::hub::Hub;
use crate::refusal::{Forgery, Refusal};

/// Nothing but our own files, no inline script or style, no frame around us.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Who asked and for which portal, for the line in the logs: in the extensions of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    pub(crate) portal_id: Option<PortalId>,
    pub(crate) user_account_id: UserAccountId,
}

/// The outermost layer of the Hub.
pub(crate) async fn guard(State(hub): State<Hub>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or("/hub/unknown", MatchedPath::as_str).to_owned();
    let is_https = cookie::is_https(request.headers());
    let mut response = answer(&hub, request, next).await;
    let headers = response.headers_mut();
    if is_https {
        // Over http browsers take no notice, and say so.
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    }
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let took = started.elapsed();
    let status = response.status().as_u16();
    let who = response.extensions().get::<Who>();
    let (portal_id, user_account_id) = (who.and_then(|who| who.portal_id), who.map(|who| who.user_account_id.0));
    tracing::info!(
        %method, path, status, took_us = took.as_micros() as u64, portal_id = portal_id.map(|id| id.0), user_account_id,
        "{method} {path} {status}"
    );
    metrics::counter!("http_requests_total", "path" => path.clone(), "status" => status.to_string()).increment(1);
    metrics::histogram!("http_request_seconds", "path" => path).record(took.as_secs_f64());
    response
}

async fn answer(hub: &Hub, mut request: Request, next: Next) -> Response {
    if let Err(forgery) = check(request.method(), request.headers(), request.uri()) {
        return Refusal::Forged(forgery).into_response();
    }
    // Here until it is answered.
    let seat = Seat::default();
    request.extensions_mut().insert(seat.clone());
    if is_safe(request.method())
        && let Err(refusal) = sit(hub, request.extensions())
    {
        return refusal.into_response();
    }
    next.run(request).await
}

/// The place of a request, which it has until it is answered. What has a body takes it once that is there: who sends one slowly keeps
/// nobody out.
#[derive(Clone, Default)]
struct Seat(Arc<OnceLock<OwnedSemaphorePermit>>);

/// Takes a place for the request with these extensions, or says that there is none.
pub(crate) fn sit(hub: &Hub, extensions: &Extensions) -> Result<(), Refusal> {
    let Some(Seat(seat)) = extensions.get::<Seat>() else { return Ok(()) };
    let place = hub.places.clone().try_acquire_owned().map_err(|_| Refusal::Busy)?;
    // One that sits already gives this one back.
    let _ = seat.set(place);
    Ok(())
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a request that may change something comes from a page of ours, by what browsers say and no page can.
fn check(method: &Method, headers: &HeaderMap, uri: &Uri) -> Result<(), Forgery> {
    if is_safe(method) {
        return Ok(());
    }
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes() == b"same-origin");
    let origin = headers.get(header::ORIGIN).map(|origin| is_ours(origin, headers, uri));
    match (site, origin) {
        (Some(false), _) | (_, Some(false)) => Err(Forgery::Elsewhere),
        (None, None) => Err(Forgery::Nowhere),
        (Some(true), _) | (_, Some(true)) => Ok(()),
    }
}

/// Whether an `Origin` is the host that was asked, by the browser or by a proxy that asks us under another name: no page of another site can
/// make a browser say so. The scheme is not compared: a proxy may speak another.
fn is_ours(origin: &HeaderValue, headers: &HeaderMap, uri: &Uri) -> bool {
    let named = |name: HeaderName| headers.get(name).and_then(|host| host.to_str().ok());
    let hosts = [named(header::HOST), named(FORWARDED_HOST), uri.authority().map(|authority| authority.as_str())];
    match origin.to_str().ok().and_then(|origin| origin.split_once("://")) {
        Some(("http" | "https", origin)) => hosts.into_iter().flatten().any(|host| origin.eq_ignore_ascii_case(host)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_post(pairs: &[(&str, &str)], expected: Result<(), Forgery>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "hub.example.com:8420".parse().unwrap());
        for (name, value) in pairs {
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        assert_eq!(check(&Method::POST, &headers, &Uri::from_static("/")), expected, "{pairs:?}");
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(check(&method, &headers, &Uri::from_static("/")), Ok(()));
        }
    }

    #[test]
    fn what_changes_something_comes_from_us() {
        let ours = ("origin", "https://hub.example.com:8420");
        check_post(&[ours], Ok(()));
        check_post(&[("origin", "http://HUB.example.com:8420")], Ok(()));
        check_post(&[("sec-fetch-site", "same-origin")], Ok(()));
        check_post(&[("sec-fetch-site", "same-origin"), ours], Ok(()));
        // Behind a proxy that asks under another name.
        check_post(&[("origin", "https://hub.example.org"), ("x-forwarded-host", "hub.example.org")], Ok(()));
    }

    #[test]
    fn what_comes_from_elsewhere_or_nowhere_changes_nothing() {
        let ours = ("origin", "https://hub.example.com:8420");
        check_post(&[], Err(Forgery::Nowhere));
        for origin in [
            "null",
            "https://evil.example",
            "https://hub.example.com",
            "ftp://hub.example.com:8420",
            "hub.example.com:8420",
        ] {
            check_post(&[("origin", origin)], Err(Forgery::Elsewhere));
            check_post(&[("origin", origin), ("sec-fetch-site", "same-origin")], Err(Forgery::Elsewhere));
        }
        for site in ["same-site", "cross-site", "none", ""] {
            check_post(&[("sec-fetch-site", site)], Err(Forgery::Elsewhere));
            check_post(&[("sec-fetch-site", site), ours], Err(Forgery::Elsewhere));
        }
    }
}
