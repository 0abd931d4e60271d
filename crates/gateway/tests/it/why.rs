//! Why an event did, or did not, arrive. Ours.

use contract::api::delivery::Replay;
use contract::api::event::{EnrollmentEvents, Event, EventWebhook};
use contract::api::page::Page;
use domain::clock::Clock;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::event::PruneCursor;

use crate::app::{App, Caller, enrollment};

async fn webhook(caller: &Caller<'_>, name: &str, event_types: &[&str]) -> String {
    let asked = json!({"name": name, "url": "https://receiver.example.com", "event_types": event_types});
    let made: Value = caller.post("/webhooks", asked).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// Somebody at the customer is enrolled, and completes the content if that is wanted; the enrollment.
async fn enrolled(app: &App, name: &str, status: &str, more: Value) -> String {
    let customer = app.as_(&app.customer);
    let learner = customer.learner(&format!("{name}@example.com")).await;
    let mut asked = enrollment(&learner, &customer.content(name).await);
    asked["status"] = json!(status);
    asked.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let made: Value = customer.post("/enrollments", asked).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn why(caller: &Caller<'_>, enrollment: &str) -> EnrollmentEvents {
    caller.get(&format!("/enrollments/{enrollment}/events")).await.expect(200)
}

/// How a webhook stands to the last of the events.
fn last<'a>(explained: &'a EnrollmentEvents, webhook_id: &str) -> &'a EventWebhook {
    let webhooks = explained.events.last().unwrap().webhooks.as_ref().unwrap();
    webhooks.iter().find(|webhook| webhook.webhook_id == webhook_id).unwrap()
}

#[tokio::test]
async fn one_call_says_where_a_completion_went_and_why_not_elsewhere() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let told = webhook(&partner, "told", &["enrollment.complete"]).await;
    let other = webhook(&partner, "other", &["enrollment.delete"]).await;
    let inactive = webhook(&partner, "inactive", &["enrollment.complete"]).await;
    let path = format!("/webhooks/{inactive}");
    partner.patch(&path, json!({"status": "inactive"})).await.expect::<Value>(200);
    let own = webhook(&app.as_(&app.customer), "of the customer", &["content.add"]).await;
    let id = enrolled(&app, "grace", "completed", Value::Null).await;
    let young = webhook(&partner, "young", &["enrollment.complete"]).await;
    // What becomes of them later changes nothing.
    partner.patch(&path, json!({"status": "active"})).await.expect::<Value>(200);
    let every = json!({"event_types": ["enrollment.complete", "enrollment.delete"]});
    partner.patch(&format!("/webhooks/{other}"), every).await.expect::<Value>(200);

    let explained = why(&partner, &id).await;
    assert_eq!((explained.enrollment_id.as_str(), &explained.reason), (id.as_str(), &None));
    let types: Vec<_> = explained.events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["enrollment.create", "enrollment.complete"]);
    assert!(explained.events.iter().all(|event| event.data["id"] == id.as_str()));
    let stands = |id: &str| {
        let webhook = last(&explained, id);
        (webhook.status.as_str(), webhook.reason.as_deref(), webhook.attempt_number)
    };
    assert_eq!(stands(&told), ("pending", None, Some(0)));
    assert_eq!(stands(&other), ("not_told", Some("not_subscribed"), None));
    assert_eq!(stands(&inactive), ("not_told", Some("inactive"), None));
    assert_eq!(stands(&young), ("not_told", Some("made_later"), None));
    assert!(last(&explained, &other).explanation.contains("enrollment.complete"));
    assert_eq!(last(&explained, &told).name.as_deref(), Some("told"));

    // Each sees its own webhooks, and nobody those of another.
    let of_customer = why(&app.as_(&app.customer), &id).await;
    let webhooks = of_customer.events[1].webhooks.as_ref().unwrap();
    assert_eq!(webhooks.iter().map(|webhook| &webhook.webhook_id).collect::<Vec<_>>(), [&own]);
    assert_eq!(explained.events[1].webhooks.as_ref().unwrap().len(), 4);
    app.as_(&app.sibling).get(&format!("/enrollments/{id}/events")).await.expect_refusal(404, &id);
}

#[tokio::test]
async fn a_completion_without_an_event_has_its_reason() {
    let app = App::new().await;
    let (partner, customer) = (app.as_(&app.partner), app.as_(&app.customer));
    let unfinished = enrolled(&app, "ada", "in-progress", Value::Null).await;
    let explained = why(&partner, &unfinished).await;
    assert_eq!((explained.events.len(), explained.reason.as_deref()), (1, Some("not_completed")));
    assert!(explained.explanation.unwrap().contains("completed"));

    let learner: Value = customer.get(&format!("/enrollments/{unfinished}")).await.expect(200);
    let whole = json!({"parent_enrollment_id": unfinished, "user_account_id": learner["user_account_id"]});
    let part = enrolled(&app, "part", "completed", whole).await;
    let explained = why(&customer, &part).await;
    assert_eq!((explained.events.len(), explained.reason.as_deref()), (0, Some("part_of_course")));

    let path = format!("/enrollments/{unfinished}");
    customer.delete(&path).await.expect_nothing(204);
    let explained = why(&customer, &unfinished).await;
    assert_eq!((explained.events.len(), explained.reason.as_deref()), (2, Some("no_such_enrollment")));
    customer.get("/enrollments/1/events").await.expect_refusal(404, "enrollment 1");
}

