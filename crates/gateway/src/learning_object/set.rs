//! `POST /learning-objects/{id}/set`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::learning_object::{self as api, SetLearningObject, SetLifecycle};
use contract::time::Millis;
use domain::audit::Noted;
use domain::change::Change;
use domain::id::AnnouncementId;
use domain::learning_object::retirement::{Announcement, Flag, RetirementError};
use domain::learning_object::{LearningObject, LifecycleState};
use jiff::{SignedDuration, Timestamp};

use super::{find, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::json::JsonBody;
use crate::extract::scope::LoWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{again, audit, idempotency};

/// Changes content that the caller's portal owns: above all, flags it for removal, moves the dates, or withdraws the flag. Every
/// portal that holds it, or has somebody enrolled in it, is told.
#[utoipa::path(
    post, path = "/learning-objects/{id}/set", operation_id = "set_learning_object", tag = "Learning objects",
    params(("id" = String, Path, description = "A decimal number, or con_ and a ULID.")),
    request_body = SetLearningObject,
    security(("oauth2" = ["lo.write"])),
    responses(
        (status = 200, body = api::LearningObject),
        (status = 403, description = "Another portal owns it."),
        (status = 404, description = "There is no such content."),
    )
)]
pub(crate) async fn set(
    State(gateway): State<Gateway>,
    caller: Caller<LoWrite>,
    Id(id): Id<String>,
    JsonBody(asked): JsonBody<SetLearningObject>,
) -> Result<Json<api::LearningObject>, Refusal> {
    again::on_conflict(|| async {
        let mut content = find::find(&gateway, caller.portal_id, &id).await?;
        if content.owner_id != caller.portal_id {
            let message = format!("learning object {id} belongs to another portal, which alone may change it");
            return Err(Refusal::new(StatusCode::FORBIDDEN, "not_the_owner", message));
        }
        let (before, now) = (content.clone(), gateway.now());
        let SetLearningObject { lifecycle, relevance, topics, alternatives, content: played } = asked.clone();
        let sets_content = played.is_some();
        content.language = relevance.map_or(content.language, |relevance| relevance.language);
        content.topics = topics.map_or(content.topics, wire::read_topics);
        content.replacements = match alternatives {
            Some(alternatives) => wire::read_replacements(alternatives)?,
            None => content.replacements,
        };
        content.content = match played {
            Some(played) => played.map(wire::read_content).transpose()?,
            None => content.content,
        };
        content.updated_at = now;
        content.check()?;
        let changed = match lifecycle {
            Some(lifecycle) => end(content, lifecycle, AnnouncementId::draw(&*gateway.random), now)?,
            None => (content, None),
        };
        let mut written = wire::learning_object(changed.0.clone(), now);
        if sets_content {
            written.content = changed.0.content.as_ref().map(|content| wire::content(content, None));
        }
        let noted = Noted::content(&before, &changed.0, now);
        idempotency::foretell(StatusCode::OK, &written);
        match changed {
            (content, Some(announcement)) => {
                audit::by(&caller, noted, gateway.store.save_retirement(content, announcement)).await?;
                crash::point!("api/retirement-saved");
            }
            (content, None) => {
                audit::by(&caller, noted, gateway.store.save_learning_object(Change::silent(content))).await?;
            }
        }
        Ok(Json(written))
    })
    .await
}

/// What is asked of the life of content, as one decision.
fn end(
    content: LearningObject,
    asked: SetLifecycle,
    id: AnnouncementId,
    now: Timestamp,
) -> Result<(LearningObject, Option<Announcement>), Refusal> {
    let SetLifecycle { state, pending_state, force } = asked;
    let state = state.as_deref().map(read_state).transpose()?;
    let dates = pending_state.clone().flatten().unwrap_or_default();
    let flag = Flag {
        retired_at: dates.retired_time.map(|at| at.map(|Millis(at)| at)),
        removed_at: dates.removed_time.map(|Millis(at)| at),
        is_forced: force,
    };
    let withdraws = pending_state == Some(None);
    let decided = match state {
        None if pending_state.is_none() => return Ok((content, None)),
        None | Some(LifecycleState::Published) if withdraws => content.withdraw(id, now),
        None => content.flag(flag, id, now),
        Some(state) if pending_state.is_some() => return Err(both(state)),
        Some(LifecycleState::Published) if content.retirement.is_none() => return Ok((content, None)),
        Some(LifecycleState::Published) => content.withdraw(id, now),
        Some(LifecycleState::Retired) => content.flag(Flag { retired_at: Some(Some(now)), ..flag }, id, now),
        Some(LifecycleState::Removed) => {
            // A date has no fraction of a second, and must not lie in the past.
            let removed_at = now.checked_add(SignedDuration::from_secs(1)).ok();
            content.flag(Flag { retired_at: Some(None), removed_at, ..flag }, id, now)
        }
        Some(state @ LifecycleState::Draft) => Err(RetirementError::NotThere(state)),
    };
    decided.map(|(content, announcement)| (content, Some(announcement))).map_err(Refusal::from)
}

fn read_state(text: &str) -> Result<LifecycleState, Refusal> {
    let known = [LifecycleState::Published, LifecycleState::Retired, LifecycleState::Removed];
    let field = "lifecycle.state";
    let message = || {
        let known = known.map(LifecycleState::as_str).join(", ");
        Refusal::field(field, format_args!("{field}: {text:?} cannot be set, only {known} can"))
    };
    LifecycleState::read(text).filter(|state| known.contains(state)).ok_or_else(message)
}

fn both(state: LifecycleState) -> Refusal {
    let message = format!(
        "lifecycle.state {} and lifecycle.pending_state say different things: send one of them",
        state.as_str()
    );
    Refusal::field("lifecycle.state", message)
}
