//! `GET /notices`

use axum::Json;
use axum::extract::State;
use contract::api::notice::Notice;
use contract::api::page::Page;
use domain::id::WebhookId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 100, depth_max: 10_000 };

/// Which notices are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListNotices {
    /// Of this webhook, which may have been deleted.
    webhook_id: Option<String>,
    /// At most so many: 0 to 100, 20 when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many; with `limit` at most 10,000.
    #[param(maximum = 10_000)]
    offset: Option<u32>,
}

/// What the administrators of the caller's portal were told of its webhooks, newest first; kept for a year. Not in the published
/// API.
#[utoipa::path(
    get, path = "/notices", operation_id = "list_notices", tag = "Notices",
    params(ListNotices),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = Page<Notice>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Query(query): Query<ListNotices>,
) -> Result<Json<Page<Notice>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let wrong = |error| Refusal::field("webhook_id", format_args!("webhook_id is wrong: {error}"));
    let webhook_id = query.webhook_id.map(|id| id.parse::<WebhookId>().map_err(wrong)).transpose()?;
    let listed = gateway.store.list_notices(caller.portal_id, webhook_id.as_ref(), asked).await?;
    Ok(Json(page::written(listed, |mailed| wire::notice(mailed, &caller.scopes))))
}
