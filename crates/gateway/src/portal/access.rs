//! Which portals a caller may see: its own, and its customers.

use std::fmt::Display;

use axum::http::StatusCode;
use domain::id::PortalId;
use domain::oauth::Token;
use domain::portal::{PARTNERS_ABOVE_MAX, Portal};

use crate::gateway::Gateway;
use crate::refusal::Refusal;

/// 404, as published.
pub(crate) fn not_found(id: impl Display) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "PORTAL_NOT_FOUND", format!("there is no portal {id}"))
}

/// The caller's own portal.
pub(crate) async fn find_own(gateway: &Gateway, caller: &Token) -> Result<Portal, Refusal> {
    gateway.store.find_portal(caller.portal_id).await?.ok_or_else(|| not_found(caller.portal_id))
}

/// The caller's own portal if it may have customers; 403 otherwise, as published.
pub(crate) async fn find_own_partner(gateway: &Gateway, caller: &Token) -> Result<Portal, Refusal> {
    let own = find_own(gateway, caller).await?;
    if own.may_have_customers() {
        return Ok(own);
    }
    let message = "only a partner portal has customers: use the credentials of a partner portal";
    Err(Refusal::new(StatusCode::FORBIDDEN, "PORTAL_ACCESS_UNAUTHORIZED", message))
}

/// A portal that the caller may see, or 404.
pub(crate) async fn find_visible(gateway: &Gateway, caller: &Token, id: PortalId) -> Result<Portal, Refusal> {
    let found = gateway.store.find_portal(id).await?;
    let visible = found.filter(|portal| portal.id == caller.portal_id || portal.is_customer_of(caller.portal_id));
    visible.ok_or_else(|| not_found(id))
}

/// Whether a partner stands above a portal, at any height.
pub(crate) async fn is_below(
    gateway: &Gateway,
    mut portal_id: PortalId,
    partner_id: PortalId,
) -> Result<bool, Refusal> {
    for _ in 0..PARTNERS_ABOVE_MAX {
        let portal = gateway.store.find_portal(portal_id).await?;
        match portal.and_then(|portal| portal.partner_id) {
            Some(above) if above == partner_id => return Ok(true),
            Some(above) => portal_id = above,
            None => return Ok(false),
        }
    }
    Ok(false)
}
