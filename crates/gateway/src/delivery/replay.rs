//! `POST /deliveries/{id}/replay`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::delivery as api;
use domain::audit::{Action, Noted};
use domain::id::DeliveryId;
use store::replay::Replayed;

use super::{show, wire};
use crate::audit;
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::scope::WebhookWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// Tells the event of a delivery again, as a new delivery. Not in the published API.
#[utoipa::path(
    post, path = "/deliveries/{id}/replay", operation_id = "replay_delivery", tag = "Deliveries",
    params(("id" = String, Path, description = "A decimal number.")),
    security(("oauth2" = ["webhook.write"])),
    responses(
        (status = 201, body = api::Delivery, description = "The new delivery, due at once."),
        (status = 404, description = "There is no such delivery."),
        (status = 409, description = "The event is on its way to the webhook already.")
    )
)]
pub(crate) async fn replay(
    State(gateway): State<Gateway>,
    caller: Caller<WebhookWrite>,
    Id(id): Id<DeliveryId>,
) -> Result<(StatusCode, Json<api::Delivery>), Refusal> {
    let now = gateway.now();
    let noted = Noted::done(Action::DeliveryReplay, caller.portal_id, id, now);
    match audit::by(&caller, noted, gateway.store.replay_delivery(caller.portal_id, id, now)).await? {
        Replayed::Again(id) => {
            let made = show::find(&gateway, caller.portal_id, id).await?;
            Ok((StatusCode::CREATED, Json(wire::delivery(made))))
        }
        Replayed::UnderWay => {
            let message = "the event is on its way to the webhook already: see the delivery that is pending or held";
            Err(Refusal::new(StatusCode::CONFLICT, "delivery_under_way", message))
        }
        Replayed::NotFound => Err(Refusal::not_found(format_args!("delivery {id} that could be told again"))),
    }
}
