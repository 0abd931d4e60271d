//! What is read: everything, before anything is written, and as it was given.

use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn everything_that_an_lms_has_is_read_before_anything_is_written() {
    let world = World::make().await;
    let editions = [
        (
            "1.2",
            json!({
                "cmi.core.student_id": " ada@lms ", "cmi.core.student_name": "Lovelace, Ada Λ", "cmi.core.lesson_status": "not attempted",
                "cmi.core.entry": "ab-initio", "cmi.core.credit": "credit", "cmi.core.lesson_mode": "normal", "cmi.core.score.raw": "",
                "cmi.launch_data": "lo=741712;portal=11861197;ref=HR-42", "cmi.comments_from_lms": "<b>\"quoted\"\\\n",
                "cmi.suspend_data": "", "cmi.student_preference.language": "de", "cmi.objectives._count": "2",
                "cmi.objectives.0.id": "first", "cmi.objectives.1.id": "second", "cmi.objectives.1.status": "passed",
                "cmi.interactions._count": "0", "cmi.core.total_time": "0000:00:00", "cmi.student_data.mastery_score": "80",
            }),
            "cmi.core.score.max",
        ),
        (
            "2004",
            json!({
                "cmi.learner_id": "ada", "cmi.learner_name": "Ada Lovelace", "cmi.completion_status": "unknown", "cmi.success_status": "unknown",
                "cmi.entry": "ab-initio", "cmi.mode": "normal", "cmi.credit": "credit", "cmi.launch_data": "ref=HR-42",
                "cmi.comments_from_lms._count": "1", "cmi.comments_from_lms.0.comment": "welcome", "cmi.objectives._count": "1",
                "cmi.objectives.0.id": "first", "cmi.objectives.0.score.scaled": "0.5", "cmi.interactions._count": "1",
                "cmi.interactions.0.learner_response": "a[,]b", "adl.data._count": "1", "adl.data.0.store": "kept", "cmi._version": "1.0",
            }),
            "cmi.location",
        ),
    ];
    for (edition, values, unread) in editions {
        let how = json!({ "edition": edition, "values": values, "unread": { unread: "403" } });
        let course = world.open(how).await;
        course.player().await;
        let launch = world.told("a launch", |platform| platform.launches.last().cloned()).await;
        assert_eq!(launch["values"], values, "exactly what was given, and nothing that gave an error");
        assert_eq!(facts(&launch), json!([1, "the-token", 741_712, edition]));
        let calls = course.calls().await;
        let first = calls.iter().position(|call| call[0] == "set").expect("it writes");
        let last = calls.iter().rposition(|call| call[0] == "get").expect("it reads");
        assert!(last < first, "{edition}: read at {last}, written at {first}");
        assert_eq!(calls.iter().filter(|call| call[0] == "initialize").count(), 1);
    }
}

fn facts(launch: &Value) -> Value {
    json!([launch["protocol"], launch["token"], launch["id"], launch["version"]])
}

/// An LMS with a hundred thousand entries is not read to its end.
#[tokio::test]
async fn what_is_read_has_a_limit() {
    let world = World::make().await;
    let mut values =
        json!({ "cmi.learner_id": "ada", "cmi.interactions._count": "100000", "cmi.objectives._count": "3" });
    for n in 0..120 {
        values[format!("cmi.interactions.{n}.id")] = json!(format!("question {n}"));
    }
    let course = world.open(json!({ "edition": "2004", "values": values })).await;
    course.player().await;
    let launch = world.told("a launch", |platform| platform.launches.last().cloned()).await;
    let read = launch["values"].as_object().unwrap();
    assert!(read.contains_key("cmi.interactions.99.id") && !read.contains_key("cmi.interactions.100.id"));
}

#[tokio::test]
async fn in_review_browse_or_without_credit_nothing_is_written() {
    let world = World::make().await;
    let cases = [
        ("1.2", "cmi.core.student_id", "cmi.core.lesson_mode", "review"),
        ("1.2", "cmi.core.student_id", "cmi.core.lesson_mode", "browse"),
        ("1.2", "cmi.core.student_id", "cmi.core.credit", "no-credit"),
        ("2004", "cmi.learner_id", "cmi.mode", "review"),
        ("2004", "cmi.learner_id", "cmi.credit", "no-credit"),
        // The LMS would take it, but the platform says that it is not to be.
        ("1.2", "cmi.core.student_id", "cmi.core.lesson_mode", "normal"),
    ];
    for (n, (edition, learner, element, value)) in cases.into_iter().enumerate() {
        let is_platforms = value == "normal";
        world.set(|platform| platform.also = json!({ "read_only": is_platforms }));
        let course = world.open(json!({ "edition": edition, "values": { learner: "ada", element: value } })).await;
        course.says(json!({ "status": "passed", "score": 90, "progress": 1, "location": "end" })).await;
        course.says_to_learner("Opened for review").await;
        let before = course.count("set").await;
        course.leave().await;
        world
            .told("the end", |platform| platform.commits.iter().filter(|one| one["kind"] == "exit").nth(n).cloned())
            .await;
        // What keeps an LMS from completing by itself is written before the platform can say anything.
        assert_eq!(course.count("set").await, before, "{value}");
        let written = course.calls().await.into_iter().filter(|call| call[0] == "set");
        assert!(written.clone().all(|_| is_platforms), "{value}: {:?}", written.collect::<Vec<_>>());
    }
}
