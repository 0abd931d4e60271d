//! The network in either direction, and who is believed.

use browser::frame::role;
use serde_json::{Value, json};

use super::world::World;

fn ada() -> Value {
    json!({ "values": { "cmi.core.student_id": "ada" } })
}

/// Time until the next try is short.
const HURRY: &str = "const wait = window.setTimeout;
    window.setTimeout = (call, ms, ...rest) => wait(call, ms === 15000 ? 3000 : ms, ...rest);";

#[tokio::test]
async fn without_a_network_the_lms_goes_on_and_the_platform_hears_of_all_later() {
    let world = World::make().await;
    let course = world.open(ada()).await;
    course.player().await;
    course.says_to_learner("Saved in your learning system").await;
    course.page.set_offline(true).await;
    course.says(json!({ "status": "incomplete", "location": "page 1" })).await;
    course.holds("cmi.core.lesson_location", "page 1").await;
    course.says(json!({ "status": "passed", "score": 80 })).await;
    course.holds("cmi.core.lesson_status", "passed").await;
    course.says_to_learner("Not saved: there is no connection to the course. We keep trying").await;
    assert!(!world.platform.lock().unwrap().commits.iter().any(|one| one["values"]["cmi.core.score.raw"] == "80"));
    course.page.set_offline(false).await;
    world.committed("the place", |commit| commit["values"]["cmi.core.lesson_location"] == "page 1").await;
    world.committed("the verdict", |commit| commit["values"]["cmi.core.lesson_status"] == "passed").await;
    course.says_to_learner("Finished, and saved in your learning system").await;
}

#[tokio::test]
async fn a_platform_that_has_trouble_is_asked_again_and_what_it_refuses_is_told_of() {
    let world = World::make().await;
    let course = world.open(ada()).await;
    course.player().await;
    course.says_to_learner("Saved in your learning system").await;
    world.set(|platform| platform.commit = Some(503));
    course.says(json!({ "status": "completed" })).await;
    course.says_to_learner("Not saved: there is no connection").await;
    world.set(|platform| platform.commit = Some(401));
    course.says_to_learner("Not saved: The platform says no. Please close the course and open it again.").await;
    world.set(|platform| platform.commit = None);
    course.says(json!({ "status": "passed" })).await;
    course.says_to_learner("Finished, and saved in your learning system").await;
}

#[tokio::test]
async fn a_launch_without_a_network_is_made_when_there_is_one() {
    let world = World::make().await;
    world.set(|platform| platform.launch = Some((502, json!({}))));
    let course = world.open(ada()).await;
    course.wrapper.wait_for_text("The course cannot be reached").await;
    assert_eq!(course.wrapper.eval("document.activeElement.id").await, "notice-title");
    world.set(|platform| platform.launch = None);
    course.wrapper.click("#notice-buttons button").await;
    course.player().await;
    assert_eq!(course.count("initialize").await, 1);
}

#[tokio::test]
async fn a_launch_that_is_refused_says_why_in_the_platforms_words() {
    let world = World::make().await;
    let refusal = json!({ "error_code": "seats_taken", "message": "All seats are taken. Ask <b>whoever</b> looks after your courses." });
    world.set(|platform| platform.launch = Some((403, refusal)));
    let course = world.open(ada()).await;
    course.wrapper.wait_for_text("The course was not opened").await;
    course.wrapper.wait_for_text("Ask <b>whoever</b> looks after your courses.").await;
    course.wrapper.wait_for_text("Code: seats_taken").await;
    world.set(|platform| platform.launch = None);
    course.wrapper.click("#notice-buttons button").await;
    course.player().await;
}

#[tokio::test]
async fn a_player_that_does_not_appear_can_be_opened_in_a_window_and_brought_back() {
    let world = World::make().await;
    world.set(|platform| platform.is_frame_refused = true);
    let page = world.browser.blank().await;
    page.before_scripts(HURRY).await;
    let course = world.open_in(page, ada()).await;
    course.says_to_learner("Does the course not appear here?").await;
    course.wrapper.click(role("button", "Open in new window")).await;
    let popup = course.page.popup().await;
    popup.wait_for("window.heard && heard.some(({ type }) => type === 'hello')").await;
    assert!(popup.url().contains("launch=once-2"), "each page has a launch of its own: {}", popup.url());
    popup.eval("say('status', { status: 'incomplete', location: 'in a window' })").await;
    course.holds("cmi.core.lesson_location", "in a window").await;
    course.wrapper.wait_for_text("The course is open in another window").await;
    let launches = world.platform.lock().unwrap().launches.clone();
    assert_eq!(launches[1]["values"]["cmi.core.lesson_status"], "incomplete", "the attempt goes on: {launches:?}");
    world.set(|platform| platform.is_frame_refused = false);
    popup.close().await;
    course.wrapper.wait_for_text("The window of the course is closed").await;
    course.wrapper.click("#notice-buttons button").await;
    course.says(json!({ "status": "completed" })).await;
    course.holds("cmi.core.lesson_status", "completed").await;
    assert_eq!(course.count("initialize").await, 1);
}

