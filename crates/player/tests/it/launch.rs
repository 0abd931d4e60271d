//! A package is opened: which enrollment it leads to, and what is kept.

use domain::clock::Clock;
use domain::enrollment::{Standing, Status};
use domain::learning_object::{LifecycleState, Retirement};
use jiff::SignedDuration;
use serde_json::json;

use crate::app::{App, LMS, PLAYER};

#[tokio::test]
async fn a_learner_has_one_enrollment_however_often_they_come() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let mut lms = app.lms(&destination, "ada");
    let first = app.launch(&lms).await.ok();
    assert!(first["play_url"].as_str().unwrap().starts_with(&format!("{PLAYER}/play/{}?launch=", app.lo_id)));
    let mirror = json!({"status": "incomplete", "score": null, "progress": null, "location": null});
    assert_eq!(
        (&first["mirror"], &first["read_only"], &first["lower_status"]),
        (&mirror, &json!(false), &json!(false))
    );
    // Before they finish, also if the LMS says that they begin; and by another name.
    app.launch(&lms).await.ok();
    lms.values["cmi.core.student_name"] = json!("King, Ada");
    app.launch(&lms).await.ok();
    let enrollments = app.enrollments().await;
    let [enrollment] = &enrollments[..] else { panic!("{enrollments:?}") };
    assert_eq!((enrollment.destination_id, enrollment.progress.status()), (Some(destination.id), Status::InProgress));
    let activities = app.activities(enrollment.id).await;
    assert_eq!(activities.len(), 3, "each launch is kept");
    assert_eq!(activities[2].values["cmi.launch_data"], "lo=741712;ref=HR-42");
    assert_eq!(app.events().await, ["enrollment.create"]);
}

#[tokio::test]
async fn learners_contents_and_destinations_have_enrollments_of_their_own() {
    let app = App::new().await;
    let (first, second) = (app.destination(|_| {}).await, app.destination(|_| {}).await);
    let other_content = app.content(None).await;
    app.launch(&app.lms(&first, "ada")).await.ok();
    app.launch(&app.lms(&first, "alan")).await.ok();
    app.launch(&app.lms(&second, "ada")).await.ok();
    let mut other = app.lms(&first, "ada");
    other.lo_id = other_content.0;
    app.launch(&other).await.ok();
    // What tells learners apart is the id, as it is: not the name, and no part of it.
    app.launch(&app.lms(&first, "Ada")).await.ok();
    app.launch(&app.lms(&first, "ada ")).await.ok();
    let enrollments = app.enrollments().await;
    let accounts: Vec<_> = enrollments.iter().map(|enrollment| enrollment.user_account_id).collect();
    assert_eq!(enrollments.len(), 6);
    assert_eq!((accounts[0], accounts[0]), (accounts[2], accounts[3]), "one person in the portal");
    let mut people = accounts;
    people.sort_unstable();
    people.dedup();
    assert_eq!(people.len(), 4);
    let account = app.store.find_user_account(app.portal_id, enrollments[0].user_account_id).await.unwrap().unwrap();
    assert!(account.email.as_str().ends_with("@customer.example.com"), "{account:?}");
    assert_eq!((account.given_name.as_str(), account.family_name.as_str()), ("Ada", "Lovelace"));
    assert_eq!(account.external_user_id, None, "a browser does not say who somebody is");
}

