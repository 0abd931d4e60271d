//! Who may what: every route, as everybody who might ask.

use std::collections::BTreeSet;

use axum::http::{Method, Response};
use domain::enrollment::Status;
use domain::id::{ClientId, DestinationId, EnrollmentId, LearningObjectId, PortalId, UserAccountId, WebhookId};
use domain::user_account::{Role, UserAccount};
use tower::ServiceExt;

use crate::answer::between;
use crate::app::{App, Browser, HOST, PASSWORD};
use crate::deliveries::Told;

/// Who a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Everybody, signed in or not.
    Everybody,
    /// Everybody who is signed in, of whatever portal.
    Visitors,
    /// Whoever may see the portal: its own people, and those of the partner above it.
    Viewers,
    /// A page for its own administrators: what it shows is a form.
    Editors,
    /// A form, for its own administrators.
    Actors,
}

/// Every route of the table, with a path to try it on. A new route is a row here.
fn rows() -> Vec<(&'static str, &'static str, For, &'static str)> {
    use For::{Actors, Editors, Everybody, Viewers, Visitors};
    vec![
        ("GET", "/", Visitors, "/hub"),
        ("GET", "/assets/{name}", Everybody, "/hub/assets/{style}"),
        ("GET", "/sign-in", Everybody, "/hub/sign-in"),
        ("POST", "/sign-in", Everybody, "/hub/sign-in"),
        ("POST", "/sign-in/portal", Everybody, "/hub/sign-in/portal"),
        ("POST", "/sign-out", Visitors, "/hub/sign-out"),
        ("GET", "/portals", Visitors, "/hub/portals"),
        ("GET", "/{portal_id}", Viewers, "/hub/{portal}"),
        ("GET", "/{portal_id}/events-stream", Viewers, "/hub/{portal}/events-stream"),
        ("GET", "/{portal_id}/enrollments", Viewers, "/hub/{portal}/enrollments"),
        ("GET", "/{portal_id}/enrollments.csv", Viewers, "/hub/{portal}/enrollments.csv"),
        ("GET", "/{portal_id}/enrollments/{id}", Viewers, "/hub/{portal}/enrollments/{enrollment}"),
        ("GET", "/{portal_id}/audit", Viewers, "/hub/{portal}/audit"),
        ("GET", "/{portal_id}/content", Viewers, "/hub/{portal}/content"),
        ("GET", "/{portal_id}/content/upcoming", Viewers, "/hub/{portal}/content/upcoming"),
        ("GET", "/{portal_id}/content/{id}", Viewers, "/hub/{portal}/content/{content}"),
        ("GET", "/{portal_id}/content/{id}/impact.csv", Viewers, "/hub/{portal}/content/{content}/impact.csv"),
        ("GET", "/{portal_id}/content/{id}/flag", Editors, "/hub/{portal}/content/{content}/flag"),
        ("POST", "/{portal_id}/content/{id}/flag", Actors, "/hub/{portal}/content/{content}/flag"),
        ("POST", "/{portal_id}/content/{id}/withdraw", Actors, "/hub/{portal}/content/{content}/withdraw"),
        ("GET", "/{portal_id}/content/{id}/edit", Editors, "/hub/{portal}/content/{content}/edit"),
        ("POST", "/{portal_id}/content/{id}/edit", Actors, "/hub/{portal}/content/{content}/edit"),
        ("GET", "/{portal_id}/content/{id}/package", Editors, "/hub/{portal}/content/{content}/package"),
        (
            "GET",
            "/{portal_id}/content/{id}/package.zip",
            Editors,
            "/hub/{portal}/content/{content}/package.zip?destination={destination}",
        ),
        ("GET", "/{portal_id}/destinations", Viewers, "/hub/{portal}/destinations"),
        ("POST", "/{portal_id}/destinations", Actors, "/hub/{portal}/destinations"),
        ("GET", "/{portal_id}/destinations/new", Editors, "/hub/{portal}/destinations/new"),
        ("GET", "/{portal_id}/destinations/{id}", Viewers, "/hub/{portal}/destinations/{destination}"),
        ("GET", "/{portal_id}/destinations/{id}/edit", Editors, "/hub/{portal}/destinations/{destination}/edit"),
        ("POST", "/{portal_id}/destinations/{id}/edit", Actors, "/hub/{portal}/destinations/{destination}/edit"),
        ("POST", "/{portal_id}/destinations/{id}/revoke", Actors, "/hub/{portal}/destinations/{destination}/revoke"),
        ("POST", "/{portal_id}/destinations/{id}/restore", Actors, "/hub/{portal}/destinations/{destination}/restore"),
        ("GET", "/{portal_id}/portals", Viewers, "/hub/{portal}/portals"),
        ("POST", "/{portal_id}/portals", Actors, "/hub/{portal}/portals"),
        ("GET", "/{portal_id}/portals/new", Editors, "/hub/{portal}/portals/new"),
        ("GET", "/{portal_id}/portals/{id}", Viewers, "/hub/{portal}/portals/{portal}"),
        ("GET", "/{portal_id}/portals/{id}/edit", Editors, "/hub/{portal}/portals/{portal}/edit"),
        ("POST", "/{portal_id}/portals/{id}/edit", Actors, "/hub/{portal}/portals/{portal}/edit"),
        ("GET", "/{portal_id}/credentials", Viewers, "/hub/{portal}/credentials"),
        ("POST", "/{portal_id}/credentials", Actors, "/hub/{portal}/credentials"),
        ("GET", "/{portal_id}/credentials/new", Editors, "/hub/{portal}/credentials/new"),
        ("GET", "/{portal_id}/credentials/{id}/revoke", Editors, "/hub/{portal}/credentials/{client}/revoke"),
        ("POST", "/{portal_id}/credentials/{id}/revoke", Actors, "/hub/{portal}/credentials/{client}/revoke"),
        ("GET", "/{portal_id}/people", Viewers, "/hub/{portal}/people"),
        ("POST", "/{portal_id}/people", Actors, "/hub/{portal}/people"),
        ("GET", "/{portal_id}/people/new", Editors, "/hub/{portal}/people/new"),
        ("GET", "/{portal_id}/people/{id}", Viewers, "/hub/{portal}/people/{person}"),
        ("POST", "/{portal_id}/people/{id}", Actors, "/hub/{portal}/people/{person}"),
        ("POST", "/{portal_id}/people/{id}/block", Actors, "/hub/{portal}/people/{person}/block"),
        ("POST", "/{portal_id}/people/{id}/unblock", Actors, "/hub/{portal}/people/{person}/unblock"),
        ("POST", "/{portal_id}/people/{id}/password", Actors, "/hub/{portal}/people/{person}/password"),
        ("GET", "/{portal_id}/deliveries", Viewers, "/hub/{portal}/deliveries"),
        ("GET", "/{portal_id}/deliveries/{id}", Viewers, "/hub/{portal}/deliveries/{delivery}"),
        ("POST", "/{portal_id}/deliveries/{id}/replay", Actors, "/hub/{portal}/deliveries/{delivery}/replay"),
        ("GET", "/{portal_id}/events", Viewers, "/hub/{portal}/events"),
        ("GET", "/{portal_id}/events/{id}", Viewers, "/hub/{portal}/events/{event}"),
        ("GET", "/{portal_id}/why", Viewers, "/hub/{portal}/why?q={enrollment}"),
        ("GET", "/{portal_id}/notices", Viewers, "/hub/{portal}/notices"),
        ("GET", "/{portal_id}/replays/{id}", Viewers, "/hub/{portal}/replays/{replay}"),
        ("GET", "/{portal_id}/webhooks/{id}/replays", Viewers, "/hub/{portal}/webhooks/{webhook}/replays"),
        ("POST", "/{portal_id}/webhooks/{id}/replays", Actors, "/hub/{portal}/webhooks/{webhook}/replays"),
        ("GET", "/{portal_id}/webhooks", Viewers, "/hub/{portal}/webhooks"),
        ("POST", "/{portal_id}/webhooks", Actors, "/hub/{portal}/webhooks"),
        ("GET", "/{portal_id}/webhooks/new", Editors, "/hub/{portal}/webhooks/new"),
        ("GET", "/{portal_id}/webhooks/{id}", Viewers, "/hub/{portal}/webhooks/{webhook}"),
        ("GET", "/{portal_id}/webhooks/{id}/edit", Editors, "/hub/{portal}/webhooks/{webhook}/edit"),
        ("POST", "/{portal_id}/webhooks/{id}/edit", Actors, "/hub/{portal}/webhooks/{webhook}/edit"),
        ("POST", "/{portal_id}/webhooks/{id}/pause", Actors, "/hub/{portal}/webhooks/{webhook}/pause"),
        ("POST", "/{portal_id}/webhooks/{id}/resume", Actors, "/hub/{portal}/webhooks/{webhook}/resume"),
        ("GET", "/{portal_id}/webhooks/{id}/secret", Editors, "/hub/{portal}/webhooks/{webhook}/secret"),
        ("POST", "/{portal_id}/webhooks/{id}/secret", Actors, "/hub/{portal}/webhooks/{webhook}/secret"),
        ("POST", "/{portal_id}/webhooks/{id}/reveal", Actors, "/hub/{portal}/webhooks/{webhook}/reveal"),
        ("POST", "/{portal_id}/webhooks/{id}/test", Actors, "/hub/{portal}/webhooks/{webhook}/test"),
        ("GET", "/{portal_id}/webhooks/{id}/delete", Editors, "/hub/{portal}/webhooks/{webhook}/delete"),
        ("POST", "/{portal_id}/webhooks/{id}/delete", Actors, "/hub/{portal}/webhooks/{webhook}/delete"),
    ]
}

