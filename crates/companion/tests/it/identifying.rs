//! Where it is read who completed, and what of it is recorded.

use companion::completion::Completion;
use companion::config::{Portal, Settings};
use companion::learner::{DetailsFrom, Source};
use serde_json::{Value, json};

use crate::world::{CUSTOMER, World, completed, event_in, portal};

/// A companion that reads it there, and the event of enrollment 1.
async fn world(from: DetailsFrom, change: impl FnOnce(&mut Settings)) -> World {
    let world = World::with(|settings| {
        settings.details_from = from;
        change(settings);
    })
    .await;
    world.platform.completed("1", CUSTOMER);
    world.deliver(&completed("e1", "1")).await;
    world
}

async fn recorded(world: &World) -> Completion {
    let [completion] = world.completions().await.try_into().unwrap();
    completion
}

/// Works once; checks what was asked of the platform besides the token and the enrollment, and the id, source and address that
/// are recorded.
async fn check(from: DetailsFrom, payload: Option<Value>, asked: &[&str], expected: (Option<&str>, Source, bool)) {
    let world = world(from, |_| ()).await;
    if let Some(payload) = payload {
        world.platform.passes("1", CUSTOMER, payload);
    }
    world.work().await;
    world.platform.script().asked.retain(|asked| !asked.starts_with("POST") && !asked.contains("/enrollments/"));
    world.platform.check_asked(asked);
    world.check_counts(&[("recorded", 1)]).await;
    let completion = recorded(&world).await;
    let (external_id, details_from, has_email) = expected;
    assert_eq!((completion.external_id.as_deref(), completion.details_from), (external_id, details_from));
    assert_eq!(completion.email.is_some(), has_email);
    assert!(completion.pass && completion.user_id == "7001" && completion.person.is_none());
}

const ACTIVITY: &str = "GET /v2/learning-activity of 1 as 11861197";
const USER: &str = "GET /v2/users/7001 as 11861197";

#[tokio::test]
async fn it_is_read_where_the_operator_says() {
    let payload = || Some(json!({"cmi.core.student_id": "HR-42", "cmi.core.student_name": "Ada"}));
    let from_activity = |has_email| (Some("HR-42"), Source::LearningActivity, has_email);
    let from_enrollment = (None, Source::Enrollment, true);
    check(DetailsFrom::Enrollment, payload(), &[USER], from_enrollment).await;
    check(DetailsFrom::LearningActivity, payload(), &[ACTIVITY], from_activity(false)).await;
    check(DetailsFrom::Both, payload(), &[ACTIVITY, USER], from_activity(true)).await;
    // Through an authenticated link there is no activity, and who uses both does not wait for one.
    check(DetailsFrom::Both, None, &[ACTIVITY, USER], from_enrollment).await;
    // One that does not have the field will not have it later.
    let other = || Some(json!({"cmi.core.lesson_status": "completed"}));
    check(DetailsFrom::LearningActivity, other(), &[ACTIVITY, USER], from_enrollment).await;
}

#[tokio::test]
async fn each_portal_may_have_its_own_way() {
    let both = [portal(CUSTOMER), portal("22")];
    let world = World::with(|settings| {
        let [first, second] = both;
        let details_from = Some(DetailsFrom::LearningActivity);
        let external_id_from = Some("cmi.launch_data:ref".parse().unwrap());
        settings.external_id_from = "x.employee".parse().unwrap();
        settings.portals = vec![first, Portal { details_from, external_id_from, ..second }];
    })
    .await;
    let payload = json!({"x.employee": "7", "cmi.launch_data": "lo=741712;portal=22;ref=HR%3B42"});
    for (id, portal_id) in [("1", CUSTOMER), ("2", "22")] {
        world.platform.completed(id, portal_id);
        world.platform.passes(id, portal_id, payload.clone());
        let at = "2022-03-29T01:29:36.000Z";
        world.deliver(&event_in(portal_id, &format!("e{id}"), "enrollment.complete", id, 1, at)).await;
    }
    world.work().await;
    let mut ids: Vec<_> = world.completions().await.into_iter().map(|one| (one.portal_id, one.external_id)).collect();
    ids.sort();
    assert_eq!(ids, [(CUSTOMER.to_owned(), None), ("22".to_owned(), Some("HR;42".to_owned()))]);
}

#[tokio::test]
async fn an_activity_that_comes_a_little_later_is_waited_for() {
    let world = world(DetailsFrom::LearningActivity, |_| ()).await;
    world.work().await;
    let inbox = world.check_counts(&[("waiting", 1)]).await;
    assert_eq!(inbox["attention"][0]["reason"], "there is no learning activity for this enrollment");
    // It waits through a restart, too.
    let world = world.restart(|_| ()).await;
    world.platform.passes("1", CUSTOMER, json!({"cmi.learner_id": "HR-42"}));
    world.move_clock(1);
    world.work().await;
    world.check_counts(&[("recorded", 1)]).await;
    assert_eq!(recorded(&world).await.external_id.as_deref(), Some("HR-42"));
}

#[tokio::test]
async fn without_an_activity_the_completion_is_recorded_from_the_enrollment_after_ten_answers() {
    for is_without_activities in [false, true] {
        let world = world(DetailsFrom::LearningActivity, |_| ()).await;
        world.platform.script().is_without_activities = is_without_activities;
        assert_eq!(world.work_to_the_end().await, 10);
        world.check_counts(&[("recorded", 1)]).await;
        let completion = recorded(&world).await;
        assert_eq!((completion.external_id, completion.details_from), (None, Source::Enrollment));
        assert_eq!((completion.email.as_deref(), completion.pass), (Some("learner-1@customer.example"), true));
    }
}

#[tokio::test]
async fn an_id_of_ones_own_is_not_held_up_by_an_address_that_nobody_knows() {
    let world = world(DetailsFrom::Both, |_| ()).await;
    world.platform.script().users.clear();
    world.platform.passes("1", CUSTOMER, json!({"cmi.learner_id": "HR-42"}));
    world.work().await;
    let completion = recorded(&world).await;
    assert_eq!((completion.external_id.as_deref(), completion.email), (Some("HR-42"), None));
}

#[tokio::test]
async fn what_cannot_be_asked_now_is_waited_for_without_an_end() {
    let world = world(DetailsFrom::LearningActivity, |_| ()).await;
    world.platform.passes("1", "22", json!({"cmi.learner_id": "HR-42"}));
    for _ in 0..20 {
        assert_eq!(world.work().await, 1);
        world.move_clock(600);
    }
    let inbox = world.check_counts(&[("waiting", 1)]).await;
    assert_eq!(inbox["attention"][0]["reason"], "learning activity act-1 is of portal 22, not 11861197");
    assert_eq!(world.completions().await, []);
}

#[tokio::test]
async fn an_id_once_known_stays_when_a_later_event_finds_no_activity() {
    let world = world(DetailsFrom::Both, |_| ()).await;
    world.platform.passes("1", CUSTOMER, json!({"cmi.learner_id": "HR-42"}));
    world.work().await;
    world.platform.script().activities.clear();
    world.deliver(&event_in(CUSTOMER, "e2", "enrollment.complete", "1", 1, "2022-03-30T00:00:00.000Z")).await;
    world.work().await;
    let completion = recorded(&world).await;
    assert_eq!((completion.event_id.as_str(), completion.external_id.as_deref()), ("e2", Some("HR-42")));
    assert_eq!(completion.details_from, Source::LearningActivity);
}
