//! `POST /play/progress`: the page says how far the learner has come.

use axum::Json;
use axum::extract::{Request, State};
use domain::enrollment::{ProgressReport, RESULT_MAX, Status};
use domain::play::{Holder, LOCATION_CHARS_MAX, Place, PlaySession, RESUME_BYTES_MAX};
use serde::{Deserialize, Serialize};

use crate::enrollment::{self, Written};
use crate::player::Player;
use crate::refusal::Refusal;
use crate::{body, session};

/// What the page says.
#[derive(Deserialize)]
struct ReportRequest {
    session: String,
    /// Its own count of what it says, from 1.
    sequence: i64,
    status: String,
    #[serde(default)]
    pass: Option<bool>,
    /// 0 to 100; rounded.
    #[serde(default)]
    result: Option<f64>,
    /// 0 to 1.
    #[serde(default)]
    progress: Option<f64>,
    #[serde(default)]
    location: Option<String>,
    #[serde(default)]
    resume: Option<String>,
}

/// What came of it.
#[derive(Serialize)]
pub(crate) struct ReportAnswer {
    enrollment: Written,
}

pub(crate) async fn progress(State(player): State<Player>, request: Request) -> Result<Json<ReportAnswer>, Refusal> {
    let asked: ReportRequest = body::read(request.into_body()).await?;
    let _place = player.door.enter().await?;
    let said = said(&asked)?;
    let place = place(&asked)?;
    let session = session::find(&player, &asked.session, Holder::Player).await?;
    // What comes late may still complete, and lowers nothing.
    let is_late = asked.sequence <= session.sequence;
    let may_lower = may_lower(&player, &session).await? && !is_late;
    // First what counts: if this is cut off here, the page says it again.
    let enrollment = enrollment::report(&player, &session, said, may_lower).await?;
    player.store.save_place(&session.digest, asked.sequence, place, player.now()).await?;
    Ok(Json(ReportAnswer { enrollment: Written::from(&enrollment) }))
}

fn said(asked: &ReportRequest) -> Result<ProgressReport, Refusal> {
    let status = Status::read(&asked.status).filter(|status| *status != Status::NotStarted);
    let status = status.ok_or_else(|| Refusal::malformed("status must be in-progress or completed"))?;
    if asked.sequence < 1 {
        return Err(Refusal::malformed("sequence counts from 1"));
    }
    let best = f64::from(RESULT_MAX);
    let result = match asked.result {
        Some(result) if (0.0..=best).contains(&result) => Some(result.round() as i64),
        Some(_) => return Err(Refusal::malformed(format_args!("result must lie between 0 and {RESULT_MAX}"))),
        None => None,
    };
    Ok(ProgressReport { status: Some(status), pass: asked.pass, result, ..Default::default() })
}

fn place(asked: &ReportRequest) -> Result<Place, Refusal> {
    let ReportRequest { location, resume, progress, .. } = asked;
    if location.as_ref().is_some_and(|location| location.chars().count() > LOCATION_CHARS_MAX) {
        return Err(Refusal::malformed(format_args!("location must have at most {LOCATION_CHARS_MAX} characters")));
    }
    if resume.as_ref().is_some_and(|resume| resume.len() > RESUME_BYTES_MAX) {
        return Err(Refusal::malformed(format_args!("resume must have at most {RESUME_BYTES_MAX} bytes")));
    }
    if progress.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        return Err(Refusal::malformed("progress must lie between 0 and 1"));
    }
    Ok(Place { location: location.clone(), resume: resume.clone(), share: *progress })
}

/// Whether the destination, if there is one, lets a pass be lost; one that was revoked lets nobody go on.
async fn may_lower(player: &Player, session: &PlaySession) -> Result<bool, Refusal> {
    match &session.launch {
        Some((_, destination_id)) => {
            Ok(session::destination(player, session.portal_id, *destination_id).await?.lower_status)
        }
        None => Ok(false),
    }
}