/// The paths of everything that changes a portal.
pub(crate) fn acts() -> Vec<&'static str> {
    rows().into_iter().filter(|row| row.2 == For::Actors).map(|(_, _, _, path)| path).collect()
}

const ROUTER: &str = include_str!("../../src/router.rs");

/// The routes as they stand in the table: method and path.
pub(crate) fn table() -> BTreeSet<(String, String)> {
    let (_, table) = ROUTER.split_once("fn routes()").unwrap();
    let mut routes = BTreeSet::new();
    for row in table.split(".route(").skip(1) {
        let path = between(row, "\"", "\"").unwrap();
        for (method, call) in [("GET", "get("), ("POST", "post(")] {
            if row.contains(&format!(" {call}")) || row.contains(&format!(".{call}")) {
                routes.insert((method.to_owned(), path.to_owned()));
            }
        }
    }
    routes
}

#[test]
fn the_walk_leaves_no_route_out() {
    let walked: BTreeSet<_> = rows().iter().map(|row| (row.0.to_owned(), row.1.to_owned())).collect();
    assert_eq!(walked, table());
    let (_, table) = ROUTER.split_once("fn routes()").unwrap();
    let calls = table.matches("get(").count() + table.matches("post(").count();
    assert_eq!(walked.len(), calls, "a route of the table is not read by this test");
}

