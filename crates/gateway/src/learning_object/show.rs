//! `GET /learning-objects/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::learning_object::{self as api, LearningObject};
use domain::learning_object::Content;
use serde::Deserialize;
use store::learning_object::LearningObjectRef;
use utoipa::IntoParams;

use super::{find, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// What the id is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowLearningObject {
    /// `external_id` if the id is the owner's own.
    #[param(pattern = "^(id|external_id)?$")]
    identifier: Option<String>,
    /// `content` for what is played. What is unknown is left out.
    include: Option<Vec<String>>,
}

/// Content that the caller's portal owns or holds in its library.
#[utoipa::path(
    get, path = "/learning-objects/{id}", operation_id = "show_learning_object", tag = "Learning objects",
    params(("id" = String, Path, description = "A decimal number, con_ and a ULID, or the owner's own id."), ShowLearningObject),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = LearningObject), (status = 404, description = "There is no such content."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Id(id): Id<String>,
    Query(query): Query<ShowLearningObject>,
) -> Result<Json<LearningObject>, Refusal> {
    let reference = match query.identifier.as_deref() {
        None | Some("id") => find::reference(&id),
        Some("external_id") => Some(LearningObjectRef::External(id.clone())),
        Some(other) => {
            let message = format!("identifier must be external_id or absent, not {other:?}");
            return Err(Refusal::field("identifier", message));
        }
    };
    let found = find::found(&gateway, caller.portal_id, reference).await?;
    let content = found.ok_or_else(|| Refusal::not_found(format_args!("learning object {id}")))?;
    let mut written = wire::learning_object(content.clone(), gateway.now());
    if query.include.iter().flatten().any(|fragment| fragment == "content") {
        written.content = played(&gateway, content.content).await?;
    }
    Ok(Json(written))
}

async fn played(gateway: &Gateway, content: Option<Content>) -> Result<Option<api::Content>, Refusal> {
    let Some(content) = content else { return Ok(None) };
    let package = match content.package() {
        Some(id) => gateway.store.find_package(id).await?,
        None => None,
    };
    Ok(Some(wire::content(&content, package)))
}
