//! `POST /hub/{portal_id}/destinations/{id}/revoke` and `…/restore`

use axum::extract::State;
use axum::response::Response;
use domain::destination::{DestinationPatch, DestinationStatus};
use domain::id::DestinationId;

use super::{change, fields};
use crate::extract::{Act, Param};
use crate::flash::Flash;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// None of its packages is launched any more.
pub(crate) async fn revoke(
    State(hub): State<Hub>,
    Param(id): Param<DestinationId>,
    act: Act,
) -> Result<Response, Refusal> {
    set(&hub, id, &act, DestinationStatus::Revoked, "It is revoked: none of its packages is launched any more.").await
}

/// They are again.
pub(crate) async fn restore(
    State(hub): State<Hub>,
    Param(id): Param<DestinationId>,
    act: Act,
) -> Result<Response, Refusal> {
    set(&hub, id, &act, DestinationStatus::Active, "It is active again, with the packages that it has.").await
}

async fn set(
    hub: &Hub,
    id: DestinationId,
    Act { view, .. }: &Act,
    status: DestinationStatus,
    said: &str,
) -> Result<Response, Refusal> {
    let patch = DestinationPatch { status: Some(status), ..Default::default() };
    let flash = match change(hub, view, id, patch).await? {
        Ok(_) => Flash::good(said),
        Err(error) => {
            let errors = fields::refused(error);
            Flash { is_good: false, text: format!("Nothing was changed. {}", errors.of(error.field())) }
        }
    };
    Ok(view.done(hub, &view.path(format_args!("destinations/{id}")), flash))
}
