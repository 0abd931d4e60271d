//! What surrounds every page of a portal: the way about, who is signed in, what was done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::asset::{ICON, SCRIPT, STYLE};
use crate::cookie::Cookie;
use crate::extract::View;
use crate::flash::Flash;
use crate::page;

/// The parts of the Hub, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    Overview,
    Webhooks,
    Deliveries,
    Events,
    Enrollments,
    Content,
    Destinations,
    Portals,
    Credentials,
    People,
    Audit,
}

impl Area {
    /// Every part: one line each.
    const ALL: &[Area] = &[
        Area::Overview,
        Area::Webhooks,
        Area::Deliveries,
        Area::Events,
        Area::Enrollments,
        Area::Content,
        Area::Destinations,
        Area::Portals,
        Area::Credentials,
        Area::People,
        Area::Audit,
    ];

    const fn name(self) -> &'static str {
        match self {
            Area::Overview => "Overview",
            Area::Webhooks => "Webhooks",
            Area::Deliveries => "Deliveries",
            Area::Events => "Events",
            Area::Enrollments => "Enrollments",
            Area::Content => "Content",
            Area::Destinations => "Destinations",
            Area::Portals => "Portals",
            Area::Credentials => "Credentials",
            Area::People => "People",
            Area::Audit => "Audit log",
        }
    }

    /// Where it begins, below the portal.
    const fn path(self) -> &'static str {
        match self {
            Area::Overview => "",
            Area::Webhooks => "/webhooks",
            Area::Deliveries => "/deliveries",
            Area::Events => "/events",
            Area::Enrollments => "/enrollments",
            Area::Content => "/content",
            Area::Destinations => "/destinations",
            Area::Portals => "/portals",
            Area::Credentials => "/credentials",
            Area::People => "/people",
            Area::Audit => "/audit",
        }
    }

    /// The line of its picture, 24 by 24.
    const fn icon(self) -> &'static str {
        match self {
            Area::Overview => "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
            Area::Webhooks => "M6 9a6 6 0 1 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7zM10 20a2 2 0 0 0 4 0",
            Area::Deliveries => "M4 12h13M12 6l6 6-6 6M4 6h3M4 18h3",
            Area::Events => "M13 3L5 14h6l-1 7 8-11h-6z",
            Area::Enrollments => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c0-4 4-6 8-6s8 2 8 6",
            Area::Content => "M4 19V5a2 2 0 0 1 2-2h14v18H6a2 2 0 0 1 0-4h14",
            Area::Destinations => "M12 3v12M7 10l5 5 5-5M4 20h16",
            Area::Portals => "M4 21V8l8-5 8 5v13M9 21v-6h6v6M9 10h.01M15 10h.01",
            Area::Credentials => "M8 18a5 5 0 1 1 4.6-7H21v4h-3v3h-4v-3h-1.4A5 5 0 0 1 8 18zM8 13h.01",
            Area::People => {
                "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.4c2.2.9 3.5 2.8 3.5 5.6"
            }
            Area::Audit => "M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3",
        }
    }
}

/// What the layout shows.
pub(crate) struct Shell {
    pub(crate) title: String,
    pub(crate) links: Vec<Link>,
    pub(crate) portal_id: String,
    pub(crate) portal_name: String,
    pub(crate) own_id: String,
    pub(crate) own_name: String,
    pub(crate) is_own: bool,
    pub(crate) may_change: bool,
    pub(crate) is_partner: bool,
    pub(crate) customers: Vec<(String, String)>,
    pub(crate) more_customers: bool,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: &'static str,
    pub(crate) flash: Option<Flash>,
    /// Whether the page may stay true while it is looked at: not one that answers a form, which cannot be asked for again.
    pub(crate) is_live: bool,
    /// What stands in every form.
    pub(crate) form_token: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
}

/// The way to a part of the Hub.
pub(crate) struct Link {
    pub(crate) name: &'static str,
    pub(crate) path: String,
    pub(crate) icon: &'static str,
    pub(crate) is_here: bool,
}

impl View {
    /// What surrounds a page of `area` with this title.
    pub(crate) fn shell(&self, area: Area, title: impl Into<String>) -> Shell {
        let link = |there: Area| Link {
            name: there.name(),
            path: format!("/hub/{}{}", self.portal.id, there.path()),
            icon: there.icon(),
            is_here: there == area,
        };
        let named = |portal: &domain::portal::Portal| (portal.id.to_string(), portal.name.clone());
        Shell {
            title: title.into(),
            links: Area::ALL.iter().copied().map(link).collect(),
            portal_id: self.portal.id.to_string(),
            portal_name: self.portal.name.clone(),
            own_id: self.own.id.to_string(),
            own_name: self.own.name.clone(),
            is_own: self.is_own(),
            may_change: self.may_change(),
            is_partner: self.own.may_have_customers(),
            customers: self.customers.iter().map(named).collect(),
            more_customers: self.customers_total > self.customers.len() as u64,
            name: self.visitor.name(),
            email: self.visitor.account.email.as_str().to_owned(),
            role: if self.visitor.account.administers() { "Administrator" } else { "Viewer" },
            flash: self.flash.clone(),
            is_live: self.is_get,
            form_token: self.form_token.clone(),
            style: STYLE.path(),
            script: SCRIPT.path(),
            icon: ICON.path(),
        }
    }

    /// A page of the portal.
    pub(crate) fn page(&self, template: &impl Template) -> Response {
        self.page_as(StatusCode::OK, template)
    }

    /// A form with what is wrong beside its fields.
    pub(crate) fn page_with_errors(&self, template: &impl Template) -> Response {
        self.page_as(StatusCode::UNPROCESSABLE_ENTITY, template)
    }

    fn page_as(&self, status: StatusCode, template: &impl Template) -> Response {
        let mut response = self.note(page::html(status, template));
        if Cookie::Flash.find(&self.headers).is_some() {
            response.headers_mut().append("set-cookie", Cookie::Flash.clear(&self.headers));
        }
        response
    }
}
