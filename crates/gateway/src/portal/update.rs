//! `PATCH /portals/{id}`

use axum::Json;
use axum::extract::State;
use contract::api::portal::{Portal, UpdatePortal};
use domain::audit::{Action, Noted};
use domain::id::PortalId;
use domain::portal::PortalPatch;

use super::{access, wire};
use crate::extract::caller::Caller;
use crate::extract::id::Id;
use crate::extract::json::JsonBody;
use crate::extract::scope::PortalWrite;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::{again, audit};

/// Changes the caller's own portal, or one of its customers. Its domain cannot change.
#[utoipa::path(
    patch, path = "/portals/{id}", operation_id = "update_portal", tag = "Portals",
    params(("id" = String, Path, description = "A decimal number.")),
    request_body = UpdatePortal,
    security(("oauth2" = ["portal.write"])),
    responses((status = 200, body = Portal), (status = 404, description = "There is no such portal."))
)]
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    caller: Caller<PortalWrite>,
    Id(id): Id<PortalId>,
    JsonBody(asked): JsonBody<UpdatePortal>,
) -> Result<Json<Portal>, Refusal> {
    again::on_conflict(|| async {
        let portal = access::find_visible(&gateway, &caller, id).await?;
        if asked.domain.as_deref().is_some_and(|domain| !domain.eq_ignore_ascii_case(portal.domain.as_str())) {
            return Err(Refusal::field("domain", "domain cannot change: a portal keeps the one that it was made with"));
        }
        let now = gateway.now();
        let change = portal.clone().update(patch(asked.clone()), now)?;
        let written = wire::portal(change.after.clone(), None);
        let noted = Noted::changed(Action::PortalUpdate, &portal, &change.after, now);
        audit::by(&caller, noted, gateway.store.save_portal(change)).await?;
        Ok(Json(written))
    })
    .await
}

fn patch(asked: UpdatePortal) -> PortalPatch {
    PortalPatch {
        name: asked.name,
        timezone: asked.timezone,
        country: asked.country,
        industry: asked.industry,
        company_size: asked.company_size,
        external_customer_id: asked.external_customer_id,
        child_enrollment_events: asked.settings.and_then(|settings| settings.child_enrollment_events),
    }
}
