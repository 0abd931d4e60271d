//! When it is written, what is done when it is refused, and how it ends.

use serde_json::{Value, json};

use super::world::{Course, World};

fn ada() -> Value {
    json!({ "values": { "cmi.core.student_id": "ada" } })
}

async fn greeted(world: &World, how: Value) -> Course {
    let course = world.open(how).await;
    course.player().await;
    course.says_to_learner("Saved").await;
    course
}

/// The clock of the page stands still, so that only what happens at once happens.
const STILL: &str = "const wait = window.setTimeout; window.held = [];
    window.setTimeout = (call, ms, ...rest) => (ms === 900 ? held.push(() => call(...rest)) : wait(call, ms, ...rest));";

#[tokio::test]
async fn progress_is_gathered_and_a_verdict_is_committed_at_once() {
    let world = World::make().await;
    let page = world.browser.blank().await;
    page.before_scripts(STILL).await;
    let course = world.open_in(page, json!({ "edition": "2004", "values": { "cmi.learner_id": "ada" } })).await;
    course.player().await;
    let before = course.count("commit").await;
    for progress in [0.1, 0.2, 0.3] {
        course.says(json!({ "status": "incomplete", "progress": progress })).await;
    }
    let player = course.player().await;
    player.wait_for("acknowledged.length >= 4").await;
    assert_eq!(course.count("commit").await, before, "nothing before its time");
    course.wrapper.eval("held.splice(0).forEach((call) => call())").await;
    course.holds("cmi.progress_measure", "0.3").await;
    assert_eq!(course.count("commit").await, before + 1, "three changes are one commit");
    course.says(json!({ "status": "passed", "score": 80, "progress": 1 })).await;
    course.holds("cmi.success_status", "passed").await;
    course.page.wait_for(&format!("calls.filter(([name]) => name === 'commit').length === {}", before + 2)).await;
    let told = world.committed("the verdict", |commit| commit["values"]["cmi.success_status"] == "passed").await;
    assert_eq!(told["lms_write"]["result"], "ok");
    assert_eq!(told["values"]["cmi.score.scaled"], "0.8");
}

/// The standard says `"true"`; what LMSs say is what they have in their own language.
#[tokio::test]
async fn an_lms_says_yes_in_its_own_way() {
    let world = World::make().await;
    for yes in [json!("true"), json!(true), json!("1"), json!(1), json!("TRUE")] {
        let mut how = ada();
        how["yes"] = yes.clone();
        let course = world.open(how).await;
        course.says(json!({ "status": "completed" })).await;
        course.says_to_learner("Finished, and saved in your learning system.").await;
        course.holds("cmi.core.lesson_status", "completed").await;
        assert_eq!(course.count("commit").await, 2, "{yes}: none is made again");
        course.page.close().await;
    }
}

/// As simplify-scorm, which is in use, does both.
#[tokio::test]
async fn an_lms_that_never_takes_an_error_back_and_says_nothing_of_commits_is_used_all_the_same() {
    let world = World::make().await;
    let values = json!({ "cmi.core.student_id": "ada", "cmi.launch_data": "ref=HR-42", "cmi.core.lesson_status": "" });
    let course = world.open(json!({ "stuck": true, "mute": true, "values": values })).await;
    course.says(json!({ "status": "completed" })).await;
    course.says_to_learner("Finished, and saved in your learning system.").await;
    let launch = world.told("the launch", |platform| platform.launches.first().cloned()).await;
    assert_eq!(launch["values"]["cmi.core.student_id"], "ada");
    assert_eq!(launch["values"]["cmi.launch_data"], "ref=HR-42", "read after something that there is not");
    assert!(launch["values"].get("cmi.core.student_name").is_none(), "{launch}");
    assert_eq!(course.count("commit").await, 2, "none is made again");
}

#[tokio::test]
async fn a_commit_that_fails_is_told_of_and_made_again() {
    let world = World::make().await;
    let course = greeted(&world, ada()).await;
    course.page.eval("how.failing = 2; 0").await;
    course.says(json!({ "status": "completed" })).await;
    course.says_to_learner("Not saved in your learning system, which refused it (391)").await;
    let player = course.player().await;
    player.wait_for("heard.some(({ type, saved }) => type === 'lms' && saved === false)").await;
    let refused = world.committed("the refusal", |commit| commit["lms_write"]["result"] == "refused").await;
    assert_eq!(
        refused["lms_write"],
        json!({ "result": "refused", "element": "commit", "code": "391", "text": "error 391" })
    );
    course.says_to_learner("Finished, and saved in your learning system").await;
    player.wait_for("heard.at(-1).type === 'lms' && heard.at(-1).saved === true").await;
    let last = world.told("that it went well", |platform| {
        platform.commits.last().filter(|one| one["lms_write"]["result"] == "ok").cloned()
    });
    last.await;
    assert_eq!(course.page.eval("how.failing").await, 0);
}