#[tokio::test]
async fn a_new_attempt_follows_a_finished_one_if_the_lms_begins_anew() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let mut lms = app.lms(&destination, "ada");
    let launched = app.launch(&lms).await.ok();
    let opened = app.open(&launched).await;
    app.report(&opened, 1, json!({"status": "completed", "result": 80})).await.ok();
    let again = app.launch(&app.lms(&destination, "ada").resumed()).await.ok();
    let mirror = json!({"status": "passed", "score": 80, "progress": null, "location": null});
    assert_eq!(again["mirror"], mirror);
    // An LMS that says ab-initio each time, and still knows that it is completed.
    lms.values["cmi.core.lesson_status"] = json!("completed");
    assert_eq!(app.launch(&lms).await.ok()["mirror"], mirror);
    // The same page opens the player once more, with what it read when it was opened.
    let mut same_page = app.lms(&destination, "ada");
    same_page.before = Some(launched["session"].as_str().unwrap().to_owned());
    assert_eq!(app.launch(&same_page).await.ok()["mirror"], mirror);
    assert_eq!(app.enrollments().await.len(), 1);
    // Somebody else's session says nothing about this learner.
    let other = app.launch(&app.lms(&destination, "alan")).await.ok();
    same_page.before = Some(other["session"].as_str().unwrap().to_owned());
    assert_eq!(app.launch(&same_page).await.ok()["mirror"]["status"], "incomplete");
    let standings: Vec<_> =
        app.enrollments().await.iter().map(|enrollment| (enrollment.standing, enrollment.progress.status())).collect();
    let (live, archived) = ((Standing::Live, Status::InProgress), (Standing::Archived, Status::Completed));
    assert_eq!(standings, [archived, live, live]);
    // Who still has the first one open hears that it does not count any more.
    app.report(&opened, 2, json!({"status": "completed", "result": 90})).await.refused(409, "superseded");
    let created = ["enrollment.create"; 3];
    assert_eq!(app.events().await, [&["enrollment.complete"][..], &created].concat());
}

#[tokio::test]
async fn an_lms_that_only_looks_is_not_written_to_and_begins_nothing_anew() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    app.report(&app.open(&launched).await, 1, json!({"status": "completed"})).await.ok();
    for (name, value) in
        [("cmi.core.lesson_mode", "review"), ("cmi.core.lesson_mode", "browse"), ("cmi.core.credit", "no-credit")]
    {
        let mut lms = app.lms(&destination, "ada");
        lms.values[name] = json!(value);
        let launched = app.launch(&lms).await.ok();
        assert_eq!(
            (&launched["read_only"], &launched["mirror"]["status"]),
            (&json!(true), &json!("completed")),
            "{value}"
        );
    }
    let enrollments = app.enrollments().await;
    assert_eq!(enrollments.len(), 1);
    assert_eq!(app.activities(enrollments[0].id).await.len(), 4, "each is kept, also when all is done");
}

#[tokio::test]
async fn retired_content_is_for_those_who_began_and_removed_content_for_nobody() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let day = SignedDuration::from_hours(24);
    let now = app.clock.now();
    let retirement = Retirement { flagged_at: now, retired_at: Some(now + day), removed_at: now + 2 * day };
    app.change_content(app.lo_id, |lo| lo.retirement = Some(retirement)).await;
    let opened = app.open(&launched).await;
    assert_eq!(opened["leaves_at"], json!("2022-03-31T01:29:36.676Z"), "they can still act");
    app.launch(&app.lms(&destination, "alan")).await.ok();
    app.clock.advance(day);
    app.launch(&app.lms(&destination, "grace")).await.refused(400, "retired");
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let opened = app.open(&launched).await;
    assert_eq!(opened["enrollment"]["status"], "in-progress");
    app.report(&opened, 1, json!({"status": "completed"})).await.ok();
    let done = app.open(&app.launch(&app.lms(&destination, "ada").resumed()).await.ok()).await;
    assert_eq!(done["leaves_at"], json!(null), "they are done");
    // Also who begins anew in the LMS sees what they did, for there is no new enrollment.
    let anew = app.launch(&app.lms(&destination, "ada")).await.ok();
    assert_eq!(anew["mirror"]["status"], "completed");
    let late = app.launch(&app.lms(&destination, "alan")).await.ok();
    let open = app.open(&late).await;
    let unopened = app.launch(&app.lms(&destination, "alan")).await.ok();
    app.clock.advance(day - SignedDuration::from_secs(30));
    let unopened_too = app.launch(&app.lms(&destination, "alan")).await.ok();
    app.clock.advance(SignedDuration::from_secs(30));
    app.launch(&app.lms(&destination, "ada")).await.refused(410, "removed");
    app.exchange(&unopened_too).await.refused(410, "removed");
    app.exchange(&unopened).await.refused(401, "link_spent");
    // Sessions last a day, so this one is over too; what was done in time is said in time.
    app.report(&open, 1, json!({"status": "completed"})).await.refused(401, "session_over");
}

