//! `GET /deliveries`

use axum::Json;
use axum::extract::State;
use contract::api::delivery::Delivery;
use contract::api::page::Page;
use serde::Deserialize;
use store::delivery::{DeliveryFilter, DeliveryStage};
use utoipa::IntoParams;

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::query::Query;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::page::{self, PageLimits};
use crate::refusal::Refusal;

const LIMITS: PageLimits = PageLimits { limit_default: 20, limit_max: 100, depth_max: 10_000 };

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDeliveries {
    /// To this webhook.
    webhook_id: Option<String>,
    /// Of this event.
    event_id: Option<String>,
    /// Of events about this enrollment or this learning object: the number in `data.id`.
    subject_id: Option<String>,
    /// `open` (pending or held), `delivered` or `failed`.
    #[param(pattern = "^(open|delivered|failed)?$")]
    status: Option<String>,
    /// At most so many: 0 to 100, 20 when absent.
    #[param(maximum = 100)]
    limit: Option<u32>,
    /// After so many; with `limit` at most 10,000.
    #[param(maximum = 10_000)]
    offset: Option<u32>,
}

/// Deliveries to the webhooks of the caller's portal, newest first. Not in the published API.
#[utoipa::path(
    get, path = "/deliveries", operation_id = "list_deliveries", tag = "Deliveries",
    params(ListDeliveries),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = Page<Delivery>))
)]
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Query(query): Query<ListDeliveries>,
) -> Result<Json<Page<Delivery>>, Refusal> {
    let asked = LIMITS.page(query.limit, query.offset)?;
    let filter = DeliveryFilter {
        webhook_id: read("webhook_id", query.webhook_id)?,
        event_id: read("event_id", query.event_id)?,
        subject_id: read::<i64>("subject_id", query.subject_id)?,
        stage: query.status.as_deref().map(stage).transpose()?,
    };
    let listed = gateway.store.list_deliveries(caller.portal_id, &filter, asked).await?;
    Ok(Json(page::written(listed, wire::delivery)))
}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, text: Option<String>) -> Result<Option<T>, Refusal> {
    let read = |text: String| {
        text.parse().map_err(|error: T::Err| Refusal::field(name, format_args!("{name}: {text:?} is {error}")))
    };
    text.map(read).transpose()
}

fn stage(text: &str) -> Result<DeliveryStage, Refusal> {
    match text {
        "open" => Ok(DeliveryStage::Open),
        "delivered" => Ok(DeliveryStage::Delivered),
        "failed" => Ok(DeliveryStage::Failed),
        other => {
            let message = format!("status must be open, delivered or failed, not {other:?}");
            Err(Refusal::field("status", message))
        }
    }
}
