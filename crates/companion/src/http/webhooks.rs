//! `POST /webhooks`: verify, store, and only then say 2xx.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use client::verify::VerifiedBody;
use contract::events::TEST_HEADER;
use contract::signature::{HEADER, STANDARD_ID_HEADER, STANDARD_SIGNATURE_HEADER, STANDARD_TIMESTAMP_HEADER};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::Shared;
use crate::http::answer::Refusal;
use crate::http::length;
use crate::inbox::{Arrival, Kept};
use crate::reading::Reading;
use crate::step::Step;

/// The headers that are kept with a body. `Authorization` is not one of them: it may hold a token.
const KEPT_HEADERS: [&str; 6] =
    [HEADER, STANDARD_ID_HEADER, STANDARD_TIMESTAMP_HEADER, STANDARD_SIGNATURE_HEADER, "Content-Type", "User-Agent"];

/// What the platform is told.
#[derive(Serialize)]
pub(crate) struct Receipt {
    /// The event; null when the body has no id.
    event_id: Option<String>,
    /// Whether it was stored before.
    duplicate: bool,
}

pub(crate) async fn receive(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Receipt>, Refusal> {
    let body = length::read(body, shared.settings.limits.body_bytes_max).await.inspect_err(count_unread)?;
    let received_at = (shared.clock)();
    let verified = match shared.verifier.verify(&headers, &body, received_at) {
        Ok(verified) => verified,
        Err(error) => return Err(refuse(&shared, error.to_string())),
    };
    let reading = read(&shared, verified);
    let event_id = reading.event_id().map(str::to_owned);
    let is_of_content = matches!(reading, Reading::Content(..));
    if is_test(&headers) {
        count("test");
        return Ok(Json(Receipt { event_id, duplicate: false }));
    }
    let arrival = Arrival { body, headers: kept_headers(&headers), received_at, reading };
    let kept = shared.inbox.keep(arrival).await.inspect_err(|_| count("storage_failed"))?;
    tell_kept(&shared, event_id.clone(), kept);
    shared.bell.notify_one();
    if is_of_content {
        shared.retirement_bell.notify_waiters();
    }
    Ok(Json(Receipt { event_id, duplicate: kept == Kept::Duplicate }))
}

/// Whether what arrived did not happen: to act on it would tell people of content that is not there. Nobody but the sender can say
/// so, since a webhook cannot be given this header.
fn is_test(headers: &HeaderMap) -> bool {
    headers.get(TEST_HEADER).is_some_and(|value| value == "true")
}

fn count(outcome: &'static str) {
    metrics::counter!("companion_webhooks_total", "outcome" => outcome).increment(1);
}

fn count_unread(refusal: &Refusal) {
    count(if refusal.status() == StatusCode::PAYLOAD_TOO_LARGE { "too_long" } else { "broken" });
}

fn refuse(shared: &Shared, reason: String) -> Refusal {
    count("refused");
    tracing::warn!(reason, "refused a webhook: {reason}");
    let refusal = Refusal::new(StatusCode::UNAUTHORIZED, reason.clone());
    shared.steps.tell(|| Step::Refused { reason });
    refusal
}

fn read(shared: &Shared, verified: VerifiedBody<'_>) -> Reading {
    let reading = Reading::new(verified);
    shared.steps.tell(|| Step::Verified {
        event_id: reading.event_id().map(str::to_owned),
        event_type: reading.event_type().map(str::to_owned),
        portal_id: reading.portal_id().map(str::to_owned),
        attempt_number: reading.attempt_number(),
    });
    tracing::info!(
        event_id = reading.event_id(),
        event_type = reading.event_type(),
        portal_id = reading.portal_id(),
        attempt_number = reading.attempt_number(),
        "received event {}",
        reading.event_id().unwrap_or("without an id"),
    );
    reading
}

fn kept_headers(headers: &HeaderMap) -> String {
    let kept = KEPT_HEADERS.into_iter().filter_map(|name| {
        let value = headers.get(name)?;
        Some((name, String::from_utf8_lossy(value.as_bytes())))
    });
    serde_json::to_string(&kept.collect::<BTreeMap<_, _>>()).expect("a map of texts always serialises")
}

fn tell_kept(shared: &Shared, event_id: Option<String>, kept: Kept) {
    match kept {
        Kept::New => {
            count("stored");
            shared.steps.tell(|| Step::Stored { event_id });
        }
        Kept::Duplicate => {
            count("duplicate");
            shared.steps.tell(|| Step::Duplicate { event_id });
        }
    }
}
