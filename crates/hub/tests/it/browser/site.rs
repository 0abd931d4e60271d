//! The Hub where a real browser reaches it, and pages beside it that are not ours.

use ::browser::browser::Browser;
use ::browser::frame::role;
use ::browser::page::{Complaint, Kind, Page};
use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use domain::user_account::UserAccount;
use tokio::net::TcpListener;

use crate::app::{App, PASSWORD};

/// What the Hub lets browsers do, for a page that is not the Hub's: with a place for more.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The Hub, served.
pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) chromium: Browser,
    pub(crate) port: u16,
}

impl Site {
    pub(crate) async fn of(app: App) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = app.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { app, chromium: Browser::start().await, port }
    }

    /// Serves pages that are not ours, and gives their port: `/plain` has this in it, `/guarded` too, with the policy of the Hub.
    pub(crate) async fn serve(&self, body: String) -> u16 {
        let html = format!("<!doctype html><html lang=\"en\"><title>Planted</title><body>{body}</body></html>");
        let guarded = html.clone();
        let router = Router::new().route("/plain", get(async || Html(html))).route(
            "/guarded",
            get(async || ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(guarded)).into_response()),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        port
    }

    /// Where a page of the Hub is.
    pub(crate) fn url(&self, path: &str) -> String {
        self.url_for("hub", path)
    }

    /// Where it is for somebody: each has a name of the Hub for themselves, and so their own cookies.
    pub(crate) fn url_for(&self, who: &str, path: &str) -> String {
        format!("http://{who}.test:{}{path}", self.port)
    }

    /// A tab in which somebody has signed in.
    pub(crate) async fn signed_in(&self, who: &str, account: &UserAccount) -> Page {
        let page = self.chromium.open(&self.url_for(who, "/hub/sign-in")).await;
        page.fill("#email", account.email.as_str()).await;
        page.fill("#password", PASSWORD).await;
        page.click(role("button", "Sign in")).await;
        page.wait_for("location.pathname !== '/hub/sign-in' && document.readyState === 'complete'").await;
        page
    }
}

/// What a page complains of besides answers that say that something was refused, which are no fault of the page.
pub(crate) fn complaints(page: &Page) -> Vec<Complaint> {
    let is_refusal = |one: &Complaint| {
        matches!(one.kind, Kind::Console | Kind::Network)
            && ["400", "403", "404", "422"].iter().any(|status| one.text.contains(status))
    };
    page.complaints().into_iter().filter(|one| !is_refusal(one)).collect()
}
