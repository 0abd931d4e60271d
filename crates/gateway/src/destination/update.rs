//! `PATCH /destinations/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::destination::{self as api, UpdateDestination};
use contract::time::Millis;
use domain::audit::{Action, Noted};
use domain::destination::DestinationPatch;
use domain::id::DestinationId;

use super::{parse, show, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::json::JsonBody;
use crate::extract::scope::LoWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{again, audit};

/// Changes a destination of the caller's portal. What is absent stays, null clears. Once it is revoked, none of its packages is launched
/// any more, until it is active again. Not in the published API.
#[utoipa::path(
    patch, path = "/destinations/{id}", operation_id = "update_destination", tag = "Destinations",
    params(("id" = String, Path, description = "A decimal number.")),
    request_body = UpdateDestination,
    security(("oauth2" = ["lo.write"])),
    responses((status = 200, body = api::Destination), (status = 404, description = "There is no such destination."))
)]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller<LoWrite>,
    Id(id): Id<DestinationId>,
    JsonBody(asked): JsonBody<UpdateDestination>,
) -> Result<Json<api::Destination>, Refusal> {
    let patch = DestinationPatch {
        name: asked.name,
        status: asked.status.as_deref().map(parse::status).transpose()?,
        lms_origins: asked.lms_origins.as_deref().map(parse::origins).transpose()?,
        seats_max: asked.seats_max,
        expires_at: asked.expires_time.map(|expires| expires.map(|Millis(at)| at)),
        lower_status: asked.lower_status,
        pseudonymous: asked.pseudonymous,
    };
    again::on_conflict(|| async {
        let destination = show::find(&gateway, caller.portal_id, id).await?;
        let now = gateway.now();
        let change = destination.clone().update(patch.clone(), now)?;
        let written = wire::destination(change.after.clone());
        let noted = Noted::changed(Action::DestinationUpdate, &destination, &change.after, now);
        audit::by(&caller, noted, gateway.store.save_destination(change)).await?;
        Ok(Json(written))
    })
    .await
}
