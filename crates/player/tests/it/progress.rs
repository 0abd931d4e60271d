//! What the page says, and what becomes of it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::app::App;

async fn opened(app: &App) -> Value {
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    app.open(&launched).await
}

#[tokio::test]
async fn a_completion_rings_once() {
    let app = App::new().await;
    let opened = opened(&app).await;
    assert_eq!(opened["enrollment"]["status"], "in-progress");
    app.report(&opened, 1, json!({"status": "in-progress", "progress": 0.5})).await.ok();
    assert_eq!(app.events().await, ["enrollment.create"]);
    let said = json!({"status": "completed", "pass": true, "result": 79.6});
    let answer = app.report(&opened, 2, said.clone()).await.ok();
    let id = app.enrollments().await[0].id.to_string();
    assert_eq!(answer, json!({"enrollment": {"id": id, "status": "completed", "pass": true, "result": 80}}));
    // What was not heard is said again, and what is said again rings no bell.
    assert_eq!(app.report(&opened, 2, said.clone()).await.ok(), answer);
    assert_eq!(app.report(&opened, 3, said).await.ok(), answer);
    assert_eq!(app.events().await, ["enrollment.complete", "enrollment.create"]);
    let version = app.enrollments().await[0].version;
    assert_eq!(version, 2, "nothing was written that changes nothing");
}

#[tokio::test]
async fn nobody_goes_back_in_whichever_order_reports_arrive() {
    let app = App::new().await;
    let opened = opened(&app).await;
    let answer = app.report(&opened, 5, json!({"status": "completed", "pass": true, "result": 80})).await.ok();
    for (sequence, said) in [
        (4, json!({"status": "in-progress", "result": 10})),
        (6, json!({"status": "in-progress", "pass": false, "result": 20})),
        (7, json!({"status": "completed", "pass": false, "result": 30})),
    ] {
        assert_eq!(app.report(&opened, sequence, said).await.ok(), answer);
    }
    // A completion that arrives late is one.
    let late = self::opened(&app).await;
    app.report(&late, 9, json!({"status": "in-progress", "location": "page 9"})).await.ok();
    let answer = app.report(&late, 8, json!({"status": "completed", "location": "page 8"})).await.ok();
    assert_eq!(answer["enrollment"]["status"], "completed");
    assert_eq!(app.events().await.iter().filter(|kind| **kind == "enrollment.complete").count(), 2);
    let enrollment_id = app.enrollments().await[1].id;
    let place = app.store.find_place(enrollment_id).await.unwrap().unwrap();
    assert_eq!(place.location.as_deref(), Some("page 9"), "but not to where they were before");
}

#[tokio::test]
async fn a_destination_may_let_a_pass_be_lost() {
    let app = App::new().await;
    let destination = app.destination(|destination| destination.lower_status = true).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    assert_eq!(launched["lower_status"], true);
    let opened = app.open(&launched).await;
    app.report(&opened, 1, json!({"status": "completed", "pass": true, "result": 80})).await.ok();
    let answer = app.report(&opened, 2, json!({"status": "in-progress", "pass": false, "result": 20})).await.ok();
    let lowered = json!({"status": "completed", "pass": false, "result": 20, "id": answer["enrollment"]["id"]});
    assert_eq!(answer["enrollment"], lowered);
    let answer = app.report(&opened, 1, json!({"status": "completed", "pass": true, "result": 10})).await.ok();
    assert_eq!(answer["enrollment"]["result"], 20, "what is late lowers nothing");
}

