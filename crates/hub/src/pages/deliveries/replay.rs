//! `POST /hub/{portal_id}/deliveries/{id}/replay`: its event told again, as a new delivery.

use axum::extract::State;
use axum::response::Response;
use domain::audit::{Action, Noted};
use domain::id::DeliveryId;
use store::replay::Replayed;

use crate::extract::{Act, Param};
use crate::flash::Flash;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// Tells it again, and goes to the new delivery.
pub(crate) async fn replay(
    State(hub): State<Hub>,
    Param(id): Param<DeliveryId>,
    Act { view, .. }: Act,
) -> Result<Response, Refusal> {
    let now = hub.now();
    let noted = Noted::done(Action::DeliveryReplay, view.portal.id, id, now);
    let bad = |text: &str| Flash { is_good: false, text: text.to_owned() };
    let (id, flash) = match view.by(noted, hub.store.replay_delivery(view.portal.id, id, now)).await? {
        Replayed::Again(again) => (again, Flash::good("The event is told again: this is its new delivery.")),
        Replayed::UnderWay => (id, bad("The event is on its way to the webhook already, so it is not told again.")),
        Replayed::NotFound => {
            // It may be there, and its webhook not any more.
            hub.store.find_delivery(view.portal.id, id).await?.ok_or(Refusal::NotFound)?;
            (id, bad("The webhook is deleted: nothing can be told to it any more."))
        }
    };
    Ok(view.done(&hub, &view.path(format_args!("deliveries/{id}")), flash))
}
