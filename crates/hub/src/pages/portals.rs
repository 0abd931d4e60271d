//! Which portal is looked at: `GET /hub`, and `GET /hub/portals` with all that a partner may choose from.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::portal::Portal;
use store::page::Order;
use store::portal::PortalFilter;

use crate::asset::{ICON, SCRIPT, STYLE};
use crate::extract::Query;
use crate::hub::Hub;
use crate::page;
use crate::paging::Paging;
use crate::refusal::Refusal;
use crate::session::Visitor;

/// The way to the visitor's own portal.
pub(crate) async fn home(visitor: Visitor) -> Response {
    page::see_other(&format!("/hub/{}", visitor.account.portal_id))
}

#[derive(Template)]
#[template(path = "portals.html")]
struct Portals {
    own: Portal,
    customers: Vec<Portal>,
    keyword: String,
    paging: Paging,
    style: String,
    script: String,
    icon: String,
}

/// The visitor's own portal and its customers, narrowed by a word.
pub(crate) async fn choose(State(hub): State<Hub>, visitor: Visitor, Query(query): Query) -> Result<Response, Refusal> {
    let own = hub.store.find_portal(visitor.account.portal_id).await?.ok_or(Refusal::NotFound)?;
    let paging = Paging::read(&query, "/hub/portals", &["q"]);
    let filter =
        PortalFilter { keyword: query.given("q").map(str::to_owned), order: Order::Ascending, ..Default::default() };
    let listed = hub.store.list_customers(own.id, &filter, paging.request()).await?;
    let (style, script, icon) = (STYLE.path(), SCRIPT.path(), ICON.path());
    let keyword = query.text("q").to_owned();
    let portals =
        Portals { own, customers: listed.items, keyword, paging: paging.of(listed.total), style, script, icon };
    Ok(page::html(StatusCode::OK, &portals))
}