/// A portal with something of everything in it.
pub(crate) struct Place {
    portal_id: PortalId,
    webhook_id: WebhookId,
    enrollment_id: EnrollmentId,
    lo_id: LearningObjectId,
    destination_id: DestinationId,
    client_id: ClientId,
    person_id: UserAccountId,
    told: Told,
}

impl Place {
    pub(crate) async fn in_portal(app: &App, portal_id: PortalId) -> Self {
        let webhook_id = app.webhook(portal_id, "Walked").await;
        let lo_id = app.content(portal_id, "Walked").await;
        let learner = app.account(portal_id, "walker@example.com", Role::Learner, PASSWORD).await;
        let enrollment_id = app.enrollment(portal_id, learner.id, lo_id, Status::InProgress).await;
        let destination_id = app.destination(portal_id, "Walked").await;
        let client_id = app.client(portal_id, learner.id).await;
        let told = Told::of(app, portal_id, &webhook_id).await;
        Place { portal_id, webhook_id, enrollment_id, lo_id, destination_id, client_id, person_id: learner.id, told }
    }

    pub(crate) fn path(&self, template: &str, style: &str) -> String {
        template
            .replace("{portal}", &self.portal_id.to_string())
            .replace("{webhook}", self.webhook_id.as_str())
            .replace("{enrollment}", &self.enrollment_id.to_string())
            .replace("{content}", &self.lo_id.to_string())
            .replace("{destination}", &self.destination_id.to_string())
            .replace("{client}", self.client_id.as_str())
            .replace("{person}", &self.person_id.to_string())
            .replace("{delivery}", &self.told.delivery_id.to_string())
            .replace("{event}", self.told.event_id.as_str())
            .replace("{replay}", self.told.replay_id.as_str())
            .replace("{style}", style)
    }
}

