//! What somebody is told whose key was seen before.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use contract::api::idempotency::{ANSWER_NOT_KEPT, IN_USE, KEY_HEADER, OUTCOME_UNKNOWN, REPLAYED_HEADER, REUSED};
use domain::oauth::Digest;
use store::idempotency::{Answer, Content, Known};

use crate::refusal::Refusal;

/// The first answer again, or why that cannot be.
pub(super) fn tell(known: Known, request: &Digest) -> Result<Response, Refusal> {
    if known.request != *request {
        return Err(reused());
    }
    match known.answer {
        Some(Answer { status, content: Some(content) }) => Ok(again(status, content)),
        Some(Answer { status, content: None }) => Err(not_kept(status)),
        None => Err(unknown()),
    }
}

fn again(status: u16, Content { content_type, text }: Content) -> Response {
    count("replayed");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).expect("what was answered once can be answered again");
    let headers = response.headers_mut();
    if let Some(content_type) = content_type.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    headers.insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    response
}

/// 409: the first request is under way.
pub(super) fn in_use() -> Refusal {
    count("in_use");
    let message = format!("a request with this {KEY_HEADER} is under way: ask again for its answer");
    Refusal::new(StatusCode::CONFLICT, IN_USE, message)
}

/// 422: the key came with something else.
pub(super) fn reused() -> Refusal {
    count("reused");
    let message = format!(
        "this {KEY_HEADER} came with another request before: a key is for one method, path, version, body and portal, take a new one"
    );
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, REUSED, message)
}

fn unknown() -> Refusal {
    count("unknown");
    let message = format!(
        "the first request with this {KEY_HEADER} was cut off after it was carried out at least in part, and its answer is \
         not known: look with GET what there is, before you try with a new key"
    );
    Refusal::new(StatusCode::CONFLICT, OUTCOME_UNKNOWN, message)
}

fn not_kept(status: u16) -> Refusal {
    count("not_kept");
    let message = format!(
        "the first request with this {KEY_HEADER} was answered {status}, and the answer was too long to be kept: look with \
         GET what there is"
    );
    Refusal::new(StatusCode::CONFLICT, ANSWER_NOT_KEPT, message)
}

/// Counts a request with a key, by what became of it.
pub(super) fn count(became: &'static str) {
    metrics::counter!("idempotent_requests_total", "became" => became).increment(1);
}
