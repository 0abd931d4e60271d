//! What was told to whom, why it did not arrive, and how it is told again.

use ::browser::frame::role;
use contract::event_type::EventType;
use domain::audit::Action;
use domain::change::Change;
use domain::clock::Clock;
use domain::delivery::{Answer as Answered, Failure, FailureKind, FinishedAttempt, Next, Outcome};
use domain::enrollment::Status;
use domain::id::{DeliveryId, EnrollmentId, EventId, PortalId, ReplayId, WebhookId};
use domain::replay::{Replay, ReplayScope};
use domain::user_account::Role;
use domain::webhook::{InactiveReason, PER_PORTAL_MAX, WebhookStatus};
use jiff::SignedDuration;
use store::audit::AuditFilter;
use store::delivery::LeaseRequest;
use store::delivery_search::DeliverySearch;
use store::page::PageRequest;

use crate::app::{App, Browser, PASSWORD};
use crate::browser::site::Site;
use crate::pages::check;

const PAGE: PageRequest = PageRequest { limit: 100, offset: 0 };

/// A test of a webhook that was asked for, and a replay.
pub(crate) struct Told {
    pub(crate) delivery_id: DeliveryId,
    pub(crate) event_id: EventId,
    pub(crate) replay_id: ReplayId,
}

impl Told {
    pub(crate) async fn of(app: &App, portal_id: PortalId, webhook_id: &WebhookId) -> Self {
        let now = app.clock.now();
        let webhook = app.store.find_webhook(portal_id, webhook_id).await.unwrap().unwrap();
        let test = webhook.test(None, EventId::draw(&*app.random), now).unwrap();
        let delivery_id = app.store.save_test(webhook_id, test, now).await.unwrap();
        let event_id = app.store.find_delivery(portal_id, delivery_id).await.unwrap().unwrap().event.id.clone();
        let replay = Replay {
            id: ReplayId::draw(&*app.random),
            portal_id,
            webhook_id: webhook_id.clone(),
            scope: ReplayScope::Failed,
            since: now,
            deliveries: 0,
            finished_at: None,
            created_by: webhook.created_by,
            created_at: now,
        };
        let replay_id = replay.id.clone();
        app.store.save_replay(replay).await.unwrap();
        // It is over before anybody asks for another.
        while app.store.expand_replays(100, now).await.unwrap() {}
        Told { delivery_id, event_id, replay_id }
    }
}

/// Completes something in the portal of the customer, where nobody did yet.
async fn complete(app: &App, who: &str) -> EnrollmentId {
    let portal_id = app.customer.portal_id;
    let learner = app.account(portal_id, &format!("{who}@customer.example.com"), Role::Learner, PASSWORD).await;
    let lo_id = app.content(portal_id, "Fire safety").await;
    app.enrollment(portal_id, learner.id, lo_id, Status::Completed).await
}

/// Leases all that is due to the partner's webhooks, for ten seconds, and gives attempts with this outcome.
async fn attempts(app: &App, outcome: Outcome, next: Next) -> Vec<FinishedAttempt> {
    let now = app.clock.now();
    let lanes = app.webhooks().await.into_iter().map(|webhook| (webhook.id, 100)).collect();
    let expires_at = now + SignedDuration::from_secs(10);
    let leases = app.store.lease_deliveries(&LeaseRequest { lanes, now, expires_at }).await.unwrap();
    let attempt = |lease| FinishedAttempt {
        lease,
        started_at: now,
        took: SignedDuration::from_millis(87),
        outcome: outcome.clone(),
        next,
    };
    leases.into_iter().map(attempt).collect()
}

fn answered(status: u16, body: &str) -> Outcome {
    Outcome::Answered(Answered {
        status,
        retry_after: None,
        body: body.as_bytes().to_vec(),
        truncated: false,
        headers: format!("x-said: {body}\n"),
    })
}

/// Attempts what is due, with this answer.
async fn deliver(app: &App, status: u16, body: &str, next: Next) {
    let made = attempts(app, answered(status, body), next).await;
    assert!(!made.is_empty());
    app.store.finish_attempts(made, app.clock.now()).await.unwrap();
}

