//! What administrators do about webhooks.

use contract::event_type::EventType;
use contract::signature::TimestampUnit;
use domain::delivery::{Answer as Answered, FinishedAttempt, Next, Outcome};
use domain::webhook::{InactiveReason, WebhookStatus};
use jiff::SignedDuration;
use store::audit::AuditFilter;
use store::delivery::LeaseRequest;
use store::page::PageRequest;

use crate::answer::{Answer, between};
use crate::app::{App, Browser};

const PAGE: PageRequest = PageRequest { limit: 100, offset: 0 };

/// A form that adds a webhook, with other values for some of its fields.
async fn add(app: &App, browser: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let below = format!("/hub/{}/webhooks", app.partner.portal_id);
    browser.submit(&format!("{below}/new"), &below, fields).await
}

const GOOD: [(&str, &str); 3] =
    [("name", "Completions"), ("url", "https://receiver.example.com/hook"), ("event_types", "enrollment.complete")];

fn with(other: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    GOOD.into_iter()
        .filter(|(name, _)| !other.iter().any(|(there, _)| there == name))
        .chain(other.iter().copied())
        .collect()
}

#[tokio::test]
async fn a_webhook_is_added_and_active_at_once() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let new = browser.get(&format!("/hub/{}/webhooks/new", app.partner.portal_id)).await;
    new.shows("value=\"enrollment.complete\" checked").shows(">Add webhook</button>");
    assert_eq!(new.text.matches(" checked").count(), 1);
    let added =
        add(&app, &browser, &with(&[("secret_key", "MyS3cretK#y"), ("event_types", "content.decommission")])).await;
    let [webhook] = app.webhooks().await.try_into().unwrap();
    assert_eq!(added.leads_to(), format!("/hub/{}/webhooks/{}", app.partner.portal_id, webhook.id));
    let page = browser.follow(&added).await;
    page.shows("The webhook is active").shows("<span class=\"badge good\">Active</span>").shows("Completions");
    assert!(!page.text.contains("MyS3cretK#y"));
    assert!(!browser.follow(&added).await.text.contains("The webhook is active"), "it is said once");
    assert_eq!(webhook.name.as_deref(), Some("Completions"));
    assert_eq!(webhook.secret.unwrap().expose(), "MyS3cretK#y");
    assert_eq!(webhook.event_types, [EventType::ContentDecommission]);
    assert_eq!((webhook.status, webhook.created_by), (WebhookStatus::Active, app.partner.administrator.id));
    browser
        .get(&format!("/hub/{}/webhooks", app.partner.portal_id))
        .await
        .shows("Completions")
        .shows("Content decommission");
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays() {
    let app = App::new().await;
    let browser = app.administrator().await;
    let long: &'static str = "x".repeat(300).leak();
    for (wrong, field, said) in [
        (("url", ""), "url", "Enter the address"),
        (("url", "http://receiver.example.com"), "url", "The address must begin with https://"),
        (("url", "https://127.0.0.1/"), "url", "public address"),
        (("url", "nonsense"), "url", "valid URL"),
        (("event_types", "nonsense"), "event_types", "Unknown event type"),
        (("name", long), "name", "at most 255 characters"),
        (("secret_key", long), "secret_key", "1 to 64 characters"),
        (("rate_limit", "0"), "rate_limit", "from 1 to 1000"),
        (("rate_limit", "many"), "rate_limit", "from 1 to 1000"),
        (("headers", "no colon"), "headers", "name: value"),
        (("headers", "Host: me"), "headers", "set by the platform"),
        (("event_types", "content.library.sync.request"), "integration_system_id", "Enter the integration"),
        (("oauth2", "on"), "oauth2_client_id", "Enter the client id"),
    ] {
        let refused = add(&app, &browser, &with(&[wrong])).await;
        let page = refused.page(422);
        let text =
            between(page, &format!("id=\"{field}-error\">"), "</p>").unwrap_or_else(|| panic!("{wrong:?}: {page}"));
        assert!(text.contains(said), "{wrong:?}: {text}");
        assert!(wrong.0 == "name" || page.contains("value=\"Completions\""));
        // A secret is not shown again, not even to who typed it.
        assert!(wrong.0 != "secret_key" || !page.contains(long));
    }
    let none: Vec<_> = GOOD.into_iter().filter(|(name, _)| *name != "event_types").collect();
    assert!(add(&app, &browser, &none).await.page(422).contains("Choose at least one event type."));
    assert_eq!(app.webhooks().await, []);
}

