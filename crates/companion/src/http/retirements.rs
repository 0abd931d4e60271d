//! `/retirements`: what ends, for the integrator's own pages and programs.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::Shared;
use crate::http::answer::Refusal;
use crate::http::input::{body, check_text, field, parameters, within};
use crate::inbox::retirement::case::{Filter, RETIREMENTS_MAX};
use crate::inbox::retirement::mail::Notice;
use crate::inbox::retirement::removal::Confirmed;
use crate::inbox::retirement::step::HistoryStep;
use crate::retirement::rules::administrator;
use crate::retirement::table::csv;
use crate::retirement::view::Retirement;
use crate::retirement::{Decision, DecisionKind, RetirementState};
use crate::tend::plan::{Upcoming, upcoming};

/// How many a page has if nobody says.
const PAGE_DEFAULT: u32 = 100;
/// How far a rehearsal of notices looks ahead, in days, if nobody says, and at most.
const DAYS_DEFAULT: u32 = 7;
const DAYS_MAX: u32 = 100;

/// A part of the list, what ends next first.
#[derive(Serialize)]
pub(crate) struct RetirementPage {
    total: u64,
    retirements: Vec<Retirement>,
}

/// One, with what happened to it, the newest first.
#[derive(Serialize)]
pub(crate) struct RetirementWithHistory {
    #[serde(flatten)]
    retirement: Retirement,
    history: Vec<HistoryStep>,
}

/// Who was told, and who would be.
#[derive(Serialize)]
pub(crate) struct Notices {
    /// The newest first.
    notices: Vec<Notice>,
    /// What would be sent if nothing changed, the next first.
    upcoming: Vec<Upcoming>,
}

/// Who says that it is removed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removed {
    #[serde(default = "application")]
    by: String,
}

/// Which administrator wants to hear no more of it, or again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteOf {
    email: String,
    #[serde(default = "yes")]
    muted: bool,
}

/// That it was done.
#[derive(Serialize)]
pub(crate) struct Done {
    status: &'static str,
}

const DONE: Json<Done> = Json(Done { status: "ok" });

fn application() -> String {
    "application".to_owned()
}

fn yes() -> bool {
    true
}

/// Which part of a list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    filter: Filter,
    limit: Option<u32>,
    offset: u32,
    days: Option<u32>,
}

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Result<Json<RetirementPage>, Refusal> {
    let asked = parse(query.as_deref(), &["state", "portal_id", "lo_id", "limit", "offset"])?;
    let (margin, now) = (shared.rules.margin, shared.now());
    let limit = asked.limit.unwrap_or(PAGE_DEFAULT);
    let (total, cases) = shared.inbox.retirements(asked.filter, margin, now, limit, asked.offset).await?;
    let retirements = cases.iter().map(|case| case.shown(&shared.rules, now)).collect();
    Ok(Json(RetirementPage { total, retirements }))
}

pub(crate) async fn table(State(shared): State<Arc<Shared>>) -> Result<Response, Refusal> {
    let now = shared.now();
    let cases = shared.inbox.upcoming(shared.rules.margin, now).await?;
    let shown: Vec<Retirement> = cases.iter().map(|case| case.shown(&shared.rules, now)).collect();
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&shown)).into_response())
}

pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<RetirementWithHistory>, Refusal> {
    let found = shared.inbox.retirement(number(&id)?).await?;
    let (case, history) = found.ok_or_else(unknown)?;
    Ok(Json(RetirementWithHistory { retirement: case.shown(&shared.rules, shared.now()), history }))
}

pub(crate) async fn decide(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Result<Json<Done>, Refusal> {
    let decision = check(body(decision)?)?;
    found(shared.inbox.decide(number(&id)?, decision, shared.now()).await?)
}

pub(crate) async fn removed(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    removed: Result<Json<Removed>, JsonRejection>,
) -> Result<Json<Done>, Refusal> {
    let Removed { by } = body(removed)?;
    check_text("by", &by)?;
    match shared.inbox.removed(number(&id)?, by, shared.now()).await? {
        Confirmed::Recorded => Ok(DONE),
        Confirmed::Unknown => Err(unknown()),
        Confirmed::Withdrawn => {
            Err(Refusal::new(StatusCode::CONFLICT, "this content does not end any more: put it back if you want it"))
        }
    }
}

pub(crate) async fn mute(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    mute: Result<Json<MuteOf>, JsonRejection>,
) -> Result<Json<Done>, Refusal> {
    let MuteOf { email, muted } = body(mute)?;
    let person = administrator(&email);
    if shared.rules.administrator(&person).is_none() {
        return Err(field("email", "it is that of no administrator in the settings"));
    }
    found(shared.inbox.mute(person, number(&id)?, muted, shared.now()).await?)
}

pub(crate) async fn notices(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Notices>, Refusal> {
    let asked = parse(query.as_deref(), &["limit", "offset", "days"])?;
    let days = asked.days.unwrap_or(DAYS_DEFAULT);
    let within = SignedDuration::from_hours(i64::from(days) * 24);
    let upcoming = upcoming(&shared, within).await?;
    let notices = shared.inbox.notices(asked.limit.unwrap_or(PAGE_DEFAULT), asked.offset).await?;
    Ok(Json(Notices { notices, upcoming }))
}

fn check(decision: Decision) -> Result<Decision, Refusal> {
    check_text("by", &decision.by)?;
    if let Some(reason) = &decision.reason {
        check_text("reason", reason)?;
    }
    match (decision.decision, &decision.replacement_lo_id, &decision.reason) {
        (DecisionKind::Replace, None, _) => Err(field("replacement_lo_id", "with what is it replaced?")),
        (DecisionKind::Replace, Some(lo_id), _) if !is_id(lo_id) => {
            Err(field("replacement_lo_id", "it must be the id of content"))
        }
        (DecisionKind::Expire | DecisionKind::Dismiss, Some(_), _) => {
            Err(field("replacement_lo_id", "only replace takes one"))
        }
        (DecisionKind::Dismiss, _, None) => Err(field("reason", "why is it dismissed?")),
        _ => Ok(decision),
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn number(id: &str) -> Result<i64, Refusal> {
    id.parse().map_err(|_| unknown())
}

fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such retirement")
}

fn found(is_found: bool) -> Result<Json<Done>, Refusal> {
    if is_found { Ok(DONE) } else { Err(unknown()) }
}

fn parse(query: Option<&str>, known: &[&str]) -> Result<Asked, Refusal> {
    let mut asked = Asked::default();
    for (name, value) in parameters(query, known)? {
        match name {
            "state" => asked.filter.states = states(value)?,
            "portal_id" => asked.filter.portal_id = Some(value.to_owned()),
            "lo_id" => asked.filter.lo_id = Some(value.to_owned()),
            "limit" => asked.limit = Some(within(name, value, 1, RETIREMENTS_MAX)?),
            "offset" => asked.offset = within(name, value, 0, u32::MAX)?,
            _ => asked.days = Some(within(name, value, 0, DAYS_MAX)?),
        }
    }
    Ok(asked)
}

fn states(value: &str) -> Result<Vec<RetirementState>, Refusal> {
    let known = || RetirementState::ALL.map(RetirementState::as_str).join(", ");
    let state = |text: &str| RetirementState::ALL.into_iter().find(|state| state.as_str() == text);
    value.split(',').map(|text| state(text).ok_or_else(|| field("state", &format!("known are {}", known())))).collect()
}

#[cfg(test)]
mod tests;