async fn newest(app: &App) -> DeliveryId {
    let found = app.store.search_deliveries(app.partner.portal_id, &DeliverySearch::default(), None, 1).await.unwrap();
    found.items[0].id
}

fn portal(app: &App) -> String {
    format!("/hub/{}", app.partner.portal_id)
}

async fn shows(browser: &Browser<'_>, path: &str, shown: &[&str], hidden: &[&str]) {
    let page = browser.get(path).await;
    for text in shown {
        page.shows(text);
    }
    for text in hidden {
        assert!(!page.text.contains(text), "{path}: {text}");
    }
}

#[tokio::test]
async fn deliveries_are_narrowed_and_what_was_understood_is_said() {
    let app = App::new().await;
    let first = app.webhook(app.partner.portal_id, "Completions").await;
    let second = app.webhook(app.partner.portal_id, "Reports").await;
    let enrollment = complete(&app, "grace").await;
    deliver(&app, 200, "", Next::Delivered).await;
    app.clock.advance(SignedDuration::from_hours(24));
    complete(&app, "linus").await;
    deliver(&app, 500, "", Next::Exhausted).await;
    let browser = app.administrator().await;
    let list = format!("{}/deliveries", portal(&app));
    let (good, bad) = ("badge good\">Delivered", "badge bad\">Failed");
    shows(&browser, &list, &[good, bad, "Completions", "Reports", "The customer"], &["Older", "rel=\"next\""]).await;
    let check = async |query: &str, shown: &[&str], hidden: &[&str]| {
        shows(&browser, &format!("{list}?{query}"), shown, hidden).await;
    };
    check("status=failed", &[bad, "every attempt of the schedule failed"], &[good]).await;
    check("status=delivered", &[good], &[bad]).await;
    check("status=held", &["Nothing found"], &[good, bad]).await;
    check(&format!("webhook={first}"), &[good, "Completions"], &["data-label=\"Webhook\"><span>Reports"]).await;
    check(
        &format!("q={second}"),
        &["Deliveries to the webhook Reports."],
        &["data-label=\"Webhook\"><span>Completions"],
    )
    .await;
    check(
        &format!("q=%20%22{enrollment}%22%2C"),
        &[good, &format!("about the enrollment or the content {enrollment}"), &format!("why?q={enrollment}")],
        &[bad],
    )
    .await;
    check("since=2022-03-30", &[bad], &[good]).await;
    check("until=2022-03-29T02:00", &[good], &[bad]).await;
    check("type=enrollment.create", &["Nothing found"], &[good, bad]).await;
    check("portal=the+customer", &[good, bad], &[]).await;
    check(&format!("portal={}", app.customer.portal_id), &[good, bad], &[]).await;
    check(&format!("portal={}", app.partner.portal_id), &["Nothing found"], &[good, bad]).await;
    let delivery = newest(&app).await;
    let event = app.store.find_delivery(app.partner.portal_id, delivery).await.unwrap().unwrap().event.id.clone();
    check(&format!("q={event}"), &[bad, &format!("Deliveries of the event {event}.")], &[good]).await;
    check(
        &format!("q={delivery}"),
        &["Nothing was told", &format!("deliveries/{delivery}\">Delivery {delivery}")],
        &[bad],
    )
    .await;
    for (query, field) in [
        ("q=what%20is%20it", "q"),
        ("webhook=x", "webhook"),
        ("portal=nobody", "portal"),
        (&format!("portal={}", app.stranger.portal_id), "portal"),
        ("type=lost", "type"),
        ("status=lost", "status"),
        ("since=yesterday", "since"),
        ("until=9999-12-31", "until"),
    ] {
        check(query, &["Nothing was looked for", &format!("id=\"{field}-error\"")], &[good, bad]).await;
    }
    // A customer sees its own webhooks' deliveries: it has none.
    let customer = app.signed_in(&app.customer.viewer).await;
    shows(&customer, &format!("/hub/{}/deliveries", app.customer.portal_id), &["No deliveries yet"], &[good]).await;
}

