//! `GET /unmatched`: learners in whom nobody was recognised. `POST /unmatched/{id}/link`: somebody says who it is.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, RawQuery, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::Shared;
use crate::http::answer::Refusal;
use crate::http::input::{body, check_text, field, parameters, within};
use crate::inbox::learner::{Linked, Unmatched, UnmatchedFilter};
use crate::learner::LearnerState;

/// How many learners a page has if nobody says, and at most.
const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 500;

/// A part of the queue, the newest first.
#[derive(Serialize)]
pub(crate) struct UnmatchedPage {
    total: i64,
    unmatched: Vec<Unmatched>,
}

/// Who it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// The external id of somebody in the list of people.
    person: String,
    /// Who says so.
    #[serde(default = "application")]
    by: String,
}

/// What came of it.
#[derive(Serialize)]
pub(crate) struct LinkedTo {
    person: String,
    /// How many completions are that person's now.
    completions: usize,
}

fn application() -> String {
    "application".to_owned()
}

pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Result<Json<UnmatchedPage>, Refusal> {
    let (mut limit, mut offset) = (PAGE_DEFAULT, 0);
    let mut filter = UnmatchedFilter { state: Some(LearnerState::Open), portal_id: None };
    for (name, value) in parameters(query.as_deref(), &["state", "portal_id", "limit", "offset"])? {
        match name {
            "state" if value == "all" => filter.state = None,
            "state" => {
                filter.state = Some(value.parse().map_err(|known: String| field(name, &format!("{known}, all")))?)
            }
            "portal_id" => filter.portal_id = Some(value.to_owned()),
            "limit" => limit = within(name, value, 1, PAGE_MAX)?,
            _ => offset = within(name, value, 0, u32::MAX)?,
        }
    }
    let (total, unmatched) = shared.inbox.unmatched(filter, limit, offset).await?;
    Ok(Json(UnmatchedPage { total, unmatched }))
}

pub(crate) async fn link(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    link: Result<Json<Link>, JsonRejection>,
) -> Result<Json<LinkedTo>, Refusal> {
    let Link { person, by } = body(link)?;
    check_text("by", &by)?;
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "there is no such entry");
    let number = id.parse().map_err(|_| unknown())?;
    match shared.inbox.link(number, person.clone(), by, shared.now()).await? {
        Linked::Done { completions } => Ok(Json(LinkedTo { person, completions })),
        Linked::NoLearner => Err(unknown()),
        Linked::NoPerson => {
            Err(field("person", "nobody in the list of people has this external id in the portal of the entry"))
        }
    }
}
