//! `POST /webhooks`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::webhook::{self as api, CreateWebhook};
use domain::audit::{Action, Noted};
use domain::id::WebhookId;
use domain::oauth::Token;
use domain::webhook::{Webhook, WebhookStatus};

use super::{parse, wire};
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::WebhookWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{audit, idempotency};

/// Makes a webhook of the caller's portal. A partner's is also told of what happens in its customers' portals.
#[utoipa::path(
    post, path = "/webhooks", operation_id = "create_webhook", tag = "Webhooks",
    request_body = CreateWebhook,
    security(("oauth2" = ["webhook.write"])),
    responses((status = 201, body = api::Webhook))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookWrite>,
    JsonBody(asked): JsonBody<CreateWebhook>,
) -> Result<(StatusCode, Json<api::Webhook>), Refusal> {
    let change = webhook(&gateway, &caller, asked)?.create()?;
    let written = wire::webhook(change.after.clone());
    idempotency::foretell(StatusCode::CREATED, &written);
    let noted = Noted::created(Action::WebhookCreate, &change.after, change.after.created_at);
    let saved = gateway.store.save_webhook(change, gateway.settings.webhooks_per_portal_max);
    audit::by(&caller, noted, saved).await?;
    crash::point!("api/webhook-created");
    Ok((StatusCode::CREATED, Json(written)))
}

fn webhook(gateway: &Gateway, caller: &Token, asked: CreateWebhook) -> Result<Webhook, Refusal> {
    let policy = gateway.settings.url_policy;
    let url = asked.url.ok_or_else(|| Refusal::required("url"))?;
    let event_types = asked.event_types.ok_or_else(|| Refusal::required("event_types"))?;
    asked.auth_type.as_deref().map(parse::wants_oauth2).transpose()?;
    if asked.auth_type.is_some() && asked.oauth2.is_none() {
        return Err(Refusal::field("oauth2", "oauth2 is required with auth_type oauth2"));
    }
    let now = gateway.now();
    Ok(Webhook {
        id: WebhookId::draw(&*gateway.random),
        version: 0,
        portal_id: caller.portal_id,
        name: asked.name,
        url: parse::url(&url, policy)?,
        secret: asked.secret_key.map(parse::secret).transpose()?,
        previous_secrets: Vec::new(),
        event_types: parse::event_types(&event_types)?,
        status: asked.status.as_deref().map_or(Ok(WebhookStatus::Active), parse::status)?,
        timestamp_unit: asked.signature_timestamp.as_deref().map(parse::unit).transpose()?.unwrap_or_default(),
        oauth2: asked.oauth2.map(|oauth2| parse::oauth2(oauth2, policy)).transpose()?,
        integration_system_id: asked.integration_system_id,
        rate_limit: asked.rate_limit.map(parse::rate_limit).transpose()?,
        headers: asked.headers.map(parse::headers).transpose()?.unwrap_or_default(),
        created_by: caller.user_account_id,
        updated_by: caller.user_account_id,
        created_at: now,
        updated_at: now,
    })
}