/// Asks, and gives the status; the body may have no end.
async fn status(app: &App, browser: &Browser<'_>, method: &str, path: &str, token: &str) -> u16 {
    let body = if method == "POST" { format!("_token={token}") } else { String::new() };
    let request = browser.request(method.parse::<Method>().unwrap(), path, body);
    let response = app.router.clone().oneshot(request).await.unwrap();
    check_headers(&response, path);
    response.status().as_u16()
}

/// What browsers are told with every answer.
fn check_headers<B>(response: &Response<B>, path: &str) {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
    let policy = header("content-security-policy").unwrap_or_else(|| panic!("{path} has no policy"));
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("x-frame-options"), Some("DENY"));
    assert_eq!(header("referrer-policy"), Some("same-origin"));
    let kept = header("cache-control").unwrap();
    assert!(kept == "no-store" || path.starts_with("/hub/assets/"), "{path}: {kept}");
}

async fn signed_in<'a>(app: &'a App, account: &UserAccount) -> (Browser<'a>, String) {
    let browser = app.signed_in(account).await;
    let page = browser.get(&format!("/hub/{}", account.portal_id)).await;
    let token = between(&page.text, "name=\"_token\" value=\"", "\"").unwrap().to_owned();
    (browser, token)
}

fn style(page: &str) -> String {
    between(page, "rel=\"stylesheet\" href=\"/hub/assets/", "\"").unwrap().to_owned()
}

/// What everybody is answered on a route: the statuses that are right for them.
fn expected(route: For, method: &str, who: &str) -> &'static [u16] {
    // Done, or shown; or a form that somebody is let send and that has nothing in it.
    let done: &[u16] = if method == "POST" { &[200, 303, 422] } else { &[200, 303] };
    match (route, who) {
        (For::Everybody, _) => done,
        (_, "nobody") => &[303],
        (For::Visitors, _) => done,
        (_, "administrator of another portal" | "customer") => &[404],
        (For::Viewers, _) => done,
        (For::Editors | For::Actors, "administrator") => done,
        (For::Editors | For::Actors, _) => &[403],
    }
}

#[tokio::test]
async fn everybody_may_what_they_may_and_no_more() {
    for (method, route, kind, template) in rows() {
        // Each on its own: some of them delete what they are tried on, or sign out.
        let app = App::new().await;
        let partners = Place::in_portal(&app, app.partner.portal_id).await;
        let customers = Place::in_portal(&app, app.customer.portal_id).await;
        let style = style(&app.browser().get("/hub/sign-in").await.text);
        let askers = [
            ("nobody", None, &partners),
            ("administrator of another portal", Some(&app.stranger.administrator), &partners),
            ("customer", Some(&app.customer.administrator), &partners),
            ("viewer", Some(&app.partner.viewer), &partners),
            ("partner", Some(&app.partner.administrator), &customers),
            ("partner's viewer", Some(&app.partner.viewer), &customers),
            ("administrator", Some(&app.partner.administrator), &partners),
        ];
        for (who, account, place) in askers {
            let (browser, token) = match account {
                Some(account) => signed_in(&app, account).await,
                None => (app.browser(), String::new()),
            };
            let status = status(&app, &browser, method, &place.path(template, &style), &token).await;
            assert!(expected(kind, method, who).contains(&status), "{who}: {method} {route} is {status}");
        }
    }
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_hub() {
    let app = App::new().await;
    let answer = app.browser().get("/hub/").await;
    assert_eq!((answer.leads_to(), answer.header("x-frame-options")), ("/hub", Some("DENY")));
}

#[tokio::test]
async fn what_is_not_there_is_not_there_for_anybody() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal_id = app.partner.portal_id;
    let elsewhere = app.webhook(app.stranger.portal_id, "Not yours").await;
    for path in [
        "/hub/nowhere/at/all".to_owned(),
        "/hub/0".to_owned(),
        "/hub/11869999".to_owned(),
        format!("/hub/{portal_id}/nothing"),
        format!("/hub/{portal_id}/webhooks/xUjKifleke4u"),
        format!("/hub/{portal_id}/webhooks/{elsewhere}"),
        format!("/hub/{portal_id}/webhooks/%00"),
        "/hub/assets/hub.css".to_owned(),
        "/hub/assets/..%2Fhub.css".to_owned(),
    ] {
        let answer = browser.get(&path).await;
        assert!(answer.page(404).contains("There is nothing here"), "{path}");
        assert!(!answer.text.contains("Not yours"));
    }
}

