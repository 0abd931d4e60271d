//! What a page is asked for, as types: who is signed in, which portal they look at, what they sent.

use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use domain::audit::Noted;
use domain::id::PortalId;
use domain::portal::Portal;
use store::page::PageRequest;
use store::portal::PortalFilter;

use crate::audit;
use crate::cookie::Cookie;
use crate::flash::Flash;
use crate::form::Form;
use crate::guard::{self, Who};
use crate::hub::Hub;
use crate::page;
use crate::refusal::{Forgery, Refusal};
use crate::session::{self, Visitor};

/// How many customers are named where one switches between portals; there is a page with all of them.
pub(crate) const CUSTOMERS_NAMED: u32 = 8;

/// Somebody who is signed in and looks at a portal that they may see: their own, or a customer of it.
///
/// The only way to a portal: whoever takes this has asked. For what is changed, take [`Act`] or [`Editor`].
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) visitor: Visitor,
    /// The portal that is looked at.
    pub(crate) portal: Portal,
    /// The portal of the visitor: the same one, or the partner above it.
    pub(crate) own: Portal,
    /// The first customers of it, where it is a partner, and how many there are.
    pub(crate) customers: Vec<Portal>,
    pub(crate) customers_total: u64,
    /// What is said once.
    pub(crate) flash: Option<Flash>,
    pub(crate) form_token: String,
    /// Whether it is a page that can be asked for again.
    pub(crate) is_get: bool,
    pub(crate) headers: HeaderMap,
}

impl View {
    /// Whether they may change anything here: administrators in their own portal.
    pub(crate) fn may_change(&self) -> bool {
        self.visitor.account.administers() && self.is_own()
    }

    /// Whether it is their own portal.
    pub(crate) fn is_own(&self) -> bool {
        self.portal.id == self.own.id
    }

    /// Where something of the portal is: `below` is such as `webhooks/new`.
    pub(crate) fn path(&self, below: impl std::fmt::Display) -> String {
        format!("/hub/{}/{below}", self.portal.id)
    }

    /// The way to another page, on which `flash` is said.
    pub(crate) fn done(&self, hub: &Hub, path: &str, flash: Flash) -> Response {
        let mut response = self.note(page::see_other(path));
        let written = flash.write(&hub.keyring, &self.visitor.session.digest);
        response.headers_mut().append("set-cookie", Cookie::Flash.set(&self.headers, &written));
        response
    }

    /// Runs a verb that writes, in the name of the visitor, with its entry in the audit log: both are stored, or neither.
    pub(crate) async fn by<F: Future>(&self, noted: Noted, verb: F) -> F::Output {
        audit::by(&self.visitor.account, noted, verb).await
    }

    /// Notes who asked, for the logs.
    pub(crate) fn note(&self, mut response: Response) -> Response {
        let who = Who { portal_id: Some(self.portal.id), user_account_id: self.visitor.account.id };
        response.extensions_mut().insert(who);
        response
    }
}

impl FromRequestParts<Hub> for View {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Refusal> {
        let visitor = Visitor::from_request_parts(parts, hub).await?;
        let Param(portal_id) = Param::<PortalId>::named(parts, hub, "portal_id").await?;
        let own = hub.store.find_portal(visitor.account.portal_id).await?.ok_or(Refusal::NotFound)?;
        let portal = find_visible(hub, &own, portal_id).await?;
        let (customers, customers_total) = customers(hub, &own).await?;
        let flash = Cookie::Flash.find(&parts.headers);
        let flash = flash.and_then(|text| Flash::read(&text, &hub.keyring, &visitor.session.digest));
        let form_token = visitor.form_token(hub);
        let (is_get, headers) = (parts.method == Method::GET, parts.headers.clone());
        Ok(View { visitor, portal, own, customers, customers_total, flash, form_token, is_get, headers })
    }
}

/// A portal that whoever belongs to `own` may see: that one, or a customer of it.
async fn find_visible(hub: &Hub, own: &Portal, id: PortalId) -> Result<Portal, Refusal> {
    if id == own.id {
        return Ok(own.clone());
    }
    let found = hub.store.find_portal(id).await?;
    found.filter(|portal| portal.is_customer_of(own.id)).ok_or(Refusal::NotFound)
}

async fn customers(hub: &Hub, own: &Portal) -> Result<(Vec<Portal>, u64), Refusal> {
    if !own.may_have_customers() {
        return Ok((Vec::new(), 0));
    }
    let first = PageRequest { limit: CUSTOMERS_NAMED, offset: 0 };
    let listed = hub.store.list_customers(own.id, &PortalFilter::default(), first).await?;
    Ok((listed.items, listed.total))
}

/// A [`View`] of somebody who may change the portal: for pages with forms that others need not see.
pub(crate) struct Editor(pub(crate) View);

impl FromRequestParts<Hub> for Editor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Refusal> {
        let view = View::from_request_parts(parts, hub).await?;
        if view.may_change() { Ok(Editor(view)) } else { Err(Refusal::ReadOnly) }
    }
}

/// A form that somebody who may change the portal sent from a page of this session. Every handler of a POST below a portal takes it.
pub(crate) struct Act {
    pub(crate) view: View,
    pub(crate) form: Form,
}

impl FromRequest<Hub> for Act {
    type Rejection = Refusal;

    async fn from_request(request: Request, hub: &Hub) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let view = View::from_request_parts(&mut parts, hub).await?;
        let form = Form::read(&parts.headers, body).await?;
        guard::sit(hub, &parts.extensions)?;
        if !view.visitor.is_form_token(hub, form.text("_token")) {
            return Err(Refusal::Forged(Forgery::Token));
        }
        if view.may_change() { Ok(Act { view, form }) } else { Err(Refusal::ReadOnly) }
    }
}

impl FromRequestParts<Hub> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Refusal> {
        let to = parts.extensions.get::<OriginalUri>().and_then(|uri| uri.path_and_query().map(ToString::to_string));
        let to = to.filter(|_| parts.method == Method::GET);
        session::find(hub, &parts.headers).await?.ok_or(Refusal::SignIn(to))
    }
}

/// The `{id}` of the path.
pub(crate) struct Param<T>(pub(crate) T);

impl<T: FromStr> Param<T> {
    async fn named(parts: &mut Parts, hub: &Hub, name: &str) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, hub).await.map_err(|_| Refusal::NotFound)?;
        let found = params.iter().find(|(there, _)| *there == name).and_then(|(_, value)| value.parse().ok());
        found.map(Param).ok_or(Refusal::NotFound)
    }
}

impl<T: FromStr> FromRequestParts<Hub> for Param<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Refusal> {
        Param::named(parts, hub, "id").await
    }
}

/// The query of the address.
pub(crate) struct Query(pub(crate) Form);

impl FromRequestParts<Hub> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Hub) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        Form::parse(query.as_bytes()).map(Query).ok_or(Refusal::Form("the address has too many parameters"))
    }
}
