//! Why there is no page, and the page that says so.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::error::StoreError;

use crate::asset::{ICON, SCRIPT, STYLE};
use crate::page;

/// How long to wait when there is no place, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("1");

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody is signed in; and where they wanted to go.
    SignIn(Option<String>),
    /// There is nothing here, or nothing for them.
    NotFound,
    /// The page does not take that method.
    Method,
    /// They may look and not change.
    ReadOnly,
    /// It belongs to another portal, which alone may change it.
    NotTheOwner,
    /// It did not come from a page of ours.
    Forged(Forgery),
    /// A form that cannot be read.
    Form(&'static str),
    /// Too many at once.
    Busy,
    /// The store did not do it.
    Store(StoreError),
}

/// Why a request is taken for somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgery {
    /// The browser says that it came from another site.
    Elsewhere,
    /// The browser does not say where it came from.
    Nowhere,
    /// Its form is not one of this session.
    Token,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::Store(error)
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::SignIn(_) => StatusCode::SEE_OTHER,
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::ReadOnly | Refusal::NotTheOwner | Refusal::Forged(_) => StatusCode::FORBIDDEN,
            Refusal::Form(_) => StatusCode::BAD_REQUEST,
            Refusal::Busy | Refusal::Store(StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Store(StoreError::Conflict | StoreError::Taken(_) | StoreError::LimitReached(_)) => {
                StatusCode::CONFLICT
            }
            Refusal::Store(StoreError::Internal { .. }) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, and what to do about it.
    fn said(&self) -> (&'static str, String) {
        let text = |text: &str| text.to_owned();
        match self {
            Refusal::SignIn(_) => ("Sign in", text("Sign in to go on.")),
            Refusal::NotFound => (
                "There is nothing here",
                text(
                    "The page does not exist, or it belongs to a portal that you cannot see. Check the address, or start again from the overview.",
                ),
            ),
            Refusal::Method => ("That does not work here", text("This address does not take such requests.")),
            Refusal::ReadOnly => (
                "You can look, but not change anything here",
                text(
                    "Changes need an administrator of this portal itself. A partner looks after its customers' portals with the credentials of those portals.",
                ),
            ),
            Refusal::NotTheOwner => (
                "It belongs to another portal",
                text("Its owner alone may change it. You can use it as long as it is there."),
            ),
            Refusal::Forged(Forgery::Token) => (
                "This form is out of date",
                text(
                    "You signed in again since the form was opened, or it was not one of ours. Nothing was changed. Go back, reload the page, and try again.",
                ),
            ),
            Refusal::Forged(Forgery::Elsewhere) => (
                "That came from another site",
                text(
                    "Your browser says that another site sent this. Nothing was changed. If you sent it from here, a proxy before the Hub gives it another name: it must pass the Host on.",
                ),
            ),
            Refusal::Forged(Forgery::Nowhere) => (
                "Your browser does not say where that came from",
                text(
                    "It sends neither Origin nor Sec-Fetch-Site, so nothing was changed. A newer browser does; so does one without an add-on that takes them away.",
                ),
            ),
            Refusal::Form(why) => ("The form cannot be read", format!("Nothing was changed: {why}.")),
            Refusal::Busy => ("Very busy at the moment", text("Nothing was changed. Try again in a moment.")),
            Refusal::Store(StoreError::Conflict) => (
                "Somebody else changed it at the same time",
                text("Nothing of yours was stored. Go back, reload the page, and try again."),
            ),
            Refusal::Store(StoreError::Taken(what)) => {
                ("That is taken", format!("The {what} is taken. Nothing was changed."))
            }
            Refusal::Store(StoreError::LimitReached(max)) => (
                "There are as many as there may be",
                format!("There are already {max}, which is the limit. Nothing was changed."),
            ),
            Refusal::Store(StoreError::Unavailable(_)) => {
                ("Not available at present", text("The database does not answer. Try again in a moment."))
            }
            Refusal::Store(StoreError::Internal { .. }) => {
                ("Something is wrong here", text("It is in the logs of the platform. Try again, or ask its operator."))
            }
        }
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage {
    title: &'static str,
    text: String,
    style: String,
    script: String,
    icon: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Refusal::SignIn(to) = &self {
            return page::see_other(&crate::pages::sign_in::path(to.as_deref()));
        }
        if let Refusal::Store(error @ (StoreError::Internal { .. } | StoreError::Unavailable(_))) = &self {
            tracing::error!(%error, "a page of the Hub cannot be made: {error}");
        }
        let (title, text) = self.said();
        let (style, script, icon) = (STYLE.path(), SCRIPT.path(), ICON.path());
        let mut response = page::html(self.status(), &RefusalPage { title, text, style, script, icon });
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, SOON);
        }
        response
    }
}
