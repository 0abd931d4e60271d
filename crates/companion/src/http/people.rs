//! `GET /people`: whom the integrator knows. `POST /people`: a list of them, as CSV.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::Shared;
use crate::http::answer::Refusal;
use crate::http::input::{field, parameters, within};
use crate::http::length;
use crate::people::{self, Imported, KnownPerson, PEOPLE_BYTES_MAX};

/// How many people a page has if nobody says, and at most.
const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 500;

/// A part of the list, in the order of ids.
#[derive(Serialize)]
pub(crate) struct PeoplePage {
    total: i64,
    people: Vec<KnownPerson>,
}

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Result<Json<PeoplePage>, Refusal> {
    let (mut limit, mut offset) = (PAGE_DEFAULT, 0);
    for (name, value) in parameters(query.as_deref(), &["limit", "offset"])? {
        match name {
            "limit" => limit = within(name, value, 1, PAGE_MAX)?,
            _ => offset = within(name, value, 0, u32::MAX)?,
        }
    }
    let (total, people) = shared.inbox.people(limit, offset).await?;
    Ok(Json(PeoplePage { total, people }))
}

pub(crate) async fn import(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Imported>, Refusal> {
    let replace = match parameters(query.as_deref(), &["replace"])?.last() {
        None | Some((_, "false")) => false,
        Some((_, "true")) => true,
        Some((name, _)) => return Err(field(name, "it is true or false")),
    };
    if !is_csv(&headers) {
        let message = "this takes Content-Type: text/csv";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let body = length::read(body, PEOPLE_BYTES_MAX).await?;
    let text = str::from_utf8(&body).map_err(|_| wrong("it is not UTF-8: save it as CSV UTF-8".to_owned()))?;
    let people = people::read(text).map_err(wrong)?;
    Ok(Json(shared.inbox.import(people, replace, shared.now()).await?))
}

/// CSV alone: pages of others cannot send that unasked.
fn is_csv(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/csv")
}

fn wrong(problem: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, problem)
}
