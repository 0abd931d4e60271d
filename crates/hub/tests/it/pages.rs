//! Each page as it looks, from samples.

use std::sync::LazyLock;

use domain::change::Change;
use domain::user_account::Role;
use domain::webhook::{InactiveReason, PER_PORTAL_MAX, WebhookStatus};

use crate::answer::{Answer, between};
use crate::app::{App, Browser, PASSWORD};
use crate::webhooks::deliver;

/// The page without what differs from run to run or with each change of the style sheet, for a snapshot of this name.
#[track_caller]
pub(crate) fn check(name: &str, answer: &Answer) {
    let mut text = answer.text.clone();
    for (before, after) in [
        ("name=\"_token\" value=\"", "\""),
        ("name=\"ticket\" value=\"", "\""),
        ("/hub/assets/hub-", "."),
        ("/hub/assets/bell-", "."),
        // Whoever adds a part of the Hub changes no page but their own.
        ("<nav class=\"side\"", "</nav>"),
    ] {
        text = without(&text, before, after);
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let whole = lines.join("\n");
    // One page has all that surrounds the others too.
    let shown = if name == "overview" { &whole } else { between(&whole, "<main ", "</main>").unwrap_or(&whole) };
    insta::assert_snapshot!(name, format!("{}\n{shown}", answer.status));
}

/// The text without what stands between two others, wherever they are.
fn without(text: &str, before: &str, after: &str) -> String {
    let mut parts = text.split(before);
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        left = format!("{left}{before}…{}", &part[part.find(after).unwrap_or(part.len())..]);
    }
    left
}

/// A webhook that stands for all that may be set.
static EVERYTHING: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    vec![
        ("name", "Completions <b>&\"'"),
        ("url", "https://receiver.example.com/hook?a=1&b=2"),
        ("secret_key", "MyS3cretK#y"),
        ("event_types", "enrollment.complete"),
        ("event_types", "content.library.sync.request"),
        ("integration_system_id", "int_AzuTsRz"),
        ("headers", "X-Api-Key: k3y"),
        ("rate_limit", "5"),
        ("milliseconds", "on"),
        ("oauth2", "on"),
        ("oauth2_client_id", "us"),
        ("oauth2_client_secret", "hidden-secret"),
        ("oauth2_server_url", "https://login.example.com/token"),
        ("oauth2_scope", "events"),
    ]
});

async fn with_everything(app: &App, browser: &Browser<'_>) -> String {
    let below = format!("/hub/{}/webhooks", app.partner.portal_id);
    let added = browser.submit(&format!("{below}/new"), &below, &EVERYTHING).await;
    let path = added.leads_to().to_owned();
    browser.get(&path).await;
    path
}

#[tokio::test]
async fn pages_before_somebody_is_signed_in() {
    let app = App::new().await;
    app.account(app.customer.portal_id, "ada@partner.example.com", Role::Manager, PASSWORD).await;
    let browser = app.browser();
    check("sign_in", &browser.get("/hub/sign-in?to=%2Fhub%2F1").await);
    check("sign_in_refused", &browser.sign_in("ada@partner.example.com", "<script>").await);
    check("choose_account", &browser.sign_in("ada@partner.example.com", PASSWORD).await);
    check("elsewhere", &app.browser().header("origin", "https://evil.example").sign_in("a@b", "c").await);
    check("not_there", &browser.get("/hub/nowhere/at/all").await);
}

#[tokio::test]
async fn pages_of_an_empty_portal() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal = format!("/hub/{}", app.partner.portal_id);
    check("overview_empty", &browser.get(&portal).await);
    check("portals", &browser.get("/hub/portals?q=cust").await);
    check("webhooks_empty", &browser.get(&format!("{portal}/webhooks")).await);
    check("webhook_new", &browser.get(&format!("{portal}/webhooks/new")).await);
    let wrong =
        browser.submit(&format!("{portal}/webhooks/new"), &format!("{portal}/webhooks"), &[("url", "\"><b>")]).await;
    check("webhook_new_refused", &wrong);
}

#[tokio::test]
async fn pages_of_a_portal_with_webhooks() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let portal = format!("/hub/{}", app.partner.portal_id);
    let path = with_everything(&app, &browser).await;
    let stopped = app.webhook(app.partner.portal_id, "Stopped").await;
    let tested = browser.submit(&path, &format!("{path}/test"), &[]).await;
    deliver(&app, 500).await;
    let mut webhook = app.store.find_webhook(app.partner.portal_id, &stopped).await.unwrap().unwrap();
    webhook.status = WebhookStatus::Inactive(InactiveReason::Gone);
    app.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
    check("overview", &browser.get(&portal).await);
    check("webhooks", &browser.get(&format!("{portal}/webhooks")).await);
    check("webhook", &browser.follow(&tested).await);
    check("webhook_edit", &browser.get(&format!("{path}/edit")).await);
    check("webhook_secret", &browser.get(&format!("{path}/secret")).await);
    check("webhook_delete", &browser.get(&format!("{path}/delete")).await);
    check("webhook_stopped", &browser.get(&format!("{portal}/webhooks/{stopped}")).await);
    // The same for who only looks, and for the partner of the portal.
    let viewer = app.signed_in(&app.partner.viewer).await;
    check("webhook_for_a_viewer", &viewer.get(&path).await);
    check("overview_of_a_customer", &browser.get(&format!("/hub/{}", app.customer.portal_id)).await);
}