#[tokio::test]
async fn what_was_opened_before_the_removal_is_still_kept() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let opened = app.open(&launched).await;
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Removed).await;
    app.report(&opened, 1, json!({"status": "completed"})).await.ok();
    assert_eq!(app.commit(&launched, 1, json!({"cmi.core.lesson_status": "completed"})).await.status, 204);
    assert_eq!(app.events().await, ["enrollment.complete", "enrollment.create"]);
}

#[tokio::test]
async fn what_cannot_be_played_is_not_launched() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Draft).await;
    app.launch(&app.lms(&destination, "ada")).await.refused(400, "not_published");
    let mut lms = app.lms(&destination, "ada");
    lms.lo_id = 1;
    app.launch(&lms).await.refused(410, "removed");
    lms.token = "0".repeat(32);
    app.launch(&lms).await.refused(401, "unknown_token");
    lms.token = "no token".to_owned();
    app.launch(&lms).await.refused(401, "unknown_token");
    assert!(app.enrollments().await.is_empty());
}

#[tokio::test]
async fn an_lms_that_says_nobody_launches_nothing() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    for learner in ["", "  "] {
        app.launch(&app.lms(&destination, learner)).await.refused(400, "malformed");
    }
    assert!(app.enrollments().await.is_empty());
}

#[tokio::test]
async fn a_blocked_account_plays_nothing() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    app.block(app.enrollments().await[0].user_account_id).await;
    app.launch(&app.lms(&destination, "ada")).await.refused(403, "account_blocked");
    app.exchange(&launched).await.refused(403, "account_blocked");
}

#[tokio::test]
async fn a_pseudonymous_destination_keeps_neither_id_nor_name() {
    let app = App::new().await;
    let destination = app.destination(|destination| destination.pseudonymous = true).await;
    let twin = app.destination(|destination| destination.pseudonymous = true).await;
    let open = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "s3cret-id")).await.ok();
    app.launch(&app.lms(&destination, "s3cret-id").resumed()).await.ok();
    let values =
        json!({"cmi.core.student_id": "s3cret-id", "cmi.core.student_name": "Lovelace, Ada", "cmi.comments": "x"});
    assert_eq!(app.commit(&launched, 1, values).await.status, 204);
    app.launch(&app.lms(&twin, "s3cret-id")).await.ok();
    let holds = |text: &str| {
        let files = std::fs::read_dir(app.folder.path()).unwrap();
        let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    assert!(!holds("s3cret-id") && !holds("Lovelace"));
    let enrollments = app.enrollments().await;
    assert_eq!(enrollments.len(), 2, "known again at one destination, another person at the other");
    assert_ne!(enrollments[0].user_account_id, enrollments[1].user_account_id);
    let activities = app.activities(enrollments[0].id).await;
    let id = &activities[1].values["cmi.core.student_id"];
    assert_eq!((id.len(), id), (64, &activities[0].values["cmi.core.student_id"]));
    assert_eq!(activities[1].values["cmi.comments"], "x");
    app.launch(&app.lms(&open, "s3cret-id")).await.ok();
    assert!(holds("s3cret-id") && holds("Lovelace"), "the control: elsewhere they are kept as they came");
}

#[tokio::test]
async fn only_the_origin_of_the_launch_is_spoken_with() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let mut lms = app.lms(&destination, "ada");
    assert_eq!(app.open(&app.launch(&lms).await.ok()).await["frame_origin"], LMS);
    for origin in [None, Some("null")] {
        lms.origin = origin;
        assert_eq!(app.open(&app.launch(&lms).await.ok()).await["frame_origin"], json!(null));
    }
}
