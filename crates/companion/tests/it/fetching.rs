//! What becomes of an event once it is stored.

use companion::inbox::State;
use companion::step::Step;
use serde_json::json;

use crate::platform::PARTNER;
use crate::world::{CUSTOMER, World, completed, event, event_in, portal};

#[tokio::test]
async fn a_completion_is_fetched_with_the_portals_own_credentials_and_recorded() {
    let world = World::with(|settings| settings.portals.push(portal(PARTNER))).await;
    world.platform.completed("101916887", CUSTOMER);
    world.deliver(&completed("hg4JWUDbT55B", "101916887")).await;
    assert_eq!(world.work().await, 1);
    world.platform.check_asked(&[
        "GET /v2/enrollments/101916887 as 11861197",
        "GET /v2/users/101923887 as 11861197",
        "POST /oauth/token as 11861197",
    ]);
    let expected = json!({
        "completions": [{
            "cursor": 1, "event_id": "hg4JWUDbT55B", "enrollment_id": "101916887", "portal_id": "11861197",
            "lo_id": "741712", "user_id": "101923887", "email": "learner-101916887@customer.example",
            "external_id": null, "details_from": "enrollment", "person": null, "matched_by": null,
            "status": "completed", "pass": true, "completed_at": "2022-03-29T01:29:35.000Z",
            "recorded_at": "2022-03-29T01:29:37.000Z", "event_time": "2022-03-29T01:29:36.000Z",
        }],
        "next_cursor": 1,
    });
    assert_eq!(world.get("/completions").await.body, expected);
    world.check_counts(&[("recorded", 1)]).await;
    assert_eq!(world.work().await, 0);
}

#[tokio::test]
async fn each_customers_events_are_fetched_with_that_customers_credentials() {
    let world = World::with(|settings| settings.portals.push(portal("22"))).await;
    for (enrollment_id, portal_id) in [("1", CUSTOMER), ("2", "22")] {
        world.platform.completed(enrollment_id, portal_id);
        let event_id = format!("e{enrollment_id}");
        let at = "2022-03-29T01:29:36.000Z";
        world.deliver(&event_in(portal_id, &event_id, "enrollment.complete", enrollment_id, 1, at)).await;
    }
    world.work().await;
    let portals = |list: Vec<companion::completion::Completion>| {
        let mut portals: Vec<_> = list.into_iter().map(|one| (one.enrollment_id, one.portal_id)).collect();
        portals.sort();
        portals
    };
    let expected = [("1", CUSTOMER), ("2", "22")].map(|(one, other)| (one.to_owned(), other.to_owned()));
    assert_eq!(portals(world.completions().await), expected);
}

#[tokio::test]
async fn a_completion_that_was_not_passed_is_recorded_as_not_passed() {
    let world = World::begin().await;
    world.platform.enrolled("1", CUSTOMER, json!({"pass": false, "result": 10}));
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    let completions = world.completions().await;
    assert_eq!((completions.len(), completions[0].pass, completions[0].status.as_str()), (1, false, "completed"));
}

#[tokio::test]
async fn the_other_spelling_of_completed_is_understood_and_a_missing_end_is_the_events_time() {
    let world = World::begin().await;
    world.platform.enrolled("1", CUSTOMER, json!({"status": "complete", "end_date": null}));
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    let [completion] = world.completions().await.try_into().unwrap();
    assert_eq!(completion.status, "completed");
    assert_eq!(completion.completed_at, completion.event_time);
}

#[tokio::test]
async fn a_duplicate_is_recorded_once() {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    for _ in 0..2 {
        world.deliver(&completed("e1", "1")).await;
        world.work().await;
    }
    world.deliver(&completed("e1", "1")).await;
    assert_eq!(world.work().await, 0);
    let cursors: Vec<i64> = world.completions().await.iter().map(|completion| completion.cursor).collect();
    assert_eq!(cursors, [1]);
}

#[tokio::test]
async fn while_the_platform_is_away_the_event_waits_and_then_is_recorded() {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    world.platform.script().away = Some("0");
    world.deliver(&completed("e1", "1")).await;
    let mut waits = Vec::new();
    for _ in 0..3 {
        assert_eq!(world.work().await, 1);
        let inbox = world.check_counts(&[("waiting", 1)]).await;
        let entry = &inbox["attention"][0];
        assert_eq!(entry["reason"], "POST /oauth/token answered 503: away");
        let due_at: jiff::Timestamp = entry["due_at"].as_str().unwrap().parse().unwrap();
        let wait = due_at.duration_since(world.now()).as_millis_f64();
        waits.push(wait);
        // Not a moment earlier.
        assert_eq!(world.work().await, 0);
        world.move_clock((wait / 1000.0).ceil() as i64);
    }
    assert!(waits.is_sorted_by(|one, next| next > &(one * 1.5)), "{waits:?}");
    world.platform.script().away = None;
    world.work().await;
    world.check_counts(&[("recorded", 1)]).await;
    assert_eq!(world.completions().await.len(), 1);
}