#[tokio::test]
async fn pages_of_deliveries_hang_together_while_more_come() {
    let app = App::new().await;
    app.webhook(app.partner.portal_id, "Completions").await;
    for n in 0..30 {
        complete(&app, &format!("learner{n}")).await;
    }
    let browser = app.administrator().await;
    let first = browser.get(&format!("{}/deliveries", portal(&app))).await;
    let next = |text: &str| {
        let (before, _) = text.split_once("\" rel=\"next\"")?;
        Some(before.rsplit_once("href=\"")?.1.replace("&#38;", "&"))
    };
    let older = next(&first.text).unwrap();
    let rows = |text: &str| -> Vec<String> {
        text.split("class=\"row-link\" href=\"")
            .skip(1)
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect()
    };
    for n in 0..3 {
        complete(&app, &format!("late{n}")).await;
    }
    let second = browser.get(&older).await;
    second.shows("That is all.").shows(">Newest</a>");
    let (first, second) = (rows(&first.text), rows(&second.text));
    assert_eq!((first.len(), second.len(), next(&browser.get(&older).await.text)), (25, 5, None));
    assert!(first.iter().all(|path| !second.contains(path)));
}

#[tokio::test]
async fn a_delivery_shows_what_was_sent_and_what_came_of_each_attempt() {
    let app = App::new().await;
    let id = app.webhook(app.partner.portal_id, "Completions").await;
    complete(&app, "grace").await;
    let browser = app.administrator().await;
    let delivery = newest(&app).await;
    let path = format!("{}/deliveries/{delivery}", portal(&app));
    shows(
        &browser,
        &path,
        &["It waits for its first attempt", "Not sent yet", "attempt_number&#34;: 1", ">Refresh</a>"],
        &[">Replay</button>"],
    )
    .await;
    // The first attempt is refused with something that looks like a page.
    let later = app.clock.now() + SignedDuration::from_secs(60);
    deliver(&app, 503, "<script>alert(1)</script>\u{0}\u{202e}", Next::Retry { at: later }).await;
    app.clock.advance(SignedDuration::from_secs(60));
    // The second is begun by a node that dies.
    drop(attempts(&app, answered(200, ""), Next::Delivered).await);
    shows(&browser, &path, &["Being made", "<strong>Attempt 2</strong>", "503 Service Unavailable"], &["Not recorded"])
        .await;
    app.clock.advance(SignedDuration::from_secs(11));
    shows(&browser, &path, &["badge warn\">Not recorded"], &["Being made"]).await;
    let failure = Failure { kind: FailureKind::Connect, detail: "refused by <b>10.0.0.1</b>".to_owned() };
    let later = app.clock.now() + SignedDuration::from_secs(300);
    let made = attempts(&app, Outcome::Failed(failure), Next::Retry { at: later }).await;
    app.store.finish_attempts(made, app.clock.now()).await.unwrap();
    app.clock.advance(SignedDuration::from_secs(300));
    deliver(&app, 200, "thanks", Next::Delivered).await;
    let page = browser.get(&path).await;
    page.shows("badge good\">200 OK").shows("No connection").shows("refused by &#60;b&#62;10.0.0.1").shows("thanks");
    page.shows("It arrived at <time")
        .shows("As sent with attempt 4")
        .shows("&#60;script&#62;alert(1)&#60;/script&#62;");
    page.shows("go1-signature")
        .shows("attempt_number&#34;: 4")
        .shows("&#34;attempt_number&#34;:4,")
        .shows(">Replay</button>");
    assert!(!page.text.contains("<script>alert") && !page.text.contains("MyS3cretK#y"));
    shows(
        &browser,
        &format!("{path}?attempt=1"),
        &["As sent with attempt 1", "attempt_number&#34;: 1", "2022-03-29T01:29:36.676Z"],
        &["attempt_number&#34;: 4"],
    )
    .await;
    let viewer = app.signed_in(&app.partner.viewer).await;
    shows(&viewer, &path, &["200 OK"], &[">Replay</button>"]).await;
    // Deleted, it stays readable.
    let webhook = app.store.find_webhook(app.partner.portal_id, &id).await.unwrap().unwrap();
    let deleted = webhook.delete(app.partner.administrator.id, app.clock.now());
    app.store.save_webhook(deleted, PER_PORTAL_MAX).await.unwrap();
    shows(&browser, &path, &["Deleted", "(the webhook is deleted)", "200 OK"], &[">Replay</button>"]).await;
    let refused = browser.submit(&portal(&app), &format!("{path}/replay"), &[]).await;
    browser.follow(&refused).await.shows("The webhook is deleted: nothing can be told to it");
}

