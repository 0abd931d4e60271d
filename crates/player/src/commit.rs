//! `POST /scorm/commit`: an LMS was written to, or a package was closed.
//!
//! It is kept, and changes nothing about the enrollment: what is true of that is what the page of the player says.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::destination::{LaunchRefusal, LmsOrigin};
use domain::learning_activity::{LmsWrite, RecordKind, ScormRecord, ScormVersion};
use domain::play::{Holder, Names};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::error::StoreError;

use crate::player::Player;
use crate::refusal::Refusal;
use crate::values::Values;
use crate::{body, cors, session};

/// What a package passes on.
#[derive(Deserialize)]
struct CommitRequest {
    session: String,
    sequence: i64,
    kind: String,
    values: Box<RawValue>,
    #[serde(default)]
    lms_write: Option<Write>,
}

/// What came of writing to the LMS.
#[derive(Deserialize)]
struct Write {
    result: String,
    #[serde(default)]
    element: Option<Text>,
    #[serde(default)]
    code: Option<Text>,
    #[serde(default)]
    text: Option<Text>,
}

/// A text, or a number that an LMS gave in its place.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(serde_json::Number),
}

pub(crate) async fn commit(State(player): State<Player>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let origin = cors::asking(&parts.headers);
    let answered = keep(&player, body, origin.as_ref()).await;
    cors::readable(&parts.headers, answered.map(|()| StatusCode::NO_CONTENT.into_response()))
}

async fn keep(player: &Player, body: Body, origin: Option<&LmsOrigin>) -> Result<(), Refusal> {
    let asked: CommitRequest = body::read(body).await?;
    let _place = player.door.enter().await?;
    let kind = RecordKind::read(&asked.kind).filter(|kind| *kind != RecordKind::Launch);
    let kind = kind.ok_or_else(|| Refusal::malformed("kind must be commit or exit"))?;
    if asked.sequence < 1 {
        return Err(Refusal::malformed("sequence counts from 1"));
    }
    let lms_write = asked.lms_write.map(read_write).transpose()?;
    // The launch said who learns, and so whose enrollment it is. No LMS changes that, and nobody else can.
    let values = VERSIONS.into_iter().fold(Values::read(&asked.values)?, Values::without_learner);
    let session = session::find(player, &asked.session, Holder::Package).await?;
    let (activity_id, destination_id) = session.launch.ok_or_else(Refusal::session_over)?;
    let destination = session::destination(player, session.portal_id, destination_id).await?;
    // What is sent while a page closes says no origin in some browsers; a page that says one is held to it.
    if origin.is_some_and(|origin| !destination.lms_origins.is_empty() && !destination.lms_origins.contains(origin)) {
        return Err(LaunchRefusal::Origin.into());
    }
    player.limits.admit_passed(destination_id, values.raw.len(), player.now())?;
    let values = if destination.pseudonymous { disguised(values) } else { values };
    let record =
        ScormRecord { activity_id, sequence: asked.sequence, kind, values: values.raw, lms_write, at: player.now() };
    match player.store.save_scorm_record(session.portal_id, record, values.pairs).await {
        Ok(()) => Ok(()),
        Err(StoreError::LimitReached(_)) => Err(Refusal::too_much()),
        Err(error) => Err(error.into()),
    }
}

fn read_write(write: Write) -> Result<LmsWrite, Refusal> {
    let text = |text: Option<Text>| match text {
        None => String::new(),
        Some(Text::Text(text)) => text,
        Some(Text::Number(number)) => number.to_string(),
    };
    match write.result.as_str() {
        "ok" => Ok(LmsWrite::Ok),
        "refused" => Ok(LmsWrite::refused(&text(write.element), &text(write.code), &text(write.text))),
        _ => Err(Refusal::malformed("lms_write.result must be ok or refused")),
    }
}

const VERSIONS: [ScormVersion; 2] = [ScormVersion::V1_2, ScormVersion::V2004];

/// Nothing at all of who the learner is, in the raw neither: the launch said under which pseudonym they are known.
fn disguised(values: Values) -> Values {
    VERSIONS.into_iter().fold(values, |values, version| values.disguise(Names::of(version), ""))
}
