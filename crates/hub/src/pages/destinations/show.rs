//! `GET /hub/{portal_id}/destinations/{id}`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::id::DestinationId;

use super::{DestinationRow, find};
use crate::extract::{Param, View};
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "destinations/show.html")]
struct Show {
    shell: Shell,
    row: DestinationRow,
}

/// The destination.
pub(crate) async fn show(
    State(hub): State<Hub>,
    view: View,
    Param(id): Param<DestinationId>,
) -> Result<Response, Refusal> {
    let row = DestinationRow::of(&hub, &view, &find(&hub, &view, id).await?).await?;
    Ok(view.page(&Show { shell: view.shell(Area::Destinations, row.name.clone()), row }))
}
