//! `PATCH /webhooks/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::webhook::{self as api, UpdateWebhook};
use domain::audit::{Action, Noted};
use domain::id::WebhookId;
use domain::webhook::{Oauth2Credentials, UrlPolicy, Webhook, WebhookPatch};

use super::{parse, show, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::json::JsonBody;
use crate::extract::scope::WebhookWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{again, audit};

/// Changes a webhook. What is absent stays; what is null is cleared. A replaced `secret_key` still signs for a day, behind
/// the new one; of those replaced within a day at most eight, then it is refused. Null ends them all.
#[utoipa::path(
    patch, path = "/webhooks/{id}", operation_id = "update_webhook", tag = "Webhooks",
    params(("id" = String, Path, description = "12 letters and digits.")),
    request_body(content((UpdateWebhook = "application/json"), (UpdateWebhook = "application/merge-patch+json"))),
    security(("oauth2" = ["webhook.write"])),
    responses((status = 200, body = api::Webhook), (status = 404, description = "There is no such webhook."))
)]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookWrite>,
    Id(id): Id<WebhookId>,
    JsonBody(asked): JsonBody<UpdateWebhook>,
) -> Result<Json<api::Webhook>, Refusal> {
    again::on_conflict(|| async {
        let webhook = show::find(&gateway, caller.portal_id, &id).await?;
        let patch = patch(asked.clone(), &webhook, gateway.settings.url_policy)?;
        let now = gateway.now();
        let change = webhook.clone().update(patch, caller.user_account_id, now)?;
        let written = wire::webhook(change.after.clone());
        let noted = Noted::changed(Action::WebhookUpdate, &webhook, &change.after, now);
        let saved = gateway.store.save_webhook(change, gateway.settings.webhooks_per_portal_max);
        audit::by(&caller, noted, saved).await?;
        crash::point!("api/secret-rotated");
        Ok(Json(written))
    })
    .await
}

fn patch(asked: UpdateWebhook, webhook: &Webhook, policy: UrlPolicy) -> Result<WebhookPatch, Refusal> {
    Ok(WebhookPatch {
        oauth2: oauth2(asked.auth_type, asked.oauth2, webhook, policy)?,
        name: asked.name,
        url: asked.url.map(|url| parse::url(&url, policy)).transpose()?,
        secret: asked.secret_key.map(|secret| secret.map(parse::secret).transpose()).transpose()?,
        event_types: asked.event_types.as_deref().map(parse::event_types).transpose()?,
        status: asked.status.as_deref().map(parse::status).transpose()?,
        timestamp_unit: asked.signature_timestamp.as_deref().map(parse::unit).transpose()?,
        integration_system_id: asked.integration_system_id,
        rate_limit: asked.rate_limit.map(|limit| limit.map(parse::rate_limit).transpose()).transpose()?,
        headers: asked.headers.map(|headers| parse::headers(headers.unwrap_or_default())).transpose()?,
    })
}

/// What becomes of the authorisation of deliveries: the two fields say one thing together, and null in either ends it.
fn oauth2(
    auth_type: Option<Option<String>>,
    oauth2: Option<Option<api::Oauth2>>,
    webhook: &Webhook,
    policy: UrlPolicy,
) -> Result<Option<Option<Oauth2Credentials>>, Refusal> {
    if let Some(Some(auth_type)) = &auth_type {
        parse::wants_oauth2(auth_type)?;
    }
    match (auth_type, oauth2) {
        (Some(None), _) | (None, Some(None)) => Ok(Some(None)),
        (_, Some(Some(oauth2))) => parse::oauth2(oauth2, policy).map(|oauth2| Some(Some(oauth2))),
        (None, None) => Ok(None),
        (Some(Some(_)), None) if webhook.oauth2.is_some() => Ok(None),
        (Some(Some(_)), None | Some(None)) => Err(Refusal::field("oauth2", "oauth2 is required with auth_type oauth2")),
    }
}