/// Headers in the place of those that a browser sends.
type Headers<'a> = &'a [(&'static str, &'a str)];

/// A sample of what a form may say; the rest stays as it was.
const FORM: [(&str, &str); 3] =
    [("name", "Forged"), ("url", "https://evil.example/"), ("event_types", "enrollment.complete")];

#[tokio::test]
async fn what_does_not_come_from_our_pages_changes_nothing() {
    let app = App::new().await;
    let (signed_in, token) = signed_in(&app, &app.partner.administrator).await;
    let cookie = signed_in.cookie("schoolbell").unwrap();
    let path = format!("/hub/{}/webhooks", app.partner.portal_id);
    let ours = format!("https://{HOST}");
    let (_, stale) = self::signed_in(&app, &app.partner.administrator).await;
    let fields = |token: &'static str| [("_token", token)].into_iter().chain(FORM).collect::<Vec<_>>();
    let token: &'static str = token.leak();
    let stale: &'static str = stale.leak();
    let cases: [(&str, Headers<'_>, &'static str); 9] = [
        ("from another origin", &[("origin", "https://evil.example")], token),
        ("from another port", &[("origin", "https://hub.example.com:444")], token),
        ("from nowhere that is said", &[("origin", "null")], token),
        ("from another site", &[("sec-fetch-site", "cross-site"), ("origin", &ours)], token),
        ("from a neighbour", &[("sec-fetch-site", "same-site"), ("origin", &ours)], token),
        ("without a word", &[("sec-fetch-site", ""), ("origin", "")], token),
        ("without a token", &[], ""),
        ("with the token of another session", &[], stale),
        ("as something else than a form", &[("content-type", "text/plain")], token),
    ];
    for (what, headers, token) in cases {
        let mut browser = app.browser().with_cookie("schoolbell", &cookie);
        for (name, value) in headers {
            browser = browser.header(name, value);
        }
        let answer = browser.post(&path, &fields(token)).await;
        assert!(matches!(answer.status, 400 | 403), "{what}: {}", answer.status);
        assert!(answer.text.contains("othing was changed"), "{what}");
    }
    // What changes something does not do so when it is only looked at.
    let asked =
        format!("{path}?_token={token}&name=Forged&url=https%3A%2F%2Fevil.example&event_types=enrollment.complete");
    assert_eq!(signed_in.get(&asked).await.status, 200);
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let request = signed_in.request(method, &path, String::new());
        assert!(matches!(signed_in.send(request).await.status, 403 | 405));
    }
    assert_eq!(app.webhooks().await, []);
    // The control: the same from our page does.
    signed_in.post(&path, &fields(token)).await.leads_to();
    assert_eq!(app.webhooks().await.len(), 1);
}

#[tokio::test]
async fn nobody_signs_somebody_in_or_out_from_elsewhere() {
    let app = App::new().await;
    let elsewhere = app.browser().header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
    assert_eq!(elsewhere.sign_in("ada@partner.example.com", crate::app::PASSWORD).await.status, 403);
    let browser = app.administrator().await;
    assert_eq!(browser.post("/hub/sign-out", &[]).await.status, 403);
    browser.get(&format!("/hub/{}", app.partner.portal_id)).await.shows("Overview");
}