#[tokio::test]
async fn one_delivery_is_told_again_by_an_administrator() {
    let app = App::new().await;
    app.webhook(app.partner.portal_id, "Completions").await;
    complete(&app, "grace").await;
    deliver(&app, 500, "", Next::Exhausted).await;
    let browser = app.administrator().await;
    let first = newest(&app).await;
    let path = format!("{}/deliveries/{first}", portal(&app));
    let again = browser.submit(&path, &format!("{path}/replay"), &[]).await;
    let second = newest(&app).await;
    assert_eq!(again.leads_to(), format!("{}/deliveries/{second}", portal(&app)));
    browser.follow(&again).await.shows("this is its new delivery").shows("Other deliveries of this event").shows(&path);
    let under_way = browser.submit(&path, &format!("{path}/replay"), &[]).await;
    browser.follow(&under_way).await.shows("notice bad").shows("on its way to the webhook already");
    deliver(&app, 200, "", Next::Delivered).await;
    // Its attempts are numbered on, and those before are not taken for lost.
    let page = browser.get(again.leads_to()).await;
    page.shows("<strong>Attempt 2</strong>").shows("those of earlier deliveries");
    assert!(!page.text.contains("Not recorded"));
    let elsewhere = format!("{}/deliveries/999999", portal(&app));
    assert_eq!(browser.submit(&path, &format!("{elsewhere}/replay"), &[]).await.status, 404);
    let noted = AuditFilter { actions: Some(vec![Action::DeliveryReplay]), ..Default::default() };
    let entries = app.store.list_audit_entries(app.partner.portal_id, &noted, PAGE).await.unwrap().items;
    let [entry] = entries.try_into().unwrap();
    assert_eq!((entry.entry.noted.subject_id, entry.entry.channel.as_str()), (first.to_string(), "hub"));
}

#[tokio::test]
async fn what_failed_and_what_happened_is_told_again_after_a_preview() {
    let app = App::new().await;
    let id = app.webhook(app.partner.portal_id, "Completions").await;
    for n in 0..3 {
        complete(&app, &format!("learner{n}")).await;
    }
    deliver(&app, 500, "", Next::Exhausted).await;
    let browser = app.administrator().await;
    let path = format!("{}/webhooks/{id}/replays", portal(&app));
    shows(&browser, &path, &["value=\"failed\" checked", "Replays so far", "None."], &["Begin the replay"]).await;
    shows(
        &browser,
        &format!("{path}?scope=failed&since=2022-03-29"),
        &["<strong>3 events</strong>", "Begin the replay"],
        &[],
    )
    .await;
    shows(
        &browser,
        &format!("{path}?scope=all&since=2022-03-29"),
        &["<strong>3 events</strong>", "what has arrived arrives again"],
        &[],
    )
    .await;
    for (query, said) in [
        ("scope=failed&since=2022-03-29T01:30", "is in the future"),
        ("scope=some&since=2022-03-29", "Choose what is told again."),
        ("scope=all&since=soon", "Enter a day and a time"),
    ] {
        assert!(browser.get(&format!("{path}?{query}")).await.page(422).contains(said));
    }
    let begun = browser.submit(&path, &path, &[("scope", "failed"), ("since", "2022-03-29T01:00")]).await;
    browser.follow(&begun).await.shows("Under way").shows("0 new deliveries so far").shows(">Refresh</a>");
    let twice = browser.submit(&path, &path, &[("scope", "all"), ("since", "2022-03-29T01:00")]).await;
    assert!(twice.page(422).contains("Another replay of this webhook is under way"));
    while app.store.expand_replays(2, app.clock.now()).await.unwrap() {}
    browser.get(begun.leads_to()).await.shows("badge good\">Finished").shows("3 new deliveries").shows("ada@partner");
    shows(&browser, &path, &["badge good\">Finished"], &["None."]).await;
    let viewer = app.signed_in(&app.partner.viewer).await;
    shows(&viewer, &path, &["Finished"], &["Preview", "Begin the replay"]).await;
    let noted = AuditFilter { actions: Some(vec![Action::ReplayCreate]), ..Default::default() };
    assert_eq!(app.store.list_audit_entries(app.partner.portal_id, &noted, PAGE).await.unwrap().total, 1);
}