#[tokio::test]
async fn an_lms_that_is_not_encrypted_and_a_player_that_is_understand_each_other() {
    let world = World::with_encrypted_player().await;
    let course = world.open(ada()).await;
    course.says(json!({ "status": "passed", "score": 90 })).await;
    course.holds("cmi.core.lesson_status", "passed").await;
    course.says_to_learner("Finished, and saved in your learning system").await;
    assert!(course.player().await.url().starts_with("https://player.test:"));
    course.page.close().await;
    world.committed("the end", |commit| commit["kind"] == "exit").await;
}

/// Of the right page and the right site, in our words, and new: else it is as if it had not been said.
#[tokio::test]
async fn only_the_page_that_was_opened_is_believed_and_each_message_once() {
    let world = World::make().await;
    let course = world.open(ada()).await;
    let player = course.player().await;
    player.wait_for("heard.length > 0").await;
    assert_eq!(player.eval("heard.every(({ origin, ns, v }) => origin === 'http://lms.test:' + location.port && ns === 'schoolbell' && v === 1)").await, true);
    let forged = "{ ns: 'schoolbell', v: 1, seq: 900, type: 'status', status: 'passed', score: 100 }";
    // The LMS's own page, and a page of the player's site that is not the one that was opened.
    course.page.eval(&format!("document.querySelector('#sco').contentWindow.postMessage({forged}, '*')")).await;
    let site = format!("http://player.test:{}", world.port);
    course
        .page
        .eval(&format!(
            "const other = document.createElement('iframe'); other.src = '{site}/play/2'; document.body.append(other);"
        ))
        .await;
    let other = course.page.frame("/play/2").await;
    other.eval(&format!("window.parent.frames[0].postMessage({forged}, '*')")).await;
    // The right page, in other words.
    player
        .eval("window.parent.postMessage({ ns: 'other', v: 1, seq: 901, type: 'status', status: 'passed' }, '*')")
        .await;
    player
        .eval("window.parent.postMessage({ ns: 'schoolbell', v: 2, seq: 902, type: 'status', status: 'passed' }, '*')")
        .await;
    player.eval("window.parent.postMessage('status', '*'); window.parent.postMessage(null, '*')").await;
    // The right words, twice; the second time with something else in them.
    player.eval("say('status', { status: 'incomplete', location: 'first' }, 50); say('status', { status: 'passed', location: 'second' }, 50)").await;
    player.wait_for("acknowledged.filter((of) => of === 50).length === 2").await;
    course.holds("cmi.core.lesson_location", "first").await;
    course.holds("cmi.core.lesson_status", "incomplete").await;
    // Another site in the place of the player.
    let elsewhere = format!("http://other.test:{}/play/741712", world.port);
    player.goto(&elsewhere).await;
    let stranger = course.page.frame("other.test").await;
    stranger.eval("say('status', { status: 'passed', location: 'third' }, 60)").await;
    course.leave().await;
    assert_eq!(course.page.eval("values['cmi.core.lesson_status']").await, "incomplete");
    assert_eq!(course.page.eval("values['cmi.core.lesson_location']").await, "first");
}

#[tokio::test]
async fn a_message_is_repeated_until_it_is_acknowledged() {
    let world = World::make().await;
    let course = world.open(ada()).await;
    let player = course.player().await;
    player.eval("window.isDeaf = true; heard.length = 0").await;
    course.page.eval("how.failing = 1; 0").await;
    player.eval("say('status', { status: 'completed' })").await;
    player.wait_for("heard.filter(({ saved }) => saved === false).length >= 2").await;
    assert_eq!(
        player.eval("new Set(heard.filter(({ saved }) => saved === false).map(({ seq }) => seq)).size").await,
        1
    );
}
