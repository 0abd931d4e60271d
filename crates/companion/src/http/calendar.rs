//! `GET /calendar/{token}.ics`: what ends, as one administrator is told of it. `POST /retirements/calendars`: a new address.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY};
use serde::{Deserialize, Serialize};

use crate::Shared;
use crate::http::answer::Refusal;
use crate::http::input::{body, field};
use crate::retirement::calendar::ics;
use crate::retirement::links::{TOKEN_BYTES, hex, token_digest};
use crate::retirement::rules::administrator;

/// Whose calendar.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotate {
    /// An administrator of the settings.
    email: String,
}

/// Where it is from now on. It is told here and never again.
#[derive(Serialize)]
pub(crate) struct Rotated {
    url: String,
}

pub(crate) async fn show(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Result<Response, Refusal> {
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "there is no such calendar");
    let token = file.strip_suffix(".ics").ok_or_else(unknown)?;
    let person = shared.inbox.calendar_of(&token_digest(token))?.ok_or_else(unknown)?;
    let reader = shared.rules.administrator(&person).ok_or_else(unknown)?;
    let cases = shared.inbox.calendar(shared.now()).await?;
    let headers =
        [(CONTENT_TYPE, "text/calendar; charset=utf-8"), (CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];
    Ok((headers, ics(reader, &cases, &shared.rules)).into_response())
}

pub(crate) async fn rotate(
    State(shared): State<Arc<Shared>>,
    rotate: Result<Json<Rotate>, JsonRejection>,
) -> Result<Json<Rotated>, Refusal> {
    let Rotate { email } = body(rotate)?;
    let base = shared.settings.retirement.public_url.as_deref();
    let base =
        base.ok_or_else(|| Refusal::new(StatusCode::CONFLICT, "the setting retirement.public_url is missing"))?;
    let person = administrator(&email);
    if shared.rules.administrator(&person).is_none() {
        return Err(field("email", "it is that of no administrator in the settings"));
    }
    let mut token = [0; TOKEN_BYTES];
    (shared.random)(&mut token);
    let token = hex(&token);
    shared.inbox.rotate_calendar(person, token_digest(&token), shared.now()).await?;
    Ok(Json(Rotated { url: format!("{}/calendar/{token}.ics", base.trim_end_matches('/')) }))
}
