//! What an LMS passes is kept, all of it and as it came.

use domain::learning_activity::{LmsWrite, RecordKind};
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn commits_are_kept_once_in_whichever_order_they_come() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let lms = app.lms(&destination, "ada");
    let launched = app.launch(&lms).await.ok();
    let session = launched["session"].as_str().unwrap();
    let commit = async |rest: &str| {
        let body = format!("{{\"session\":\"{session}\",{rest}}}");
        assert_eq!(app.post_from("/scorm/commit", None, body).await.status, 204);
    };
    let second = r#"{ "cmi.core.lesson_status" :"completed", "half":"\ud83d", "nul":"a\u0000b" , "n" : 1.50}"#;
    commit(&format!(r#""sequence":2,"kind":"commit","values":{second},"lms_write":{{"result":"ok"}}"#)).await;
    let refused = r#"{"result":"refused","element":"cmi.core.lesson_status","code":405,"text":"no"}"#;
    let first = r#"{"cmi.core.lesson_status":"incomplete","first":"1"}"#;
    commit(&format!(r#""sequence":1,"kind":"commit","values":{first},"lms_write":{refused}"#)).await;
    commit(r#""sequence":2,"kind":"commit","values":{"cmi.core.lesson_status":"failed"},"lms_write":null"#).await;
    commit(r#""sequence":3,"kind":"exit","values":{}"#).await;

    let enrollment = app.enrollments().await.remove(0);
    let activity = app.activities(enrollment.id).await.remove(0);
    assert_eq!(activity.lms_write, Some(LmsWrite::Ok));
    assert_eq!(activity.values["cmi.core.lesson_status"], "completed");
    assert_eq!((&*activity.values["first"], &*activity.values["nul"], &*activity.values["n"]), ("1", "a\0b", "1.50"));
    assert_eq!(activity.values["half"].json(), r#""\ud83d""#);
    assert_eq!(activity.values["cmi.core.student_id"], "ada");
    let records = app.records(&activity).await;
    let kinds: Vec<_> = records.iter().map(|record| (record.sequence, record.kind)).collect();
    let expected = [(0, RecordKind::Launch), (1, RecordKind::Commit), (2, RecordKind::Commit), (3, RecordKind::Exit)];
    assert_eq!(kinds, expected);
    let raw: Vec<_> = records.iter().map(|record| record.values.as_str()).collect();
    assert_eq!(raw, [lms.values.to_string().as_str(), first, second, "{}"], "byte for byte");
    assert_eq!(records[1].lms_write, Some(LmsWrite::refused("cmi.core.lesson_status", "405", "no")));
    assert_eq!(enrollment.progress.status().as_str(), "in-progress", "what the LMS says completes nothing");
}

#[tokio::test]
async fn what_comes_after_the_end_is_kept_too() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let opened = app.open(&launched).await;
    app.report(&opened, 1, json!({"status": "completed"})).await.ok();
    assert_eq!(app.commit(&launched, 1, json!({"cmi.core.lesson_status": "completed"})).await.status, 204);
    let enrollment = app.enrollments().await.remove(0);
    let activity = app.activities(enrollment.id).await.remove(0);
    assert_eq!(activity.values["cmi.core.lesson_status"], "completed");
}

#[tokio::test]
async fn who_learns_is_said_by_the_launch_and_by_nothing_after_it() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "mallory")).await.ok();
    let forged = json!({"cmi.core.student_id": "ada", "cmi.learner_id": "ada", "cmi.core.lesson_location": "3"});
    assert_eq!(app.commit(&launched, 1, forged.clone()).await.status, 204);
    let enrollment = app.enrollments().await.remove(0);
    let activity = app.activities(enrollment.id).await.remove(0);
    assert_eq!(activity.values["cmi.core.student_id"], "mallory", "whose enrollment it is");
    assert!(!activity.values.contains_key("cmi.learner_id"));
    assert_eq!(activity.values["cmi.core.lesson_location"], "3");
    assert_eq!(app.records(&activity).await[1].values, forged.to_string(), "what was passed is kept as it came");
}

#[tokio::test]
async fn a_launch_says_once_who_learns() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let mut lms = app.lms(&destination, "mallory");
    lms.values["cmi.learner_id"] = json!("ada");
    app.launch(&lms).await.ok();
    let enrollment = app.enrollments().await.remove(0);
    let activity = app.activities(enrollment.id).await.remove(0);
    assert_eq!(activity.values["cmi.core.student_id"], "mallory", "whose enrollment it is");
    assert!(!activity.values.contains_key("cmi.learner_id"), "which the other edition would have");
    assert_eq!(app.records(&activity).await[0].values, lms.values.to_string(), "what was passed is kept as it came");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let session = &launched["session"];
    for (body, status, code) in [
        (json!({"session": session, "sequence": 0, "kind": "commit", "values": {}}), 400, "malformed"),
        (json!({"session": session, "sequence": 1, "kind": "launch", "values": {}}), 400, "malformed"),
        (json!({"session": session, "sequence": 1, "kind": "commit"}), 400, "malformed"),
        (json!({"session": session, "sequence": 1, "kind": "commit", "values": []}), 400, "malformed"),
        (
            json!({"session": session, "sequence": 1, "kind": "commit", "values": {}, "lms_write": {"result": "so-so"}}),
            400,
            "malformed",
        ),
        (json!({"session": session, "sequence": 20_001, "kind": "commit", "values": {}}), 409, "too_much"),
        (json!({"session": "guess", "sequence": 1, "kind": "commit", "values": {}}), 401, "session_over"),
    ] {
        app.post("/scorm/commit", body).await.refused(status, code);
    }
    let enrollment = app.enrollments().await.remove(0);
    let activity = app.activities(enrollment.id).await.remove(0);
    assert_eq!(app.records(&activity).await.len(), 1);
}

#[tokio::test]
async fn many_names_are_too_many() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let names =
        |from: usize| (from..from + 1_000).map(|n| (n.to_string(), json!(""))).collect::<serde_json::Map<_, _>>();
    assert_eq!(app.commit(&launched, 1, names(0).into()).await.status, 204);
    app.commit(&launched, 2, names(1_000).into()).await.refused(409, "too_much");
    assert_eq!(app.commit(&launched, 3, names(0).into()).await.status, 204);
}
