//! `POST /replays`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::delivery as api;
use domain::audit::{Action, Noted};
use domain::id::{ReplayId, WebhookId};
use domain::replay::{Replay, ReplayScope};
use store::error::StoreError;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::WebhookWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{audit, idempotency};

/// Tells events of a webhook again: those that failed since a time, or all since a time, also from before the webhook was made.
/// It begins within a second or two and goes on by itself. What is older than events are kept is not told: then the answer has
/// `events_from`. Not in the published API.
#[utoipa::path(
    post, path = "/replays", operation_id = "create_replay", tag = "Deliveries",
    request_body = api::CreateReplay,
    security(("oauth2" = ["webhook.write"])),
    responses((status = 201, body = api::Replay), (status = 404, description = "There is no such webhook."))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookWrite>,
    JsonBody(asked): JsonBody<api::CreateReplay>,
) -> Result<(StatusCode, Json<api::Replay>), Refusal> {
    let webhook_id = asked.webhook_id.ok_or_else(|| Refusal::required("webhook_id"))?;
    let no_webhook = || Refusal::not_found(format_args!("webhook {webhook_id}"));
    let id: WebhookId = webhook_id.parse().map_err(|_| no_webhook())?;
    let replay = Replay {
        id: ReplayId::draw(&*gateway.random),
        portal_id: caller.portal_id,
        webhook_id: gateway.store.find_webhook(caller.portal_id, &id).await?.ok_or_else(no_webhook)?.id,
        scope: asked.scope.as_deref().map_or(Ok(ReplayScope::Failed), scope)?,
        since: asked.since.ok_or_else(|| Refusal::required("since"))?.0,
        deliveries: 0,
        finished_at: None,
        created_by: caller.user_account_id,
        created_at: gateway.now(),
    }
    .create()?;
    let written = wire::replay(replay.clone(), gateway.store.find_events_from().await?);
    idempotency::foretell(StatusCode::CREATED, &written);
    let noted = Noted::created(Action::ReplayCreate, &replay, replay.created_at);
    audit::by(&caller, noted, gateway.store.save_replay(replay)).await.map_err(|error| match error {
        StoreError::Taken("replay") => {
            let message = "a replay of this webhook is under way: wait for it to finish";
            Refusal::new(StatusCode::CONFLICT, "replay_under_way", message)
        }
        error => error.into(),
    })?;
    crash::point!("api/replay-saved");
    Ok((StatusCode::CREATED, Json(written)))
}

fn scope(text: &str) -> Result<ReplayScope, Refusal> {
    let message = format!("scope must be failed or all, not {text:?}");
    ReplayScope::read(text).ok_or_else(|| Refusal::field("scope", message))
}
