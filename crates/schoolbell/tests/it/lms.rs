//! A package in an LMS, as its learners meet it: the real binary, a real browser that blocks third-party cookies, the LMS and the player on
//! different sites, and an LMS made of a runtime that is not ours (scorm-again).

mod school;

use browser::axe;
use browser::page::Look;
use serde_json::{Value, json};

use self::school::{School, Visit};
use crate::process::{Running, Sandbox};
use crate::receiver::Receiver;

/// What the integrator knows the learner and the order by.
const LEARNER: &str = "S-1001";
const REFERENCE: &str = "HR-42";
/// How an LMS may open a course that it has as completed.
const OPENINGS: [&str; 2] = ["normal", "review"];

/// A course of another author, made to be played by any LMS, which is uploaded to ours.
const COURSE: &str = r#"<!doctype html><html lang="en"><title>Run</title><h1>Run</h1><script>
  let where = window;
  while (!where.API) where = where.parent;
  const api = where.API;
  api.LMSInitialize("");
  window.set = (element, value) => api.LMSSetValue(element, value) + api.LMSCommit("");
  window.get = (element) => api.LMSGetValue(element);
</script></html>"#;

/// The platform, a customer of it, and an application that is told of completions.
struct Town {
    _sandbox: Sandbox,
    platform: Running,
    receiver: Receiver,
    token: String,
    http: reqwest::Client,
}

impl Town {
    async fn make() -> Self {
        let sandbox = Sandbox::fill().await;
        let platform = Running::serve(&sandbox.data()).await;
        let receiver = Receiver::start().await;
        let token = sandbox.token(&platform.url, "/customers/0").await;
        let town = Town { _sandbox: sandbox, platform, receiver, token, http: reqwest::Client::new() };
        let webhook = json!({"url": town.receiver.url, "event_types": ["enrollment.create", "enrollment.complete"]});
        town.post("/webhooks", webhook).await;
        town
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.platform.url));
        request.bearer_auth(&self.token).header("Api-Version", "2025-01-01")
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.request(reqwest::Method::POST, path).json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.request(reqwest::Method::GET, path).send().await.unwrap().json().await.unwrap()
    }

    /// A course with that text; its number.
    async fn course(&self, text: &str) -> String {
        let asked = json!({"core": {"title": "Fire safety"}, "content": {"text": text}});
        let made = self.post("/learning-objects", asked).await;
        made["lo_id"].as_str().unwrap().to_owned()
    }

    /// The package of a course, as it is handed to the LMS.
    async fn package(&self, lo: &str, version: &str) -> Vec<u8> {
        let path = format!("/learning-objects/{lo}/scorm?version={version}&ref={REFERENCE}");
        let answer = self.request(reqwest::Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    }

    /// What is to be true in the end, whatever the LMS did: one enrollment, one webhook of each kind, and activities that lead back to the
    /// integrator's own ids.
    async fn check(&self, lo: &str, learner_element: &str, launches: usize) {
        let about = |kind: &str| {
            let all = self.receiver.all();
            all.iter()
                .map(|one| one.json())
                .filter(|one| one["event_type"] == kind && one["data"]["lo_id"] == lo)
                .collect::<Vec<_>>()
        };
        let completions = about("enrollment.complete");
        assert_eq!((completions.len(), about("enrollment.create").len()), (1, 1), "{completions:#?}");
        let enrollments = self.get(&format!("/enrollments?lo_ids={lo}&with_archived=true")).await;
        assert_eq!(enrollments["total"], 1, "{enrollments:#}");
        assert_eq!(enrollments["hits"][0]["status"], "completed");
        let id = &completions[0]["data"]["id"];
        assert_eq!(enrollments["hits"][0]["id"], *id);
        let found = self.get(&format!("/v2/learning-activity?enrollment-id={}", id.as_str().unwrap())).await;
        let activities = found["hits"].as_array().unwrap();
        assert_eq!(activities.len(), launches, "{found:#}");
        for activity in activities {
            let payload = &activity["payload"];
            assert_eq!(payload[learner_element], LEARNER);
            assert!(payload["cmi.launch_data"].as_str().unwrap().contains(&format!("ref={REFERENCE}")), "{payload:#}");
        }
    }
}

/// Half way, and the tab is closed.
async fn half_way(visit: Visit, school: &School, place: &str) {
    school.holds(place, |value| !value.is_empty()).await;
    visit.page.close().await;
}

#[tokio::test]
async fn a_text_in_an_lms_of_1_2_is_begun_resumed_finished_and_looked_at_again() {
    let town = Town::make().await;
    let text = format!("# When it burns\n\n{}", "Walk, do not run.\n\n".repeat(150));
    let lo = town.course(&text).await;
    let school = School::of("1.2", LEARNER, &town.package(&lo, "1.2").await).await;

    let visit = school.visit("normal").await;
    visit.player.wait_for_text("When it burns").await;
    visit.player.eval("scrollTo(0, 2000)").await;
    half_way(visit, &school, "cmi.core.lesson_location").await;
    assert_eq!(school.value("cmi.core.lesson_status"), "incomplete");
    assert_eq!(school.value("cmi.core.exit"), "suspend");

    let visit = school.visit("normal").await;
    visit.player.wait_for("document.scrollingElement.scrollTop > 1000").await;
    visit.player.click("article button").await;
    visit.wrapper.wait_for_text("Finished, and saved in your learning system.").await;
    town.receiver.wait_until(|all| all.iter().any(|one| one.json()["event_type"] == "enrollment.complete")).await;
    school.holds("cmi.core.lesson_status", |value| matches!(value, "completed" | "passed")).await;
    visit.page.close().await;

    for mode in OPENINGS {
        let visit = school.visit(mode).await;
        visit.player.wait_for_text("You have finished this course.").await;
        visit.page.close().await;
        school.ended(mode).await;
    }
    school.never_lowered("cmi.core.lesson_status", &["incomplete", "completed"]);
    town.check(&lo, "cmi.core.student_id", 4).await;
}

