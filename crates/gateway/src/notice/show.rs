//! `GET /notices/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::notice as api;
use domain::id::NoticeId;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// One notice, and what became of the mail of it. Not in the published API.
#[utoipa::path(
    get, path = "/notices/{id}", operation_id = "show_notice", tag = "Notices",
    params(("id" = String, Path, description = "12 letters and digits.")),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = api::Notice), (status = 404, description = "There is no such notice."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Id(id): Id<NoticeId>,
) -> Result<Json<api::Notice>, Refusal> {
    let found = gateway.store.find_notice(caller.portal_id, &id).await?;
    let found = found.ok_or_else(|| Refusal::not_found(format_args!("notice {id}")))?;
    Ok(Json(wire::notice(found, &caller.scopes)))
}