#[tokio::test]
async fn a_portal_has_so_many_webhooks() {
    let app = App::new().await;
    for n in 0..50 {
        app.webhook(app.partner.portal_id, &format!("Number {n}")).await;
    }
    let browser = app.administrator().await;
    assert!(add(&app, &browser, &GOOD).await.page(422).contains("50 webhooks already"));
    browser.get(&format!("/hub/{}/webhooks", app.partner.portal_id)).await.shows("50 webhooks is the limit.");
}

#[tokio::test]
async fn everything_of_a_webhook_is_edited_and_what_is_hidden_stays() {
    let app = App::new().await;
    let browser = app.administrator().await;
    add(
        &app,
        &browser,
        &with(&[
            ("secret_key", "MyS3cretK#y"),
            ("headers", "X-Api-Key: k3y\nX-Other: old"),
            ("oauth2", "on"),
            ("oauth2_client_id", "us"),
            ("oauth2_client_secret", "hidden-secret"),
            ("oauth2_server_url", "https://login.example.com/token"),
        ]),
    )
    .await
    .leads_to();
    let id = app.webhooks().await[0].id.clone();
    let path = format!("/hub/{}/webhooks/{id}/edit", app.partner.portal_id);
    let form = browser.get(&path).await;
    form.shows("X-Api-Key: ••••••••").shows("value=\"us\"");
    for secret in ["k3y", "hidden-secret", "MyS3cretK#y"] {
        assert!(!form.text.contains(secret), "{secret}");
    }
    let changed = browser.submit(
        &path,
        &path,
        &[
            ("name", ""),
            ("url", "https://other.example.com/"),
            ("event_types", "enrollment.create"),
            ("event_types", "content.library.sync.request"),
            ("integration_system_id", "int_AzuTsRz"),
            ("headers", "x-api-key: ••••••••\nX-New: new"),
            ("rate_limit", "5"),
            ("milliseconds", "on"),
            ("oauth2", "on"),
            ("oauth2_client_id", "them"),
            ("oauth2_server_url", "https://login.example.com/token"),
            ("oauth2_scope", "events"),
        ],
    );
    let changed = changed.await;
    browser.follow(&changed).await.shows("The webhook is changed.").shows("other.example.com");
    let webhook = app.webhooks().await.remove(0);
    assert_eq!((webhook.name, webhook.url.as_str()), (None, "https://other.example.com/"));
    assert_eq!(webhook.event_types, [EventType::EnrollmentCreate, EventType::ContentLibrarySyncRequest]);
    assert_eq!(webhook.headers.expose().collect::<Vec<_>>(), [("x-api-key", "k3y"), ("X-New", "new")]);
    assert_eq!(webhook.timestamp_unit, TimestampUnit::Milliseconds);
    assert_eq!(webhook.rate_limit.map(|limit| limit.get()), Some(5));
    let oauth2 = webhook.oauth2.unwrap();
    assert_eq!((oauth2.client_id.as_str(), oauth2.client_secret.expose()), ("them", "hidden-secret"));
    assert_eq!(oauth2.scope.as_deref(), Some("events"));
    assert_eq!(webhook.secret.unwrap().expose(), "MyS3cretK#y");
    // What is not ticked any more is off.
    browser.submit(&path, &path, &GOOD).await.leads_to();
    let webhook = app.webhooks().await.remove(0);
    assert_eq!((webhook.oauth2, webhook.headers.len(), webhook.rate_limit), (None, 0, None));
    assert_eq!(webhook.timestamp_unit, TimestampUnit::Seconds);
}