#[tokio::test]
async fn a_status_that_is_refused_is_told_of_and_tried_again() {
    let world = World::make().await;
    let course = greeted(&world, ada()).await;
    course.page.eval("how.refused['cmi.core.lesson_status'] = '405'; 0").await;
    course.says(json!({ "status": "completed", "score": 70 })).await;
    let refused = world.committed("the refusal", |commit| commit["lms_write"]["result"] == "refused").await;
    assert_eq!(refused["lms_write"]["element"], "cmi.core.lesson_status");
    assert_eq!(refused["lms_write"]["code"], "405");
    assert_eq!(refused["values"]["cmi.core.score.raw"], "70", "the rest is written all the same");
    course.says_to_learner("Not saved in your learning system, which refused it (405)").await;
    course.page.eval("how.refused = {}; 0").await;
    course.holds("cmi.core.lesson_status", "completed").await;
    course.says_to_learner("Finished, and saved in your learning system").await;
}

/// Not every LMS has a place for them, and nothing is lost without.
#[tokio::test]
async fn elements_that_an_lms_can_do_without_trouble_nobody() {
    let world = World::make().await;
    let lacks = json!({
        "cmi.core.score.min": "401", "cmi.core.score.max": "401", "cmi.core.lesson_location": "401", "cmi.suspend_data": "405",
        "cmi.core.session_time": "401", "cmi.core.exit": "401",
    });
    let course = greeted(&world, json!({ "values": { "cmi.core.student_id": "ada" }, "refused": lacks })).await;
    course.says(json!({ "status": "passed", "score": 90, "location": "end" })).await;
    course.says_to_learner("Finished, and saved in your learning system").await;
    course.holds("cmi.core.score.raw", "90").await;
    world
        .told("no refusal", |platform| {
            platform.commits.iter().all(|one| one["lms_write"]["result"] == "ok").then_some(())
        })
        .await;
    let tries = course
        .calls()
        .await
        .into_iter()
        .filter(|call| call.get(1).is_some_and(|element| element == "cmi.core.score.max"));
    assert_eq!(tries.filter(|call| call[0] == "set").count(), 1, "it is not tried again");
}

#[tokio::test]
async fn the_end_is_written_committed_and_finished_and_told_to_the_platform() {
    let world = World::make().await;
    for (n, (edition, learner, time, status)) in [
        ("1.2", "cmi.core.student_id", "cmi.core.session_time", "cmi.core.lesson_status"),
        ("2004", "cmi.learner_id", "cmi.session_time", "cmi.completion_status"),
    ]
    .into_iter()
    .enumerate()
    {
        let course = greeted(&world, json!({ "edition": edition, "values": { learner: "ada" } })).await;
        course.page.eval("calls.length = 0").await;
        course.says(json!({ "status": "incomplete", "progress": 0.5, "location": "half way" })).await;
        let player = course.player().await;
        player.wait_for("acknowledged.length >= 2").await;
        course.leave().await;
        let calls = course.calls().await;
        let names: Vec<&str> = calls.iter().map(|call| call[0].as_str()).collect();
        assert_eq!(names[names.len() - 2..], ["commit", "terminate"], "{calls:?}");
        assert_eq!(names.iter().filter(|name| **name == "terminate").count(), 1, "{calls:?}");
        let spent =
            calls.iter().rfind(|call| call.get(1).is_some_and(|element| element == time)).expect("time is told");
        check_time(edition, &spent[2]);
        let exit = world
            .told("the end", |platform| platform.commits.iter().filter(|one| one["kind"] == "exit").nth(n).cloned())
            .await;
        assert!(exit["session"].as_str().unwrap().starts_with("session-"));
        assert_eq!(course.page.eval(&format!("values['{status}']")).await, "incomplete");
        assert_eq!(exit["lms_write"]["result"], "ok");
    }
}

#[track_caller]
fn check_time(edition: &str, time: &str) {
    let fits = match edition {
        "1.2" => time.len() == 10 && time.split(':').map(str::len).eq([4, 2, 2]),
        _ => time.starts_with("PT0H0M") && time.ends_with('S'),
    };
    assert!(fits, "{edition}: {time}");
}

/// A tab that is closed takes its LMS along, as strict systems do: what counts was committed before.
#[tokio::test]
async fn a_tab_that_is_closed_loses_nothing_that_was_said() {
    let world = World::make().await;
    let course = greeted(&world, ada()).await;
    course.says(json!({ "status": "incomplete", "location": "page 7" })).await;
    course.player().await.wait_for("acknowledged.length >= 2").await;
    course.page.close().await;
    world.committed("the place", |commit| commit["values"]["cmi.core.lesson_location"] == "page 7").await;
    world.committed("the end", |commit| commit["kind"] == "exit").await;
    let sequences = world
        .told("commits", |platform| {
            Some(platform.commits.iter().map(|one| one["sequence"].as_i64().unwrap()).collect::<Vec<_>>())
        })
        .await;
    let mut sorted = sequences.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(
        sorted,
        (1..=i64::try_from(sorted.len()).unwrap()).collect::<Vec<_>>(),
        "none is left out: {sequences:?}"
    );
}

#[tokio::test]
async fn a_learner_who_looks_elsewhere_is_saved_and_can_come_back() {
    let world = World::make().await;
    let course = greeted(&world, ada()).await;
    let before = course.count("commit").await;
    let other = world.browser.open(&format!("http://other.test:{}/lms", world.port)).await;
    other.bring_to_front().await;
    course.page.wait_for(&format!("calls.filter(([name]) => name === 'commit').length > {before}")).await;
    assert_eq!(course.count("terminate").await, 0, "it has not ended");
    course.page.bring_to_front().await;
    course.says(json!({ "status": "completed" })).await;
    course.holds("cmi.core.lesson_status", "completed").await;
}
