//! What the LMS is told of the learner, and what it is never told.

use serde_json::{Value, json};

use super::world::World;

/// What an LMS has, what the player says, and what the LMS has then.
#[track_caller]
fn case(edition: &str, has: Value, says: Value, then: Value) -> (String, Value, Value, Value, bool) {
    (edition.to_owned(), has, says, then, false)
}

/// The same, for a destination that lets a verdict be lowered.
#[track_caller]
fn lowered(edition: &str, has: Value, says: Value, then: Value) -> (String, Value, Value, Value, bool) {
    (edition.to_owned(), has, says, then, true)
}

async fn check(cases: Vec<(String, Value, Value, Value, bool)>) {
    let world = World::make().await;
    for (edition, has, says, then, may_lower) in cases {
        let what = format!("{edition}: {has} and {says}");
        world.set(|platform| platform.also = json!({ "lower_status": may_lower }));
        let mut values = json!({ "cmi.core.student_id": "ada", "cmi.learner_id": "ada" });
        for (element, value) in has.as_object().unwrap() {
            values[element] = value.clone();
        }
        let course = world.open(json!({ "edition": edition, "values": values })).await;
        course.says(says).await;
        course.leave().await;
        let held = course.page.eval("values").await;
        for (element, value) in then.as_object().unwrap() {
            assert_eq!(held[element], *value, "{what}: {element}");
        }
        course.page.close().await;
    }
}

fn status(value: &str) -> Value {
    json!({ "cmi.core.lesson_status": value })
}

fn statuses(completion: &str, success: &str) -> Value {
    json!({ "cmi.completion_status": completion, "cmi.success_status": success })
}

fn says(value: &str) -> Value {
    json!({ "status": value })
}

#[tokio::test]
async fn a_status_of_1_2_is_raised_and_never_lowered() {
    check(vec![
        case("1.2", status("not attempted"), says("incomplete"), status("incomplete")),
        case("1.2", status(""), says("incomplete"), status("incomplete")),
        case("1.2", status("incomplete"), says("completed"), status("completed")),
        case("1.2", status("browsed"), says("passed"), status("passed")),
        case("1.2", status("completed"), says("incomplete"), status("completed")),
        case("1.2", status("passed"), says("incomplete"), status("passed")),
        case("1.2", status("passed"), says("completed"), status("passed")),
        case("1.2", status("completed"), says("passed"), status("passed")),
        case("1.2", status("passed"), says("failed"), status("passed")),
        case("1.2", status("completed"), says("failed"), status("completed")),
        case("1.2", status("failed"), says("passed"), status("passed")),
        case("1.2", status("failed"), says("incomplete"), status("failed")),
        lowered("1.2", status("passed"), says("failed"), status("failed")),
        lowered("1.2", status("passed"), says("incomplete"), status("passed")),
    ])
    .await;
}

#[tokio::test]
async fn the_statuses_of_2004_are_raised_and_never_lowered() {
    check(vec![
        case("2004", statuses("unknown", "unknown"), says("incomplete"), statuses("incomplete", "unknown")),
        case("2004", statuses("incomplete", "unknown"), says("passed"), statuses("completed", "passed")),
        case("2004", statuses("incomplete", "unknown"), says("failed"), statuses("completed", "failed")),
        case("2004", statuses("incomplete", "unknown"), says("completed"), statuses("completed", "unknown")),
        case("2004", statuses("completed", "passed"), says("incomplete"), statuses("completed", "passed")),
        case("2004", statuses("completed", "passed"), says("failed"), statuses("completed", "passed")),
        case("2004", statuses("completed", "failed"), says("passed"), statuses("completed", "passed")),
        lowered("2004", statuses("completed", "passed"), says("failed"), statuses("completed", "failed")),
    ])
    .await;
}

#[tokio::test]
async fn score_progress_and_place_are_told_within_the_limits_of_the_edition() {
    let long = "x".repeat(256);
    check(vec![
        case(
            "1.2",
            json!({}),
            json!({ "status": "passed", "score": 66.666_666_666, "progress": 0.5, "location": "page 3" }),
            json!({
                "cmi.core.score.raw": "66.6666667", "cmi.core.score.min": "0", "cmi.core.score.max": "100",
                "cmi.core.lesson_location": "page 3", "cmi.core.exit": "suspend", "cmi.progress_measure": null,
                "cmi.suspend_data": r#"{"by":"schoolbell","v":1,"lo":741712}"#,
            }),
        ),
        case(
            "1.2",
            json!({}),
            json!({ "status": "incomplete", "location": long }),
            json!({ "cmi.core.lesson_location": null }),
        ),
        case(
            "2004",
            json!({}),
            json!({ "status": "passed", "score": 80, "progress": 0.25, "location": long }),
            json!({
                "cmi.score.scaled": "0.8", "cmi.score.raw": "80", "cmi.score.min": "0", "cmi.score.max": "100",
                "cmi.progress_measure": "0.25", "cmi.location": long, "cmi.exit": "suspend",
            }),
        ),
        case(
            "2004",
            json!({ "cmi.score.raw": "90", "cmi.score.scaled": "0.9", "cmi.progress_measure": "0.75" }),
            json!({ "status": "passed", "score": 80, "progress": 0.5 }),
            json!({ "cmi.score.raw": "90", "cmi.score.scaled": "0.9", "cmi.progress_measure": "0.75" }),
        ),
        case(
            "2004",
            json!({}),
            json!({ "status": "passed", "score": 1e300, "progress": 1e-9 }),
            json!({ "cmi.score.scaled": "1", "cmi.progress_measure": "0" }),
        ),
        case(
            "1.2",
            json!({}),
            json!({ "status": "<script>", "score": "90", "location": 7 }),
            json!({ "cmi.core.lesson_status": "incomplete", "cmi.core.score.raw": null }),
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_the_platform_knew_before_is_told_at_once() {
    let world = World::make().await;
    world.set(|platform| {
        platform.also = json!({ "mirror": { "status": "passed", "score": 88, "progress": 1, "location": "end" } })
    });
    let course = world.open(json!({ "values": { "cmi.core.student_id": "ada" } })).await;
    course.holds("cmi.core.lesson_status", "passed").await;
    course.holds("cmi.core.score.raw", "88").await;
    course.says_to_learner("Finished, and saved in your learning system").await;
}

#[tokio::test]
async fn the_first_that_is_written_is_that_it_is_not_complete() {
    let world = World::make().await;
    // Even where the platform is away: an LMS that hears nothing would complete by itself.
    world.set(|platform| platform.launch = Some((503, json!({ "message": "Not now." }))));
    for (edition, learner, status, exit) in [
        ("1.2", "cmi.core.student_id", "cmi.core.lesson_status", "cmi.core.exit"),
        ("2004", "cmi.learner_id", "cmi.completion_status", "cmi.exit"),
    ] {
        let course = world.open(json!({ "edition": edition, "values": { learner: "ada" } })).await;
        course.wrapper.wait_for_text("The course cannot be reached").await;
        course.holds(status, "incomplete").await;
        course.holds(exit, "suspend").await;
        assert_eq!(course.count("commit").await, 1);
    }
}
