//! A delivery in a list.

use domain::delivery::Delivery;

use super::names::Names;
use crate::extract::View;
use crate::hub::Hub;
use crate::pages::webhooks::told::Told;
use crate::refusal::Refusal;

/// A delivery as it is listed.
pub(crate) struct DeliveryRow {
    pub(crate) path: String,
    pub(crate) told: Told,
    /// What people call the webhook, or its id if it is deleted.
    pub(crate) webhook: String,
    pub(crate) is_deleted: bool,
    /// The portal in which it happened, if that is another one.
    pub(crate) portal: Option<String>,
}

impl DeliveryRow {
    pub(crate) async fn new(hub: &Hub, view: &View, delivery: &Delivery, names: &mut Names) -> Result<Self, Refusal> {
        let webhook = names.webhook(&delivery.webhook_id).map(str::to_owned);
        let portal = names.portal(hub, delivery.event.portal_id).await?;
        Ok(DeliveryRow {
            path: view.path(format_args!("deliveries/{}", delivery.id)),
            told: Told::new(delivery, hub.now()),
            is_deleted: webhook.is_none(),
            webhook: webhook.unwrap_or_else(|| delivery.webhook_id.to_string()),
            portal,
        })
    }

    pub(crate) async fn list(
        hub: &Hub,
        view: &View,
        deliveries: &[Delivery],
        names: &mut Names,
    ) -> Result<Vec<Self>, Refusal> {
        let mut rows = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            rows.push(DeliveryRow::new(hub, view, delivery, names).await?);
        }
        Ok(rows)
    }
}
