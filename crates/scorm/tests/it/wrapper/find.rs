//! Where the API of an LMS may be.

use serde_json::json;

use super::world::World;

/// Ten seconds of looking are over at once.
const HURRY: &str = "const wait = window.setTimeout;
    window.setTimeout = (call, ms, ...rest) => wait(call, ms === 100 ? 1 : ms, ...rest);";

#[tokio::test]
async fn the_api_is_in_a_frame_around_whatever_is_between() {
    let world = World::make().await;
    for open in ["/package/1.2/index.html".to_owned(), format!("http://other.test:{}/between", world.port)] {
        let course = world.open(json!({ "open": open, "values": { "cmi.core.student_id": "ada" } })).await;
        course.player().await;
        assert_eq!(course.count("initialize").await, 1, "{open}");
    }
}

#[tokio::test]
async fn the_api_may_come_late() {
    let world = World::make().await;
    let course = world.open(json!({ "late": 700, "values": { "cmi.core.student_id": "ada" } })).await;
    course.player().await;
    assert_eq!(course.count("initialize").await, 1);
}

#[tokio::test]
async fn the_api_may_be_that_of_the_other_edition() {
    let world = World::make().await;
    for (package, edition, learner) in
        [("1.2", "2004", "cmi.learner_id"), ("2004", "1.2", "cmi.core.student_id"), ("2004", "2004", "cmi.learner_id")]
    {
        let open = format!("/package/{package}/index.html");
        let course = world.open(json!({ "edition": edition, "open": open, "values": { learner: "ada" } })).await;
        course.player().await;
        let launch = world.told("a launch", |platform| platform.launches.last().cloned()).await;
        assert_eq!(launch["version"], edition, "{package} in {edition}");
        assert_eq!(launch["values"][learner], "ada");
    }
}

/// The package is a window of its own; the API is in the window that opened it, or in a frame around that.
#[tokio::test]
async fn the_api_may_be_with_the_opener() {
    let world = World::make().await;
    let how = json!({ "open": "about:blank", "values": { "cmi.core.student_id": "ada" } });
    for opener in ["window", "document.querySelector('#sco').contentWindow"] {
        let page = world.browser.open(&world.lms(&how)).await;
        let open = format!("{opener}.open('/package/1.2/index.html', 'sco', 'width=900,height=700')");
        page.eval(&format!(
            "document.body.insertAdjacentHTML('afterbegin', `<button onclick=\"{open}\">Open</button>`)"
        ))
        .await;
        page.click("button").await;
        let popup = page.popup().await;
        popup.frame("/play/").await.wait_for("heard.some(({ type }) => type === 'hello')").await;
        assert_eq!(page.eval("calls.filter(([name]) => name === 'initialize').length").await, 1, "{opener}");
        popup.close().await;
        page.wait_for("calls.some(([name]) => name === 'terminate')").await;
        page.close().await;
    }
}

#[tokio::test]
async fn an_element_that_is_called_so_is_no_api_and_without_one_there_is_a_way_on() {
    let world = World::make().await;
    let page = world.browser.blank().await;
    page.before_scripts(HURRY).await;
    let course = world.open_in(page, json!({ "where": "nowhere", "values": { "cmi.core.student_id": "ada" } })).await;
    course.wrapper.wait_for_text("Your learning system was not found").await;
    assert_eq!(course.wrapper.eval("document.activeElement.id").await, "notice-title");
    let is_asked = world.platform.lock().unwrap().launches.is_empty();
    assert!(is_asked, "nobody is known, so nothing is launched");
    let element = "const fake = document.createElement('form'); fake.id = 'API'; document.body.append(fake);";
    course.page.eval(element).await;
    course.wrapper.click("#notice-buttons button").await;
    course.wrapper.wait_for_text("Connecting").await;
    course.wrapper.wait_for_text("Your learning system was not found").await;
    course.page.eval("document.querySelector('#API').remove(); window.API = lms; 0").await;
    course.wrapper.click("#notice-buttons button").await;
    course.player().await;
    assert_eq!(course.page.complaints(), []);
}

#[tokio::test]
async fn an_lms_that_does_not_begin_is_told_of_and_asked_again() {
    let world = World::make().await;
    let course = world.open(json!({ "initialize": "101" })).await;
    course.wrapper.wait_for_text("Your learning system did not start the course").await;
    course.wrapper.wait_for_text("Code: 101 (error 101)").await;
    course.page.eval("how.initialize = 'true'; values['cmi.core.student_id'] = 'ada'; 0").await;
    course.wrapper.click("#notice-buttons button").await;
    course.player().await;
}

/// Some begin by themselves, and refuse to begin again.
#[tokio::test]
async fn an_lms_that_has_begun_already_is_taken_as_it_is() {
    let world = World::make().await;
    for (edition, code, learner) in [("1.2", "101", "cmi.core.student_id"), ("2004", "103", "cmi.learner_id")] {
        let how = json!({ "edition": edition, "initialize": code, "values": { learner: "ada" } });
        world.open(how).await.player().await;
    }
}

#[tokio::test]
async fn an_api_that_throws_is_told_of_and_a_part_of_it_that_throws_is_done_without() {
    let world = World::make().await;
    let course = world.open(json!({ "throws": true, "values": { "cmi.core.student_id": "ada" } })).await;
    course.wrapper.wait_for_text("Code: exception (initialize is broken)").await;
    assert_eq!(course.page.complaints(), []);

    let how = json!({ "throws": ["set", "commit", "terminate"], "values": { "cmi.core.student_id": "ada" } });
    let course = world.open(how).await;
    course.says(json!({ "status": "completed" })).await;
    course.says_to_learner("Not saved in your learning system, which refused it (exception)").await;
    world.committed("a refusal", |commit| commit["lms_write"]["code"] == "exception").await;
    course.leave().await;
    world.committed("the end", |commit| commit["kind"] == "exit").await;
    assert_eq!(course.page.complaints(), []);
}
