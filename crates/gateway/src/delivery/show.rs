//! `GET /deliveries/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::delivery as api;
use domain::delivery::Delivery;
use domain::id::{DeliveryId, PortalId};

use super::wire;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookRead;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// One delivery with every attempt that was recorded: what the receiver answered, or why there was no answer. Not in the
/// published API.
#[utoipa::path(
    get, path = "/deliveries/{id}", operation_id = "show_delivery", tag = "Deliveries",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["webhook.read"])),
    responses((status = 200, body = api::Delivery), (status = 404, description = "There is no such delivery."))
)]
pub(crate) async fn show(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookRead>,
    Id(id): Id<DeliveryId>,
) -> Result<Json<api::Delivery>, Refusal> {
    read(&gateway, caller.portal_id, id).await.map(Json)
}

/// A delivery to a webhook of the portal with its attempts, or 404.
pub(crate) async fn read(gateway: &Gateway, portal_id: PortalId, id: DeliveryId) -> Result<api::Delivery, Refusal> {
    let delivery = find(gateway, portal_id, id).await?;
    let attempts = gateway.store.list_attempts(portal_id, id).await?;
    let attempts = Some(attempts.into_iter().map(wire::attempt).collect());
    Ok(api::Delivery { attempts, ..wire::delivery(delivery) })
}

/// A delivery to a webhook of the portal, or 404.
pub(super) async fn find(gateway: &Gateway, portal_id: PortalId, id: DeliveryId) -> Result<Delivery, Refusal> {
    let found = gateway.store.find_delivery(portal_id, id).await?;
    found.ok_or_else(|| Refusal::not_found(format_args!("delivery {id}")))
}
