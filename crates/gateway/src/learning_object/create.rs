//! `POST /learning-objects`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::learning_object::{self as api, CreateLearningObject};
use domain::audit::{Action, Noted};
use domain::id::{ContentId, LearningObjectId};
use domain::learning_object::{LearningObject, LifecycleState};
use store::id::Sequence;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::LoWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{audit, idempotency};

/// Makes content that the caller's portal owns. It is published and in the portal's library at once.
#[utoipa::path(
    post, path = "/learning-objects", operation_id = "create_learning_object", tag = "Learning objects",
    request_body = CreateLearningObject,
    security(("oauth2" = ["lo.write"])),
    responses((status = 201, body = api::LearningObject), (status = 409, description = "The external_id is taken."))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<LoWrite>,
    JsonBody(asked): JsonBody<CreateLearningObject>,
) -> Result<(StatusCode, Json<api::LearningObject>), Refusal> {
    let now = gateway.now();
    let CreateLearningObject { core, relevance, topics, alternatives, content } = asked;
    let played = content.map(wire::read_content).transpose()?;
    let content = LearningObject {
        id: LearningObjectId(gateway.store.next_id(Sequence::LearningObject).await?),
        version: 0,
        content_id: ContentId::draw(&*gateway.random, now),
        owner_id: caller.portal_id,
        kind: core.kind,
        title: core.title,
        description: core.description,
        external_id: core.external_id,
        language: relevance.language,
        topics: wire::read_topics(topics),
        replacements: wire::read_replacements(alternatives)?,
        content: played,
        state: LifecycleState::Published,
        retirement: None,
        withdrawn_at: None,
        created_at: now,
        updated_at: now,
    };
    let change = content.create()?;
    let mut written = wire::learning_object(change.after.clone(), now);
    written.content = change.after.content.as_ref().map(|content| wire::content(content, None));
    idempotency::foretell(StatusCode::CREATED, &written);
    let noted = Noted::created(Action::LearningObjectCreate, &change.after, now);
    audit::by(&caller, noted, gateway.store.save_learning_object(change)).await?;
    Ok((StatusCode::CREATED, Json(written)))
}