#[tokio::test]
async fn what_is_not_kept_any_more_is_said_to_be_so() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let old = enrolled(&app, "grace", "completed", Value::Null).await;
    let id = webhook(&partner, "young", &["enrollment.complete"]).await;
    app.clock.advance(SignedDuration::from_mins(30));
    let since = json!({"webhook_id": id, "scope": "all", "since": crate::app::START});
    let replay: Replay = partner.post("/replays", since.clone()).await.expect(201);
    assert_eq!(replay.events_from, None);
    while app.store.expand_replays(9, app.clock.now()).await.unwrap() {}
    partner.delete(&format!("/webhooks/{id}")).await.expect_nothing(204);
    app.store.expire_deliveries(9, app.clock.now()).await.unwrap();
    let kept = enrolled(&app, "alan", "completed", Value::Null).await;
    let young = webhook(&partner, "young", &["enrollment.complete"]).await;
    enrolled(&app, "last", "completed", Value::Null).await;
    app.store.prune_events(PruneCursor::default(), app.clock.now(), 500).await.unwrap();

    let explained = why(&partner, &old).await;
    assert_eq!((explained.events.len(), explained.reason.as_deref()), (0, Some("not_kept")));
    assert_eq!(why(&partner, &kept).await.reason, None);
    let since = json!({"webhook_id": young, "scope": "all", "since": crate::app::START});
    let replay: Replay = partner.post("/replays", since).await.expect(201);
    assert_eq!(replay.events_from, Some(app.clock.now().into()));
    let shown: Replay = partner.get(&format!("/replays/{}", replay.id)).await.expect(200);
    assert_eq!(shown, replay);
}

#[tokio::test]
async fn events_are_listed_newest_first_and_shown_one_by_one() {
    let app = App::new().await;
    let (partner, customer) = (app.as_(&app.partner), app.as_(&app.customer));
    let told = webhook(&partner, "told", &["enrollment.complete"]).await;
    let id = enrolled(&app, "grace", "completed", Value::Null).await;
    app.clock.advance(SignedDuration::from_mins(30));
    enrolled(&app, "alan", "not-started", Value::Null).await;

    let page: Page<Event> = partner.get("/events").await.expect(200);
    let types: Vec<_> = page.hits.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!((page.total, types), (3, vec!["enrollment.create", "enrollment.complete", "enrollment.create"]));
    let completed = &page.hits[1];
    assert_eq!((completed.webhooks.as_ref(), completed.test), (None, false));
    assert_eq!(completed.portal_id, app.customer.portal_id.to_string());
    for query in [
        format!("?enrollment_id={id}&event_type=enrollment.complete"),
        "?event_type=enrollment.complete,content.add".to_owned(),
        "?limit=1&offset=1".to_owned(),
        format!("?event_type=enrollment.complete&to={}", crate::app::START),
    ] {
        let page: Page<Event> = customer.get(&format!("/events{query}")).await.expect(200);
        assert_eq!(page.hits, std::slice::from_ref(completed), "{query}");
    }
    for query in [format!("?lo_id={id}"), "?from=2022-03-30".to_owned(), "?enrollment_id=1".to_owned()] {
        let page: Page<Event> = customer.get(&format!("/events{query}")).await.expect(200);
        assert_eq!((page.total, page.hits), (0, vec![]), "{query}");
    }
    let shown: Event = partner.get(&format!("/events/{}", completed.id)).await.expect(200);
    let webhooks = shown.webhooks.clone().unwrap();
    assert_eq!((webhooks.len(), webhooks[0].webhook_id.as_str(), webhooks[0].status.as_str()), (1, &*told, "pending"));
    assert_eq!(Event { webhooks: None, ..shown }, *completed);
    customer.get("/events?lo_id=1&enrollment_id=1").await.expect_field("lo_id", "together");
    customer.get("/events?event_type=enrollment.gone").await.expect_field("event_type[0]", "unknown event type");
    customer.get("/events?from=yesterday").await.expect_field("from", "not an instant");
    customer.get("/events?limit=101").await.expect_field("limit", "at most 100");
    customer.get("/events/hg4JWUDbT55B").await.expect_refusal(404, "event hg4JWUDbT55B");
}