#[tokio::test]
async fn the_platform_may_say_when_to_come_back() {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    world.platform.script().away = Some("600");
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    world.platform.script().away = None;
    world.move_clock(599);
    assert_eq!(world.work().await, 0);
    world.move_clock(1);
    assert_eq!(world.work().await, 1);
    world.check_counts(&[("recorded", 1)]).await;
}

#[tokio::test]
async fn a_platform_that_cannot_be_reached_is_waited_for() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let world = World::with(|settings| settings.platform_url = url).await;
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    let inbox = world.check_counts(&[("waiting", 1)]).await;
    let reason = inbox["attention"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("POST /oauth/token: no answer: "), "{reason}");
}

/// Delivers an event of `portal_id`, works for a long time, and gives back why it still waits.
async fn reason_to_wait(world: &World, portal_id: &str) -> String {
    let at = "2022-03-29T01:29:36.000Z";
    world.deliver(&event_in(portal_id, "e1", "enrollment.complete", "1", 1, at)).await;
    for _ in 0..20 {
        assert_eq!(world.work().await, 1);
        world.move_clock(600);
    }
    let inbox = world.check_counts(&[("waiting", 1)]).await;
    assert_eq!(world.completions().await, []);
    inbox["attention"][0]["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn with_the_partners_credentials_it_waits_until_there_are_the_customers() {
    // Somebody entered the partner's credentials for the customer.
    let confused = companion::config::Portal { portal_id: CUSTOMER.into(), ..portal(PARTNER) };
    let world = World::with(|settings| settings.portals = vec![confused]).await;
    world.platform.completed("1", CUSTOMER);
    assert_eq!(
        reason_to_wait(&world, CUSTOMER).await,
        "GET /v2/enrollments/1 answered 403: Use the customer portal's own credentials."
    );
    let world = world.restart(|settings| settings.portals = vec![portal(CUSTOMER)]).await;
    world.work().await;
    world.check_counts(&[("recorded", 1)]).await;
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_waited_out() {
    let wrong = companion::config::Portal { client_secret: "wrong".into(), ..portal(CUSTOMER) };
    let world = World::with(|settings| settings.portals = vec![wrong]).await;
    let reason = reason_to_wait(&world, CUSTOMER).await;
    assert!(reason.starts_with("the client id or secret is not accepted: "), "{reason}");
    assert!(!reason.contains("wrong"), "{reason}");
}

#[tokio::test]
async fn an_unknown_portal_waits_until_there_are_credentials() {
    let world = World::begin().await;
    world.platform.completed("1", "22");
    let reason = "there are no credentials for portal 22: add them to the settings and restart";
    assert_eq!(reason_to_wait(&world, "22").await, reason);
    world.platform.check_asked(&[]);
    let world = world.restart(|settings| settings.portals.push(portal("22"))).await;
    world.work().await;
    world.check_counts(&[("recorded", 1)]).await;
}

#[tokio::test]
async fn an_enrollment_that_is_not_completed_is_asked_for_again_and_then_given_up() {
    let world = World::begin().await;
    world.platform.enrolled("1", CUSTOMER, json!({"status": "in-progress", "end_date": null}));
    world.deliver(&completed("e1", "1")).await;
    assert_eq!(world.work_to_the_end().await, 10);
    let inbox = world.check_counts(&[("not_completed", 1)]).await;
    let reason = "the platform says that the enrollment is \"in-progress\", not completed";
    assert_eq!(inbox["attention"][0]["reason"], reason);
    assert_eq!(world.completions().await, []);
}

#[tokio::test]
async fn an_enrollment_that_is_completed_a_little_later_is_recorded() {
    let world = World::begin().await;
    world.platform.enrolled("1", CUSTOMER, json!({"status": "in-progress"}));
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    world.platform.completed("1", CUSTOMER);
    world.move_clock(1);
    world.work().await;
    world.check_counts(&[("recorded", 1)]).await;
}

#[tokio::test]
async fn an_enrollment_that_is_not_there_is_kept_and_looked_for_again_when_the_event_is_sent_again() {
    let mut world = World::begin().await;
    world.deliver(&completed("e1", "1")).await;
    assert_eq!(world.work_to_the_end().await, 10);
    let inbox = world.check_counts(&[("unresolved", 1)]).await;
    let reason = "GET /v2/enrollments/1 answered 404: Enrollment not found.".to_owned();
    assert_eq!(inbox["attention"][0]["reason"], reason);
    let (event_id, portal_id, enrollment_id) = ("e1".to_owned(), CUSTOMER.to_owned(), "1".to_owned());
    let given_up = Step::GivenUp { event_id, portal_id, enrollment_id, state: State::Unresolved, reason };
    assert_eq!(world.told().pop(), Some(given_up));
    world.platform.completed("1", CUSTOMER);
    world.deliver(&completed("e1", "1")).await;
    world.check_counts(&[("new", 1)]).await;
    world.work().await;
    world.check_counts(&[("recorded", 1)]).await;
}

#[tokio::test]
async fn an_id_that_would_lead_elsewhere_is_never_asked_for() {
    let world = World::begin().await;
    world.deliver(&completed("e1", "../users/1")).await;
    world.work_to_the_end().await;
    world.platform.check_asked(&[]);
    let inbox = world.check_counts(&[("unresolved", 1)]).await;
    assert_eq!(inbox["attention"][0]["reason"], "\"../users/1\" is not an id");
}

#[tokio::test]
async fn an_answer_about_something_else_is_not_recorded() {
    let world = World::begin().await;
    world.platform.enrolled("1", CUSTOMER, json!({"id": 2}));
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    let inbox = world.check_counts(&[("waiting", 1)]).await;
    let reason = "asked for enrollment 1, the platform answered with enrollment 2";
    assert_eq!(inbox["attention"][0]["reason"], reason);
    assert_eq!(world.completions().await, []);
}

#[tokio::test]
async fn a_learner_whom_the_platform_does_not_know_is_recorded_without_an_address() {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    world.platform.script().users.clear();
    world.deliver(&completed("e1", "1")).await;
    assert_eq!(world.work_to_the_end().await, 10);
    let [completion] = world.completions().await.try_into().unwrap();
    assert_eq!((completion.user_id.as_str(), completion.email), ("7001", None));
}

/// Delivers two events of one enrollment, which is changed in between, and checks which event, address and cursor the
/// one completion has.
async fn check_two_events(second_event_time: &str, changes: serde_json::Value, expected: (&str, bool, i64)) {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    world.platform.enrolled("1", CUSTOMER, changes);
    world.deliver(&event_in(CUSTOMER, "e2", "enrollment.complete", "1", 1, second_event_time)).await;
    world.work().await;
    world.check_counts(&[("recorded", 2)]).await;
    let [completion] = world.completions().await.try_into().unwrap();
    assert_eq!((completion.event_id.as_str(), completion.pass, completion.cursor), expected);
}

#[tokio::test]
async fn two_events_of_one_enrollment_make_one_completion() {
    let later = json!({"pass": false, "updated_time": "2022-03-30T00:00:00+00:00"});
    check_two_events("2022-03-30T00:00:00.000Z", later.clone(), ("e2", false, 2)).await;
    // The second event is of an earlier moment, but what was fetched for it is newer.
    check_two_events("2022-03-28T00:00:00.000Z", later, ("e1", false, 2)).await;
    // Nothing new at all.
    check_two_events("2022-03-28T00:00:00.000Z", json!({}), ("e1", true, 1)).await;
    // An old answer to a new event.
    let earlier = json!({"pass": false, "updated_time": "2022-03-01T00:00:00+00:00"});
    check_two_events("2022-03-30T00:00:00.000Z", earlier, ("e2", true, 2)).await;
}

#[tokio::test]
async fn a_deletion_is_noted_and_the_completion_stays() {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    world.deliver(&completed("e1", "1")).await;
    world.work().await;
    world.platform.script().enrollments.clear();
    world.deliver(&event("e2", "enrollment.delete", "1")).await;
    world.work().await;
    world.check_counts(&[("noted", 1), ("recorded", 1)]).await;
    assert_eq!(world.completions().await.len(), 1);
}

#[tokio::test]
async fn what_was_received_before_a_crash_is_recorded_after_it() {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    world.deliver(&completed("e1", "1")).await;
    let world = world.restart(|_| ()).await;
    assert_eq!(world.work().await, 1);
    world.check_counts(&[("recorded", 1)]).await;
    assert_eq!(world.completions().await.len(), 1);
}

#[tokio::test]
async fn a_completion_that_cannot_be_stored_is_stored_later_and_once() {
    let world = World::begin().await;
    world.platform.completed("1", CUSTOMER);
    // The answer is longer than what the page of the event has room for.
    world.platform.script().users.insert("7001".into(), format!("{}@customer.example", "x".repeat(100_000)));
    world.deliver(&completed("e1", "1")).await;
    world.pragma("max_page_count", 1).await;
    let error = world.companion.work_once().await.unwrap_err();
    assert_eq!(error.to_string(), "the inbox: the disk is full");
    // Neither half of it is stored.
    assert_eq!(world.completions().await, []);
    world.check_counts(&[("new", 1)]).await;
    world.pragma("max_page_count", 1_000_000).await;
    world.work().await;
    world.check_counts(&[("recorded", 1)]).await;
    assert_eq!(world.completions().await.len(), 1);
}

#[tokio::test]
async fn many_events_are_all_recorded_once() {
    let world = World::begin().await;
    for number in 1..=50 {
        world.platform.completed(&number.to_string(), CUSTOMER);
        world.deliver(&completed(&format!("e{number}"), &number.to_string())).await;
    }
    assert_eq!(world.work().await, 50);
    let completions = world.completions().await;
    let cursors: Vec<i64> = completions.iter().map(|completion| completion.cursor).collect();
    assert_eq!(cursors, (1..=50).collect::<Vec<_>>());
    // They share one token, also those that were fetched at the same time with none yet.
    let tokens = world.platform.script().asked.iter().filter(|asked| asked.starts_with("POST")).count();
    assert_eq!(tokens, 1);
}
