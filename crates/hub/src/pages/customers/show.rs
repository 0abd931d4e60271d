//! `GET /hub/{portal_id}/portals/{id}`: a portal, and with which credentials programs act for it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::PortalId;

use super::{PortalFacts, find};
use crate::extract::{Param, View};
use crate::hub::Hub;
use crate::pages::credentials::ClientRow;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "customers/show.html")]
struct Show {
    shell: Shell,
    facts: PortalFacts,
    /// Whether it is the portal that is looked at.
    is_this: bool,
    partner: String,
    clients: Vec<ClientRow>,
}

/// The portal.
pub(crate) async fn show(State(hub): State<Hub>, view: View, Param(id): Param<PortalId>) -> Result<Response, Refusal> {
    let portal = find(&hub, &view, id).await?;
    let clients = hub.store.list_oauth_clients(portal.id).await?;
    let partner = match portal.partner_id {
        Some(partner_id) => hub.store.find_portal(partner_id).await?.map(|partner| partner.name),
        None => None,
    };
    let show = Show {
        shell: view.shell(Area::Portals, portal.name.clone()),
        facts: PortalFacts::new(&view, &portal),
        is_this: portal.id == view.portal.id,
        partner: partner.unwrap_or_default(),
        clients: clients.iter().map(|client| ClientRow::new(&view, client)).collect(),
    };
    Ok(view.page(&show))
}
