//! Whatever changes a portal: it comes from a page of ours, or nothing happens; and it leaves one entry in the audit log.

use domain::clock::Clock;
use jiff::SignedDuration;
use store::audit::{AuditFilter, StoredEntry};
use store::page::PageRequest;

use crate::answer::between;
use crate::app::{App, Browser, HOST};
use crate::walk::{Place, acts};
use crate::webhooks::deliver;

/// A form with which something happens, for each path of something that changes a portal.
fn form(app: &App, path: &str) -> Vec<(&'static str, String)> {
    let text = |fields: &[(&'static str, &str)]| {
        fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
    };
    let (_, below) = path.split_once("{portal}/").unwrap();
    match below {
        "webhooks" | "webhooks/{webhook}/edit" => text(&[
            ("name", "Another"),
            ("url", "https://another.example.com/"),
            ("event_types", "enrollment.complete"),
        ]),
        "webhooks/{webhook}/replays" => {
            let since = (app.clock.now() - SignedDuration::from_hours(1)).strftime("%Y-%m-%dT%H:%M").to_string();
            let mut fields = text(&[("scope", "all"), ("go", "1")]);
            fields.push(("since", since));
            fields
        }
        "content/{content}/edit" => text(&[("title", "Another"), ("type", "course")]),
        "destinations" | "destinations/{destination}/edit" => text(&[("name", "Another")]),
        "portals" => text(&[
            ("name", "Another"),
            ("domain", "another.example.com"),
            ("country", "AU"),
            ("industry", "Retail"),
            ("email", "eve@another.example.com"),
            ("given_name", "Eve"),
            ("family_name", "Adams"),
        ]),
        "portals/{portal}/edit" | "portals/{customer}/edit" => text(&[("name", "Another"), ("timezone", "UTC")]),
        "credentials" => text(&[("client_name", "Another"), ("scope", "lo.read")]),
        "people" => text(&[
            ("email", "eve@example.com"),
            ("given_name", "Eve"),
            ("family_name", "Adams"),
            ("roles", "Learner"),
            ("roles", "Manager"),
            ("password", "correct horse battery staple"),
        ]),
        "people/{person}" => text(&[
            ("email", "eve@example.com"),
            ("given_name", "Eve"),
            ("family_name", "Adams"),
            ("roles", "Administrator"),
        ]),
        "people/{person}/password" => text(&[("password", "correct horse battery staple")]),
        _ => Vec::new(),
    }
}

/// What is only done to what something else was done to.
fn before(path: &str) -> Option<String> {
    for (end, first) in [
        ("/resume", "/pause"),
        ("/restore", "/revoke"),
        ("/unblock", "/block"),
        ("/withdraw", "/flag"),
        // Learners do not sign in.
        ("/password", ""),
    ] {
        if let Some(path) = path.strip_suffix(end) {
            return Some(format!("{path}{first}"));
        }
    }
    None
}

async fn entries(app: &App) -> Vec<StoredEntry> {
    let page = PageRequest { limit: 100, offset: 0 };
    app.store.list_audit_entries(app.partner.portal_id, &AuditFilter::default(), page).await.unwrap().items
}

async fn token(browser: &Browser<'_>, app: &App) -> String {
    let page = browser.get(&format!("/hub/{}", app.partner.portal_id)).await;
    between(&page.text, "name=\"_token\" value=\"", "\"").unwrap().to_owned()
}

async fn send(browser: &Browser<'_>, path: &str, token: &str, fields: &[(&str, String)]) -> u16 {
    let fields: Vec<(&str, &str)> =
        [("_token", token)].into_iter().chain(fields.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    browser.post(path, &fields).await.status
}

#[tokio::test]
async fn every_act_leaves_one_entry_and_none_when_somebody_else_sent_it() {
    let mut forged = 0;
    for template in acts() {
        // Each on its own: some of them delete what others are tried on.
        let app = App::new().await;
        let place = Place::in_portal(&app, app.partner.portal_id).await;
        let path = place.path(template, "");
        let fields = form(&app, template);
        let browser = app.administrator().await;
        let other = app.administrator().await;
        let (good, stale) = (token(&browser, &app).await, token(&other, &app).await);
        if let Some(first) = before(template) {
            let (path, fields) = (place.path(&first, ""), form(&app, &first));
            assert!(matches!(send(&browser, &path, &good, &fields).await, 200 | 303), "{first}");
        }
        if template.ends_with("/replay") {
            deliver(&app, 200).await;
        }
        let entries_before = entries(&app).await;
        let ours = format!("https://{HOST}");
        let cookie = browser.cookie("schoolbell").unwrap();
        let cases: [(&[(&'static str, &str)], &str); 9] = [
            (&[("origin", "https://evil.example")], &good),
            (&[("origin", "https://hub.example.com:444")], &good),
            (&[("origin", "null")], &good),
            (&[("sec-fetch-site", "cross-site"), ("origin", &ours)], &good),
            (&[("sec-fetch-site", "same-site"), ("origin", &ours)], &good),
            (&[("sec-fetch-site", ""), ("origin", "")], &good),
            (&[], ""),
            (&[], &stale),
            (&[("content-type", "text/plain")], &good),
        ];
        for (headers, token) in cases {
            let mut forger = app.browser().with_cookie("schoolbell", &cookie);
            for (name, value) in headers {
                forger = forger.header(name, value);
            }
            let status = send(&forger, &path, token, &fields).await;
            assert!(matches!(status, 400 | 403), "{template} {headers:?}: {status}");
            forged += 1;
        }
        let query: String = fields.iter().map(|(name, value)| format!("&{name}={}", value.replace(' ', "+"))).collect();
        browser.get(&format!("{path}?_token={good}{query}")).await;
        assert_eq!(entries(&app).await.len(), entries_before.len(), "{template}: a forged form did something");
        // The control: the same from our page does.
        let status = send(&browser, &path, &good, &fields).await;
        assert!(matches!(status, 200 | 303), "{template}: {status}");
        let made = entries(&app).await.len() - entries_before.len();
        assert_eq!(made, 1, "{template}");
    }
    proof::held(
        "S11",
        "forms that others sent, to everything that changes a portal",
        forged,
        "the same from our pages are done and audited",
    );
}
