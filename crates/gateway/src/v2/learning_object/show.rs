//! `GET /v2/learning-objects/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::v2::LearningObject;

use super::written;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::learning_object::find;
use crate::refusal::Refusal;

/// Content that the caller's portal owns or holds in its library.
#[utoipa::path(
    get, path = "/v2/learning-objects/{id}", operation_id = "v2_show_learning_object", tag = "V2",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = LearningObject), (status = 404, description = "There is no such content."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Id(id): Id<String>,
) -> Result<Json<LearningObject>, Refusal> {
    Ok(Json(written(find::find(&gateway, caller.portal_id, &id).await?, gateway.now())))
}
