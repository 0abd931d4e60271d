//! `GET /hub/{portal_id}/destinations`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::destination::PER_PORTAL_MAX;

use super::DestinationRow;
use crate::extract::{Query, View};
use crate::hub::Hub;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "destinations/list.html")]
struct List {
    shell: Shell,
    destinations: Vec<DestinationRow>,
    paging: Paging,
    is_full: bool,
    most: usize,
}

/// The destinations of the portal, oldest first.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("destinations"), &[]);
    let listed = hub.store.list_destinations(view.portal.id, paging.request()).await?;
    let mut destinations = Vec::new();
    for destination in &listed.items {
        destinations.push(DestinationRow::of(&hub, &view, destination).await?);
    }
    let list = List {
        shell: view.shell(Area::Destinations, "Destinations"),
        destinations,
        is_full: listed.total >= PER_PORTAL_MAX as u64,
        most: PER_PORTAL_MAX,
        paging: paging.of(listed.total),
    };
    Ok(view.page(&list))
}
