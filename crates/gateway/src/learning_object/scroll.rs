//! Scrolling through a whole library. Contract, section 9.2.
//!
//! A scroll id holds what was asked for, the last that was shown and since when, sealed with a digest: nothing is kept
//! between two pages, and any node can go on. It is a place and not a count, so that nothing is skipped when others go.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{LearningObjectId, PortalId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::learning_object::{LearningObjectPlace, SortedBy};

use super::list::ListLearningObjects;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// How long a scroll id is good for.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// The most content on one page while scrolling.
pub(super) const LIMIT_MAX: u32 = 5_000;
const PURPOSE: &str = "scroll";

/// Where a scroll has come to.
#[derive(Deserialize, Serialize)]
pub(super) struct Position {
    pub(super) query: ListLearningObjects,
    portal_id: i64,
    given_at_ms: i64,
    /// How many there were in all when it began.
    pub(super) total: u64,
    last_id: i64,
    last_millis: Option<i64>,
    last_title: Option<String>,
}

impl Position {
    /// After which the next page begins.
    pub(super) fn after(&self) -> Option<LearningObjectPlace> {
        let millis = self.last_millis.map(SortedBy::Millis);
        let value = millis.or_else(|| self.last_title.clone().map(SortedBy::Title))?;
        Some(LearningObjectPlace { value, id: LearningObjectId(self.last_id) })
    }
}

/// The id of the page after the one of `query` that ended with `last`, of `total` in all.
pub(super) fn next(
    gateway: &Gateway,
    portal_id: PortalId,
    query: ListLearningObjects,
    last: LearningObjectPlace,
    total: u64,
) -> String {
    let (last_millis, last_title) = match last.value {
        SortedBy::Millis(millis) => (Some(millis), None),
        SortedBy::Title(title) => (None, Some(title)),
    };
    let given_at_ms = gateway.now().as_millisecond();
    let position =
        Position { query, portal_id: portal_id.0, given_at_ms, total, last_id: last.id.0, last_millis, last_title };
    let text = serde_json::to_string(&position).expect("texts and numbers always serialise");
    let seal = gateway.keyring.digest(PURPOSE, &text).0;
    URL_SAFE_NO_PAD.encode([&seal, text.as_bytes()].concat())
}

/// Reads an id that [`next`] gave this portal: 400 if it is none, 404 if it is too old.
pub(super) fn read(gateway: &Gateway, portal_id: PortalId, id: &str) -> Result<Position, Refusal> {
    let invalid = || Refusal::field("scroll_id", "scroll_id is not one that a page of this list gave");
    let bytes = URL_SAFE_NO_PAD.decode(id).map_err(|_| invalid())?;
    let (seal, text) = bytes.split_first_chunk::<32>().ok_or_else(invalid)?;
    let text = std::str::from_utf8(text).map_err(|_| invalid())?;
    if !gateway.keyring.digest(PURPOSE, text).matches(&domain::oauth::Digest(*seal)) {
        return Err(invalid());
    }
    let position: Position = serde_json::from_str(text).map_err(|_| invalid())?;
    if position.portal_id != portal_id.0 {
        return Err(invalid());
    }
    let given_at = Timestamp::from_millisecond(position.given_at_ms).map_err(|_| invalid())?;
    if gateway.now().duration_since(given_at) > GOOD_FOR {
        let message = "the scroll_id is older than 5 minutes: begin again without it";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "scroll_expired", message));
    }
    Ok(position)
}