#[tokio::test]
async fn why_something_did_not_arrive_is_said_for_every_webhook() {
    let app = App::new().await;
    let portal_id = app.partner.portal_id;
    // Before there is any webhook.
    let early = complete(&app, "early").await;
    let told = app.webhook(portal_id, "Told").await;
    let other = app.webhook(portal_id, "Other types").await;
    let mut webhook = app.store.find_webhook(portal_id, &other).await.unwrap().unwrap();
    webhook.event_types = vec![EventType::ContentAdd];
    app.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
    let off = app.webhook(portal_id, "Switched off").await;
    let mut webhook = app.store.find_webhook(portal_id, &off).await.unwrap().unwrap();
    webhook.status = WebhookStatus::Inactive(InactiveReason::Owner);
    app.store.save_webhook(Change::silent(webhook), PER_PORTAL_MAX).await.unwrap();
    let late = complete(&app, "late").await;
    let browser = app.administrator().await;
    let why = format!("{}/why", portal(&app));
    shows(&browser, &why, &["Event id, or number of an enrollment"], &["id=\"answer\""]).await;
    shows(&browser, &format!("{why}?q={early}"), &["The webhook was made after this event."], &["Under way"]).await;
    let expected = [
        "It waits for its first attempt",
        "was not subscribed to enrollment.complete",
        "its owner had made it so",
        &format!("/hub/{}/enrollments/{late}", app.customer.portal_id),
    ];
    shows(&browser, &format!("{why}?q={late}"), &expected, &["There is no Enrollment complete"]).await;
    let learner = app.account(app.customer.portal_id, "idle@customer.example.com", Role::Learner, PASSWORD).await;
    let lo_id = app.content(app.customer.portal_id, "Data law").await;
    let idle = app.enrollment(app.customer.portal_id, learner.id, lo_id, Status::InProgress).await;
    shows(&browser, &format!("{why}?q={idle}"), &["There is no Enrollment complete.", "is not completed"], &[]).await;
    for (query, said) in [
        ("q=hello", "Enter an event id"),
        ("q=hg4JWUDbT55B", "There is no event hg4JWUDbT55B"),
        ("q=5", "knows nothing"),
    ] {
        shows(&browser, &format!("{why}?{query}"), &[said], &["id=\"answer\""]).await;
    }
    // Nobody else is told anything.
    let stranger = app.signed_in(&app.stranger.administrator).await;
    shows(&stranger, &format!("/hub/{}/why?q={late}", app.stranger.portal_id), &["knows nothing"], &["id=\"answer\""])
        .await;
    // The event itself, by its id; and the list, where it matched no webhook.
    let delivery = app.store.find_delivery(portal_id, newest(&app).await).await.unwrap().unwrap();
    assert_eq!(delivery.webhook_id, told);
    let event = format!("{}/events/{}", portal(&app), delivery.event.id);
    assert_eq!(browser.get(&format!("{why}?q={}", delivery.event.id)).await.leads_to(), event);
    shows(&browser, &event, &["was not subscribed", "See the delivery", "&#34;lo_id&#34;: "], &[]).await;
    let events = format!("{}/events", portal(&app));
    shows(
        &browser,
        &format!("{events}?type=enrollment.complete&about={early}"),
        &["Told nobody", "matched no webhook"],
        &["Under way"],
    )
    .await;
    shows(
        &browser,
        &format!("{events}?about={late}&type=enrollment.complete"),
        &["Under way", "0 of 1 webhook"],
        &["Told nobody"],
    )
    .await;
    shows(&browser, &format!("{events}?since=2022-03-30"), &["Nothing found"], &[]).await;
    // From the customer's portal its partner's webhooks are a step away, for the partner's people.
    let below = format!("/hub/{}/events/{}", app.customer.portal_id, delivery.event.id);
    shows(
        &browser,
        &below,
        &["This portal has no webhook", "Whether it reached the webhooks of The partner"],
        &["See the delivery"],
    )
    .await;
    let customer = app.signed_in(&app.customer.viewer).await;
    shows(&customer, &below, &["This portal has no webhook"], &["Whether it reached", "Completions"]).await;
}