#[tokio::test]
async fn a_learner_goes_on_where_they_were() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let opened = app.open(&app.launch(&app.lms(&destination, "ada")).await.ok()).await;
    assert_eq!(
        (&opened["location"], &opened["resume"], &opened["progress"]),
        (&json!(null), &json!(null), &json!(null))
    );
    let resume = "é".repeat(32_768);
    let said = json!({"status": "in-progress", "progress": 0.25, "location": "p3", "resume": resume});
    app.report(&opened, 1, said).await.ok();
    app.report(&opened, 2, json!({"status": "in-progress", "location": "p4"})).await.ok();
    let launched = app.launch(&app.lms(&destination, "ada").resumed()).await.ok();
    let mirror = json!({"status": "incomplete", "score": null, "progress": 0.25, "location": "p4"});
    assert_eq!(launched["mirror"], mirror);
    let opened = app.open(&launched).await;
    assert_eq!(
        (&opened["location"], &opened["resume"], &opened["progress"]),
        (&json!("p4"), &json!(resume), &json!(0.25))
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let app = App::new().await;
    let opened = opened(&app).await;
    for (said, name) in [
        (json!({"status": "not-started"}), "status"),
        (json!({"status": "done"}), "status"),
        (json!({}), "status"),
        (json!({"status": "completed", "result": -0.1}), "result"),
        (json!({"status": "completed", "result": 100.1}), "result"),
        (json!({"status": "completed", "result": "80"}), "expected f64"),
        (json!({"status": "completed", "progress": 1.01}), "progress"),
        (json!({"status": "completed", "location": "é".repeat(1_001)}), "location"),
        (json!({"status": "completed", "resume": "x".repeat(65_537)}), "resume"),
    ] {
        let answer = app.report(&opened, 1, said).await;
        assert!(answer.text().contains(name), "{}", answer.text());
        answer.refused(400, "malformed");
    }
    for sequence in [0, -1] {
        app.report(&opened, sequence, json!({"status": "completed"})).await.refused(400, "malformed");
    }
    app.report(&opened, i64::MAX, json!({"status": "in-progress", "location": "é".repeat(1_000)})).await.ok();
}

#[tokio::test]
async fn sessions_end_by_the_clock() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let opened = app.open(&launched).await;
    app.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    app.report(&opened, 1, json!({"status": "in-progress"})).await.ok();
    assert_eq!(app.commit(&launched, 1, json!({})).await.status, 204);
    app.clock.advance(SignedDuration::from_secs(1));
    app.report(&opened, 2, json!({"status": "completed"})).await.refused(401, "session_over");
    app.commit(&launched, 2, json!({})).await.refused(401, "session_over");
}

#[tokio::test]
async fn each_session_is_good_for_its_own_purpose() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let opened = app.open(&launched).await;
    app.report(&launched, 1, json!({"status": "completed"})).await.refused(401, "session_over");
    app.commit(&opened, 1, json!({})).await.refused(401, "session_over");
    app.report(&json!({"session": "guess"}), 1, json!({"status": "completed"})).await.refused(401, "session_over");
    assert_eq!(app.events().await, ["enrollment.create"]);
}

#[tokio::test]
async fn an_enrollment_that_was_deleted_is_gone() {
    let app = App::new().await;
    let opened = opened(&app).await;
    let enrollment = app.enrollments().await.remove(0);
    let event_id = domain::id::EventId::draw(&*app.random);
    let audience = domain::enrollment::Audience { child_enrollment_events: false, event_ids: &mut || event_id.clone() };
    let deleted = enrollment.delete(domain::clock::Clock::now(&*app.clock), audience);
    app.store.save_enrollments(vec![deleted]).await.unwrap();
    app.report(&opened, 1, json!({"status": "completed"})).await.refused(410, "enrollment_gone");
}

#[tokio::test]
async fn one_session_cannot_flood() {
    let app = App::new().await;
    let opened = opened(&app).await;
    let mut statuses = Vec::new();
    for sequence in 1..=70 {
        statuses.push(app.report(&opened, sequence, json!({"status": "in-progress"})).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 60);
    let refused = app.report(&opened, 71, json!({"status": "completed"})).await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    refused.refused(429, "rate_limited");
    app.clock.advance(SignedDuration::from_secs(1));
    app.report(&opened, 71, json!({"status": "completed"})).await.ok();
}
