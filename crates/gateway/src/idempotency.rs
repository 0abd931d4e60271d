//! `Idempotency-Key`: a POST that is sent again with the same key is answered like the first one, and carried out once.
//!
//! One layer before all handlers, which need not know of it. Every POST that asks for a token takes a key; the description of the
//! API says which those are, and which scope they need. A key belongs to the OAuth client that calls. With another method,
//! path, query, body or portal it is refused.
//!
//! The work of a handler and the note that the key was used are one transaction of the store ([`store::idempotency`]), and where
//! the handler [foretells](foretell) its answer, so is that; otherwise the answer is kept before it is sent, and a process that is
//! killed in between leaves an unknown outcome. What is kept is what was decided: successes, and refusals that were found out by looking
//! (403, 404, 409). After a 400, 401, 413 or 429 nothing was done and the key is as good as new, and so after a 5xx. If
//! something was done all the same before a refusal, that is kept too; before a 5xx, the outcome stays unknown.

mod told;
mod under_way;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use contract::api::VERSION_HEADER;
use contract::api::idempotency::{KEY_CHARS_MAX, KEY_HEADER};
use domain::oauth::{Digest, Scope, Token};
use http_body_util::BodyExt;
use serde::Serialize;
use store::idempotency::{ANSWER_BYTES_MAX, Answer, Content, Keep, KeyedRequest, Run, TAKEN, under};
use store::keyring::{IDEMPOTENCY_KEY, KEYED_REQUEST};

pub(crate) use self::under_way::UnderWay;

use self::under_way::Place;
use crate::extract::{body, caller};
use crate::gateway::Gateway;
use crate::refusal::{self, Refusal};

/// The layer's own state.
pub(crate) struct Once {
    pub(crate) gateway: Gateway,
    /// The paths whose POST takes a key, as they are written in the table of routes, and the scope that each needs.
    pub(crate) posts: HashMap<String, Option<Scope>>,
}

impl Once {
    /// The scope that a request needs, if it is one that takes a key and has one.
    fn scope_of(&self, request: &Request) -> Option<Option<Scope>> {
        if request.method() != Method::POST || !request.headers().contains_key(KEY_HEADER) {
            return None;
        }
        self.posts.get(request.extensions().get::<MatchedPath>()?.as_str()).copied()
    }
}

/// The layer.
pub(crate) async fn once(State(once): State<Arc<Once>>, request: Request, next: Next) -> Response {
    match once.scope_of(&request) {
        Some(scope) => keyed(once.gateway.clone(), scope, request, next).await.unwrap_or_else(Refusal::into_response),
        None => next.run(request).await,
    }
}

async fn keyed(gateway: Gateway, scope: Option<Scope>, request: Request, next: Next) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let token = caller::authenticate(&parts, &gateway, scope).await?;
    let key = key(&parts.headers)?;
    let body = body::read(body, gateway.settings.body_bytes_max).await?;
    gateway.door.enter(&parts.extensions).await?;
    let keyed = KeyedRequest {
        client_id: token.client_id.clone(),
        key: gateway.keyring.digest(IDEMPOTENCY_KEY, key),
        request: digest(&gateway, &parts, &token, &body),
        run: run_number(&gateway),
        begun_at: gateway.now(),
    };
    let place = gateway.under_way.begin(&keyed)?;
    if let Some(known) = gateway.store.find_idempotency_key(&keyed.client_id, &keyed.key, keyed.begun_at).await? {
        return told::tell(known, &keyed.request);
    }
    let request = Request::from_parts(parts, Body::from(body));
    // A task of its own: whoever asked may go away or be given up, what was begun goes on until its answer is kept.
    match tokio::spawn(carry_out(gateway, keyed, request, next, place)).await {
        Ok(answered) => answered,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}

/// Says, before the last verb of a handler, what it will answer if that verb succeeds: both are stored at once. A handler
/// that does not know it before is right without.
pub(crate) fn foretell<T: Serialize>(status: StatusCode, body: &T) {
    store::idempotency::foretell(|| {
        let text = serde_json::to_string(body).expect("types of the contract always serialise into memory");
        answer(status, Some("application/json".to_owned()), Some(text))
    });
}