#[tokio::test]
async fn an_uploaded_course_in_an_lms_of_2004_is_begun_resumed_passed_and_looked_at_again() {
    let town = Town::make().await;
    let lo = town.course("Replaced by what is uploaded.").await;
    let course = scorm::testing::archive(&[
        ("imsmanifest.xml", scorm::testing::MANIFEST.as_bytes()),
        ("index.html", COURSE.as_bytes()),
    ]);
    let upload = town.request(reqwest::Method::PUT, &format!("/learning-objects/{lo}/package")).body(course);
    let answer = upload.header("Content-Type", "application/zip").send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let school = School::of("2004", LEARNER, &town.package(&lo, "2004-3").await).await;

    let visit = school.visit("normal").await;
    visit.course("set('cmi.core.lesson_location', 'page 3') + set('cmi.suspend_data', 'seen: 1, 2')").await;
    half_way(visit, &school, "cmi.location").await;
    assert_eq!(school.value("cmi.completion_status"), "incomplete");

    let visit = school.visit("normal").await;
    assert_eq!(visit.course("get('cmi.core.lesson_location') + get('cmi.suspend_data')").await, "page 3seen: 1, 2");
    visit.course("set('cmi.core.score.raw', '85') + set('cmi.core.lesson_status', 'passed')").await;
    visit.wrapper.wait_for_text("Finished, and saved in your learning system.").await;
    school.holds("cmi.success_status", |value| value == "passed").await;
    assert_eq!(
        (school.value("cmi.completion_status"), school.value("cmi.score.scaled")),
        ("completed".to_owned(), "0.85".to_owned())
    );
    town.receiver.wait_until(|all| all.iter().any(|one| one.json()["event_type"] == "enrollment.complete")).await;
    visit.page.close().await;

    for mode in OPENINGS {
        let visit = school.visit(mode).await;
        // Whoever looks at it again and fails does not lose what was achieved.
        visit.course("set('cmi.core.score.raw', '10') + set('cmi.core.lesson_status', 'incomplete')").await;
        visit.player.wait_for("document.querySelector('#badge').checkVisibility()").await;
        visit.page.close().await;
        school.ended(mode).await;
    }
    school.never_lowered("cmi.completion_status", &["incomplete", "completed"]);
    school.never_lowered("cmi.success_status", &["unknown", "passed"]);
    assert_eq!(school.value("cmi.score.scaled"), "0.85");
    town.check(&lo, "cmi.learner_id", 4).await;
}

/// What is true is decided here: the LMS may take it or not (and the learner is told).
#[tokio::test]
async fn an_lms_that_refuses_keeps_nobody_from_completing() {
    let town = Town::make().await;
    let lo = town.course("Read me.").await;
    let school = School::of("1.2", LEARNER, &town.package(&lo, "1.2").await).await;
    let visit = school.visit("normal").await;
    visit.page.eval("const set = API.LMSSetValue; API.LMSSetValue = (...args) => (args[1] === 'completed' ? 'false' : set(...args)); 0").await;
    visit.player.click("article button").await;
    visit.wrapper.wait_for_text("Not saved in your learning system, which refused it").await;
    town.receiver.wait_until(|all| all.iter().any(|one| one.json()["event_type"] == "enrollment.complete")).await;
    assert_eq!(school.value("cmi.core.lesson_status"), "incomplete");
    town.check(&lo, "cmi.core.student_id", 1).await;
}

/// The page as a whole: the LMS around the wrapper around the player.
#[tokio::test]
async fn it_looks_good_within_an_lms() {
    let town = Town::make().await;
    let lo = town.course("## When it burns\n\nWalk, do not run. Leave by the stairs.\n").await;
    let school = School::of("1.2", LEARNER, &town.package(&lo, "1.2").await).await;
    let visit = school.visit("normal").await;
    visit.player.wait_for("document.querySelector('header').classList.contains('framed')").await;
    for (name, look) in [
        ("desk-light", Look { width: 1100, height: 720, is_dark: false }),
        ("phone-dark", Look { width: 360, height: 740, is_dark: true }),
    ] {
        visit.page.look(look).await;
        for frame in [&visit.wrapper, &visit.player] {
            assert_eq!(axe::serious(frame).await, [] as [&str; 0], "{name}");
            assert_eq!(frame.eval("document.documentElement.scrollWidth <= innerWidth").await, true, "{name}");
        }
        visit.page.screenshot(&format!("wrapped-{name}")).await;
    }
    assert_eq!(visit.page.complaints(), []);
}