#[tokio::test]
async fn what_administrators_are_told_is_on_the_page_of_notices() {
    let app = App::new().await;
    app.webhook(app.partner.portal_id, "<i>Completions</i>").await;
    let browser = app.administrator().await;
    let path = format!("{}/notices", portal(&app));
    shows(&browser, &path, &["No notices"], &[]).await;
    complete(&app, "grace").await;
    deliver(&app, 500, "", Next::Exhausted).await;
    shows(
        &browser,
        &path,
        &["Given up", "1 delivery was given up", "status 500", "not mailed", "Tell it again"],
        &["<i>"],
    )
    .await;
    shows(&browser, &portal(&app), &["All notices"], &[]).await;
}

#[tokio::test]
async fn pages_of_deliveries_as_they_look() {
    let app = App::new().await;
    let id = app.webhook(app.partner.portal_id, "Completions").await;
    let enrollment = complete(&app, "grace").await;
    Told::of(&app, app.partner.portal_id, &id).await;
    let later = app.clock.now() + SignedDuration::from_secs(60);
    deliver(&app, 500, "<h1>Sorry</h1>", Next::Retry { at: later }).await;
    let browser = app.administrator().await;
    let portal = portal(&app);
    let delivery = newest(&app).await;
    check("deliveries", &browser.get(&format!("{portal}/deliveries")).await);
    check("delivery", &browser.get(&format!("{portal}/deliveries/{delivery}")).await);
    check("events", &browser.get(&format!("{portal}/events?type=enrollment.complete")).await);
    check("why", &browser.get(&format!("{portal}/why?q={enrollment}")).await);
    check("replays", &browser.get(&format!("{portal}/webhooks/{id}/replays?scope=all&since=2022-03-29")).await);
}

#[tokio::test]
async fn a_delivery_that_is_looked_at_shows_by_itself_what_came_of_it() {
    let app = App::new().await;
    let id = app.webhook(app.partner.portal_id, "Completions").await;
    complete(&app, "grace").await;
    let site = Site::of(app).await;
    let app = &site.app;
    let page = site.signed_in("administrator", &app.partner.administrator).await;
    page.goto(&site.url_for("administrator", &format!("{}/deliveries", portal(app)))).await;
    page.click(role("link", "Enrollment complete")).await;
    page.wait_for_text("It waits for its first attempt").await;
    deliver(app, 500, "<script>document.title = 'Mine'</script>", Next::Exhausted).await;
    page.wait_for("document.querySelector('#next').innerText.includes('It was given up')").await;
    assert!(page.text("#attempts").await.contains("<script>document.title = 'Mine'</script>"));
    assert_ne!(page.eval("document.title").await, "Mine");
    page.click(role("button", "Copy as sent")).await;
    page.wait_for_text("Copied").await;
    page.click(role("button", "Replay")).await;
    page.wait_for_text("this is its new delivery").await;
    deliver(app, 200, "", Next::Delivered).await;
    page.wait_for("document.querySelector('#state').innerText === 'Delivered'").await;
    // What arrived is told again only when it is asked for twice.
    page.click(role("button", "Replay")).await;
    page.wait_for_text("It arrived already.").await;
    page.click(role("button", "Cancel")).await;
    // Many are told again, and the page of the replay says when it is over.
    let replays = format!("{}/webhooks/{id}/replays", portal(app));
    page.goto(&site.url_for("administrator", &replays)).await;
    page.click("#all").await;
    page.click(role("button", "Preview")).await;
    page.wait_for_text("1 event that this webhook asks for").await;
    page.click(role("button", "Begin the replay")).await;
    page.wait_for_text("0 new deliveries so far").await;
    while app.store.expand_replays(100, app.clock.now()).await.unwrap() {}
    page.wait_for("document.querySelector('#state').innerText === 'Finished'").await;
    assert!(page.text("#progress").await.starts_with("1 new delivery"));
    assert_eq!(page.complaints(), []);
}