/// The key, if it is of its form.
pub(crate) fn key(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(KEY_HEADER).iter();
    let text = values.next().and_then(|value| value.to_str().ok()).filter(|_| values.next().is_none());
    let is_key = |text: &&str| (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    text.filter(is_key).ok_or_else(|| {
        let message = format!("{KEY_HEADER} must be one text of 1 to {KEY_CHARS_MAX} visible ASCII characters");
        Refusal::field(KEY_HEADER, message)
    })
}

/// What is asked for. A client may have tokens of several portals, and the same request in another portal is another one.
fn digest(gateway: &Gateway, parts: &axum::http::request::Parts, token: &Token, body: &Bytes) -> Digest {
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let portal_id = token.portal_id.0.to_be_bytes();
    // Whoever names no version, or one that is not served, is told so, and not what others were answered.
    let version = parts.headers.get(VERSION_HEADER).map(|value| value.as_bytes().trim_ascii()).unwrap_or_default();
    let asked = [parts.method.as_str().as_bytes(), path.as_bytes(), &portal_id, version, body];
    gateway.keyring.digest_of_parts(KEYED_REQUEST, &asked)
}

fn run_number(gateway: &Gateway) -> [u8; 16] {
    let mut run = [0; 16];
    gateway.random.fill(&mut run);
    run
}

/// Lets the handler answer, and keeps the answer.
async fn carry_out(
    gateway: Gateway,
    keyed: KeyedRequest,
    request: Request,
    next: Next,
    _place: Place,
) -> Result<Response, Refusal> {
    let run = Arc::new(Run::new(keyed));
    let answered = under(run.clone(), next.run(request)).await;
    let refusal = answered.extensions().get::<Refusal>();
    if refusal.is_some_and(|refusal| refusal.is_taken(TAKEN)) {
        return of_another_node(&gateway, run.request()).await;
    }
    let keep = keep(answered.status(), refusal.is_some_and(Refusal::is_conflict));
    let written = refusal::write(answered, &*gateway.random);
    told::count("carried_out");
    Ok(match keep {
        Some(keep) => kept(&gateway, &run, written, keep).await,
        None => written,
    })
}

/// Another node was faster with the same key: its answer, if there is one already.
async fn of_another_node(gateway: &Gateway, keyed: &KeyedRequest) -> Result<Response, Refusal> {
    let known = gateway.store.find_idempotency_key(&keyed.client_id, &keyed.key, gateway.now()).await?;
    match known.filter(|known| known.answer.is_some() || known.request != keyed.request) {
        Some(known) => told::tell(known, &keyed.request),
        None => Err(told::in_use()),
    }
}

/// Whether an answer is kept.
fn keep(status: StatusCode, lost_a_race: bool) -> Option<Keep> {
    match status.as_u16() {
        // Somebody else changed the same thing all the time: a moment later nobody may.
        409 if lost_a_race => Some(Keep::IfBegun),
        200..=299 | 403 | 404 | 409 | 410 => Some(Keep::Always),
        400..=499 => Some(Keep::IfBegun),
        _ => None,
    }
}

/// Keeps the answer, unless it was stored with the work. If that fails, whoever asked still hears what is true; whoever asks
/// again, that it is not known.
async fn kept(gateway: &Gateway, run: &Run, response: Response, keep: Keep) -> Response {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("answers are in memory").to_bytes();
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let text = std::str::from_utf8(&body).ok().map(str::to_owned);
    let answer = answer(parts.status, content_type.map(str::to_owned), text);
    if !run.has_stored(&answer)
        && let Err(error) = gateway.store.save_idempotent_answer(run.request(), answer, keep).await
    {
        tracing::warn!(client_id = %run.request().client_id, %error, "an answer could not be kept: {error}");
    }
    Response::from_parts(parts, Body::from(body))
}

/// An answer as it is kept: without its content if that is too long.
fn answer(status: StatusCode, content_type: Option<String>, text: Option<String>) -> Answer {
    let text = text.filter(|text| text.len() <= ANSWER_BYTES_MAX);
    Answer { status: status.as_u16(), content: text.map(|text| Content { content_type, text }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_key(values: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(KEY_HEADER, axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        assert_eq!(key(&headers).ok(), expected, "{values:?}");
    }

    #[test]
    fn a_key_is_one_text_of_visible_characters() {
        let longest = "k".repeat(255);
        for good in ["k", "!~", "8e03978e-40d5-43e8-bc93-6894a57f9324", &longest] {
            check_key(&[good], Some(good));
        }
        for bad in ["", "a b", "a\tb", "é", &"k".repeat(256)] {
            check_key(&[bad], None);
        }
        check_key(&["a", "a"], None);
    }

    #[test]
    fn what_was_decided_is_kept() {
        let check = |status: u16, expected| assert_eq!(keep(StatusCode::from_u16(status).unwrap(), false), expected);
        for status in [200, 201, 204, 403, 404, 409, 410] {
            check(status, Some(Keep::Always));
        }
        for status in [400, 401, 405, 408, 413, 415, 422, 429, 431] {
            check(status, Some(Keep::IfBegun));
        }
        for status in [500, 502, 503, 504] {
            check(status, None);
        }
        assert_eq!(keep(StatusCode::CONFLICT, true), Some(Keep::IfBegun));
    }
}
