//! `GET /hub/{portal_id}/credentials`

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::oauth::CLIENTS_PER_PORTAL_MAX;

use super::ClientRow;
use crate::extract::View;
use crate::hub::Hub;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};

#[derive(Template)]
#[template(path = "credentials/list.html")]
struct List {
    shell: Shell,
    clients: Vec<ClientRow>,
    is_full: bool,
    most: usize,
    has_customers: bool,
}

/// The clients of the portal that are in use, oldest first.
pub(crate) async fn list(State(hub): State<Hub>, view: View) -> Result<Response, Refusal> {
    let clients = hub.store.list_oauth_clients(view.portal.id).await?;
    let list = List {
        shell: view.shell(Area::Credentials, "Credentials"),
        is_full: clients.len() >= CLIENTS_PER_PORTAL_MAX,
        most: CLIENTS_PER_PORTAL_MAX,
        has_customers: view.portal.may_have_customers(),
        clients: clients.iter().map(|client| ClientRow::new(&view, client)).collect(),
    };
    Ok(view.page(&list))
}
