//! `POST /destinations`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::api::destination::{self as api, CreateDestination};
use contract::time::Millis;
use domain::audit::{Action, Noted};
use domain::destination::Destination;
use domain::id::{DestinationId, DestinationToken, PortalId};
use store::id::Sequence;

use super::{parse, wire};
use crate::extract::caller::Caller;
use crate::extract::json::JsonBody;
use crate::extract::scope::LoWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{audit, idempotency};

/// Makes a destination of the caller's portal: an LMS to which it hands packages, with a token of its own that can be revoked, and what
/// may be launched from there. Not in the published API.
#[utoipa::path(
    post, path = "/destinations", operation_id = "create_destination", tag = "Destinations",
    request_body = CreateDestination,
    security(("oauth2" = ["lo.write"])),
    responses((status = 201, body = api::Destination))
)]
pub(crate) async fn create(
    State(gateway): State<Gateway>,
    caller: Caller<LoWrite>,
    JsonBody(asked): JsonBody<CreateDestination>,
) -> Result<(StatusCode, Json<api::Destination>), Refusal> {
    let destination = Destination {
        name: asked.name.ok_or_else(|| Refusal::required("name"))?,
        lms_origins: parse::origins(&asked.lms_origins)?,
        seats_max: asked.seats_max,
        expires_at: asked.expires_time.map(|Millis(at)| at),
        lower_status: asked.lower_status,
        pseudonymous: asked.pseudonymous,
        ..fresh(&gateway, caller.portal_id).await?
    };
    let change = destination.create()?;
    let written = wire::destination(change.after.clone());
    idempotency::foretell(StatusCode::CREATED, &written);
    let noted = Noted::created(Action::DestinationCreate, &change.after, change.after.created_at);
    audit::by(&caller, noted, gateway.store.save_destination(change)).await?;
    Ok((StatusCode::CREATED, Json(written)))
}

/// The one that is made where a portal has none.
pub(crate) async fn fresh(gateway: &Gateway, portal_id: PortalId) -> Result<Destination, Refusal> {
    let id = DestinationId(gateway.store.next_id(Sequence::Destination).await?);
    Ok(Destination::default_of(portal_id, id, DestinationToken::draw(&*gateway.random), gateway.now()))
}
