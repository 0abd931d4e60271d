//! `GET /hub/{portal_id}/portals`: the portal itself, and a partner's customers.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::page::Order;
use store::portal::PortalFilter;

use super::PortalFacts;
use crate::extract::{Query, View};
use crate::hub::Hub;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::shell::{Area, Shell};
use crate::when::number;

#[derive(Template)]
#[template(path = "customers/list.html")]
struct List {
    shell: Shell,
    own: PortalFacts,
    /// Whether there may be customers at all.
    has_customers: bool,
    customers: Vec<PortalFacts>,
    total: String,
    keyword: String,
    paging: Paging,
}

/// The portals, the newest customer first.
pub(crate) async fn list(State(hub): State<Hub>, view: View, Query(query): Query) -> Result<Response, Refusal> {
    let paging = Paging::read(&query, view.path("portals"), &["q"]);
    let keyword = query.given("q").map(str::to_owned);
    let filter = PortalFilter { keyword, order: Order::Descending, ..Default::default() };
    let listed = hub.store.list_customers(view.portal.id, &filter, paging.request()).await?;
    let list = List {
        shell: view.shell(Area::Portals, "Portals"),
        own: PortalFacts::new(&view, &view.portal),
        has_customers: view.portal.may_have_customers(),
        customers: listed.items.iter().map(|portal| PortalFacts::new(&view, portal)).collect(),
        total: number(listed.total),
        keyword: query.text("q").to_owned(),
        paging: paging.of(listed.total),
    };
    Ok(view.page(&list))
}