#[tokio::test]
async fn a_webhook_is_paused_resumed_and_deleted_after_a_question() {
    let app = App::new().await;
    let id = app.webhook(app.partner.portal_id, "Completions").await;
    let browser = app.administrator().await;
    let below = format!("/hub/{}/webhooks", app.partner.portal_id);
    let path = format!("{below}/{id}");
    let status = async || app.webhooks().await.first().map(|webhook| webhook.status);
    let paused = browser.submit(&path, &format!("{path}/pause"), &[]).await;
    browser.follow(&paused).await.shows("The webhook is paused").shows("badge warn\">Paused");
    assert_eq!(status().await, Some(WebhookStatus::Inactive(InactiveReason::Paused)));
    let resumed = browser.submit(&path, &format!("{path}/resume"), &[]).await;
    browser.follow(&resumed).await.shows("badge good\">Active");
    assert_eq!(status().await, Some(WebhookStatus::Active));
    browser.get(&format!("{path}/delete")).await.shows("Delete Completions?");
    assert_eq!(status().await, Some(WebhookStatus::Active));
    let deleted = browser.submit(&format!("{path}/delete"), &format!("{path}/delete"), &[]).await;
    browser.follow(&deleted).await.shows("Completions is deleted").shows("No webhooks yet");
    assert_eq!(status().await, None);
    assert_eq!(browser.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_secret_is_revealed_when_it_is_asked_for_and_rotated_with_grace() {
    let app = App::new().await;
    let id = app.webhook(app.partner.portal_id, "Completions").await;
    let browser = app.administrator().await;
    let path = format!("/hub/{}/webhooks/{id}", app.partner.portal_id);
    let page = browser.get(&path).await;
    assert!(page.shows("••••").text.contains("Reveal") && !page.text.contains("MyS3cretK#y"));
    let revealed = browser.submit(&path, &format!("{path}/reveal"), &[]).await;
    // It answers a form, so there is nothing to ask for again.
    assert!(!revealed.shows("MyS3cretK#y").text.contains("data-stream") && page.text.contains("data-stream"));
    // Not to who only looks.
    let viewer = app.signed_in(&app.partner.viewer).await;
    assert!(!viewer.get(&path).await.shows("••••").text.contains("Reveal"));
    let secret = format!("{path}/secret");
    browser.get(&secret).await.shows("24 hours");
    let rotated = browser.submit(&secret, &secret, &[("secret_key", "An0therK#y")]).await;
    browser.follow(&rotated).await.shows("still signs beside it").shows("A key before it still signs until");
    let webhook = app.webhooks().await.remove(0);
    assert_eq!(webhook.secrets_at(domain::clock::Clock::now(&*app.clock)), ["An0therK#y", "MyS3cretK#y"]);
    // Without one typed in, one is drawn.
    browser.submit(&secret, &secret, &[("secret_key", "")]).await.leads_to();
    let drawn = app.webhooks().await.remove(0).secret.unwrap();
    assert!(drawn.expose().len() == 32 && drawn.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    app.clock.advance(SignedDuration::from_hours(24));
    let browser = app.administrator().await;
    assert!(!browser.get(&path).await.text.contains("still signs until"));
    let ended = browser.submit(&secret, &secret, &[("end", "1")]).await;
    browser.follow(&ended).await.shows("not signed any more").shows("requests are not signed");
    assert_eq!(app.webhooks().await[0].secret, None);
}

/// Attempts what is due, with this answer.
pub(crate) async fn deliver(app: &App, status: u16) {
    let now = domain::clock::Clock::now(&*app.clock);
    let later = |seconds| now + SignedDuration::from_secs(seconds);
    let lanes = app.webhooks().await.into_iter().map(|webhook| (webhook.id, 10)).collect();
    let leases = app.store.lease_deliveries(&LeaseRequest { lanes, now, expires_at: later(10) }).await.unwrap();
    assert!(!leases.is_empty());
    let attempts = leases.into_iter().map(|lease| FinishedAttempt {
        lease,
        started_at: now,
        took: SignedDuration::from_millis(7),
        outcome: Outcome::Answered(Answered {
            status,
            retry_after: None,
            body: b"<b>no</b>".to_vec(),
            truncated: false,
            headers: String::new(),
        }),
        next: if status == 200 { Next::Delivered } else { Next::Retry { at: later(60) } },
    });
    app.store.finish_attempts(attempts.collect(), now).await.unwrap();
}

#[tokio::test]
async fn a_test_is_sent_and_its_outcome_is_on_the_page() {
    let app = App::new().await;
    let id = app.webhook(app.partner.portal_id, "Completions").await;
    let browser = app.administrator().await;
    let path = format!("/hub/{}/webhooks/{id}", app.partner.portal_id);
    let tested = browser.submit(&path, &format!("{path}/test"), &[("event_type", "enrollment.complete")]).await;
    assert!(tested.leads_to().ends_with("#test"));
    browser.follow(&tested).await.shows("Under way").shows(">Refresh</a>");
    deliver(&app, 500).await;
    let failed = browser.follow(&tested).await;
    failed.shows("badge bad\">500").shows("&#60;b&#62;no&#60;/b&#62;").shows("next one by").shows("0.0 %");
    app.clock.advance(SignedDuration::from_secs(60));
    deliver(&app, 200).await;
    let page = browser.follow(&tested).await;
    page.shows("badge good\">200").shows("Attempt 2").shows("50.0 %");
    assert!(!page.text.contains(">Refresh</a>"));
    // A test of another webhook is not shown here, nor is an event type that it is not told of.
    let other = app.webhook(app.partner.portal_id, "Another").await;
    let query = between(tested.leads_to(), "?", "#").unwrap();
    let elsewhere = browser.get(&format!("/hub/{}/webhooks/{other}?{query}", app.partner.portal_id)).await;
    assert!(!elsewhere.page(200).contains("Attempt 2"));
    let not_told = browser.submit(&path, &format!("{path}/test"), &[("event_type", "content.add")]).await;
    assert!(not_told.page(400).contains("not told of that event type"));
    for _ in 0..10 {
        browser.submit(&path, &format!("{path}/test"), &[]).await.leads_to();
    }
    browser.submit(&path, &format!("{path}/test"), &[]).await.shows("10 tests of this webhook are under way already");
}

#[tokio::test]
async fn every_act_is_in_the_audit_log_in_the_name_of_who_did_it() {
    let app = App::new().await;
    let browser = app.administrator().await;
    add(&app, &browser, &GOOD).await.leads_to();
    let id = app.webhooks().await[0].id.clone();
    let path = format!("/hub/{}/webhooks/{id}", app.partner.portal_id);
    for act in ["pause", "resume", "secret", "test", "delete"] {
        browser.submit(&path, &format!("{path}/{act}"), &[]).await.leads_to();
    }
    browser.submit(&format!("/hub/{}", app.partner.portal_id), "/hub/sign-out", &[]).await.leads_to();
    app.browser().sign_in("ada@partner.example.com", "wrong horse battery").await.page(422);
    let mut actions = Vec::new();
    // What was refused is noted after the answer.
    while !actions.contains(&"user_account.sign_in_refused hub unknown".to_owned()) {
        tokio::task::yield_now().await;
        let listed = app.store.list_audit_entries(app.partner.portal_id, &AuditFilter::default(), PAGE).await.unwrap();
        actions = listed
            .items
            .iter()
            .rev()
            .map(|stored| {
                let entry = &stored.entry;
                let who = entry.actor.id().unwrap_or_else(|| entry.actor.kind().to_owned());
                format!("{} {} {who}", entry.noted.action.as_str(), entry.channel.as_str())
            })
            .collect();
    }
    let ada = app.partner.administrator.id;
    let expected = [
        "user_account.sign_in",
        "webhook.create",
        "webhook.update",
        "webhook.update",
        "webhook.update",
        "webhook.test",
        "webhook.delete",
        "user_account.sign_out",
    ];
    let mut expected: Vec<String> = expected.iter().map(|action| format!("{action} hub {ada}")).collect();
    expected.push("user_account.sign_in_refused hub unknown".to_owned());
    assert_eq!(actions, expected);
}
