//! What the learner sees of it: with any light, on any screen, by whatever means.

use browser::axe;
use browser::frame::role;
use browser::page::{Kind, Look};
use serde_json::{Value, json};

use super::world::World;

const LOOKS: [(&str, Look); 3] = [
    ("desk-light", Look { width: 1000, height: 640, is_dark: false }),
    ("desk-dark", Look { width: 1000, height: 640, is_dark: true }),
    ("phone-dark", Look { width: 360, height: 640, is_dark: true }),
];

fn ada() -> Value {
    json!({ "values": { "cmi.core.student_id": "ada" } })
}

#[tokio::test]
async fn it_can_be_read_and_used_by_everybody() {
    let world = World::make().await;
    let unsaved = json!({ "values": { "cmi.core.student_id": "ada" }, "refused": { "cmi.core.lesson_status": "405" } });
    let refusal = json!({ "error_code": "seats_taken", "message": "All seats that your organisation has in this course are taken." });
    for (name, how, launch) in
        [("saved", ada(), None), ("not-saved", unsaved, None), ("refused", ada(), Some((403, refusal)))]
    {
        world.set(|platform| platform.launch = launch);
        let course = world.open(how).await;
        if name == "refused" {
            course.wrapper.wait_for_text("Code: seats_taken").await;
        } else {
            course.player().await;
            course.says_to_learner(if name == "saved" { "Saved" } else { "Not saved" }).await;
        }
        for (look, how) in LOOKS {
            course.page.look(how).await;
            assert_eq!(axe::serious(&course.wrapper).await, [] as [&str; 0], "{name} {look}");
            let is_within = "document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(course.wrapper.eval(is_within).await, true, "{name} {look}");
            if name != "refused" {
                let height = "document.querySelector('iframe').getBoundingClientRect().height / innerHeight";
                let share = course.wrapper.eval(height).await.as_f64().unwrap();
                assert!(share > 0.7, "{name} {look}: the course has {share} of the height");
            }
            course.page.screenshot(&format!("wrapper-{name}-{look}")).await;
        }
        let network = course.page.complaints().into_iter().filter(|one| one.kind != Kind::Network);
        assert_eq!(network.collect::<Vec<_>>(), []);
    }
}

#[tokio::test]
async fn its_state_is_announced_and_its_button_has_a_name() {
    let world = World::make().await;
    let course = world.open(ada()).await;
    course.player().await;
    assert_eq!(course.wrapper.attribute("#state", "role").await.as_deref(), Some("status"));
    course.wrapper.text(role("status", "")).await;
    let button = course.wrapper.text(role("button", "Open in new window")).await;
    assert_eq!(button, "Open in new window");
    assert_eq!(course.wrapper.attribute("iframe", "title").await.as_deref(), Some("Course"));
}

/// What no LMS's policy, and no browser of the last years, could refuse.
#[test]
fn it_is_static_and_plain() {
    let (page, script) = (include_str!("../../../assets/index.html"), include_str!("../../../assets/wrapper.js"));
    let code: String =
        script.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])).collect::<Vec<_>>().join("\n");
    let refused = [
        "eval(",
        "new Function",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "document.cookie",
        "import ",
        "import(",
        "http:",
        "https:",
        "?.",
        "??",
        "catch {",
        ", ...",
        ".finally(",
        ".at(",
        "\"*\"",
        "setAttribute(\"style\"",
        ".style.",
    ];
    for word in refused {
        assert!(!code.contains(word), "wrapper.js has {word}");
    }
    for word in ["style=", "onclick", "onload", "<style", "http:", "https:", "//"] {
        assert!(!page.contains(word), "index.html has {word}");
    }
    assert_eq!(page.matches("<script").count(), page.matches("<script src=").count());
}
