//! `GET /v2/learning-objects`

use axum::Json;
use axum::extract::State;
use contract::api::page::Page;
use contract::api::v2::LearningObject;

use super::written;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::LoRead;
use crate::gateway::Gateway;
use crate::learning_object::list::{ListLearningObjects, in_library};
use crate::page;
use crate::refusal::Refusal;

/// The content in the library of the caller's portal.
#[utoipa::path(
    get, path = "/v2/learning-objects", operation_id = "v2_list_learning_objects", tag = "V2",
    params(ListLearningObjects),
    security(("oauth2" = ["lo.read"])),
    responses((status = 200, body = Page<LearningObject>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<LoRead>,
    Query(query): Query<ListLearningObjects>,
) -> Result<Json<Page<LearningObject>>, Refusal> {
    let listed = in_library(&gateway, caller.portal_id, query).await?;
    let now = gateway.now();
    Ok(Json(page::written(listed, |content| written(content, now))))
}
