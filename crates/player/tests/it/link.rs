//! Login links: used once, for one course, and without SCORM.

use domain::clock::Clock;
use domain::enrollment::{Audience, Enrollment, EnrollmentType, NewEnrollment, ProgressReport, Status};
use domain::id::{EnrollmentId, EventId};
use domain::learning_object::LifecycleState;
use domain::learning_object::content::Content;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::id::Sequence;

use crate::app::App;

#[tokio::test]
async fn a_link_leads_to_an_enrollment_without_an_activity() {
    let app = App::new().await;
    let grace = app.account("grace").await;
    let opened = app.use_login(app.lo_id, &app.login(grace, Some(app.lo_id)).await).await.ok();
    assert_eq!(opened["learner"], json!({"id": grace.to_string(), "name": "Grace Hopper"}));
    assert_eq!(opened["learning_object"]["content"], json!({"text_html": "<h1>Run</h1>\n"}));
    assert_eq!(opened["learning_object"]["title"], "Fire safety");
    assert_eq!(opened["frame_origin"], json!(null));
    let said = json!({"status": "completed", "pass": true});
    assert_eq!(app.report(&opened, 1, said).await.ok()["enrollment"]["status"], "completed");
    let enrollments = app.enrollments().await;
    let [enrollment] = &enrollments[..] else { panic!("{enrollments:?}") };
    assert_eq!((enrollment.user_account_id, enrollment.destination_id), (grace, None));
    assert!(app.activities(enrollment.id).await.is_empty());
    assert_eq!(app.events().await, ["enrollment.complete", "enrollment.create"]);
    // Who comes again sees what they did, and begins nothing anew.
    let again = app.use_login(app.lo_id, &app.login(grace, None).await).await.ok();
    assert_eq!(again["enrollment"]["status"], "completed");
    assert_eq!(app.enrollments().await.len(), 1);
}

#[tokio::test]
async fn an_assignment_is_begun_by_opening_it() {
    let app = App::new().await;
    let grace = app.account("grace").await;
    let new = NewEnrollment {
        id: EnrollmentId(app.store.next_id(Sequence::Enrollment).await.unwrap()),
        portal_id: app.portal_id,
        user_account_id: grace,
        lo_id: app.lo_id,
        parent_id: None,
        destination_id: None,
        enrollment_type: EnrollmentType::Assigned,
        assigner_id: None,
        assigned_at: None,
        due_at: None,
        report: ProgressReport { status: Some(Status::NotStarted), ..Default::default() },
    };
    let audience = Audience { child_enrollment_events: false, event_ids: &mut || EventId::draw(&*app.random) };
    let assigned = Enrollment::create(new, app.clock.now(), audience).unwrap();
    app.store.save_enrollments(vec![assigned]).await.unwrap();
    let opened = app.use_login(app.lo_id, &app.login(grace, None).await).await.ok();
    assert_eq!(opened["enrollment"]["status"], "in-progress");
    assert_eq!(app.enrollments().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_come_with_one_link_one_gets_in() {
    let app = App::new().await;
    let token = app.login(app.account("grace").await, None).await;
    // Programs that follow the links in a mail do no harm.
    for _ in 0..3 {
        assert_eq!(app.get(&format!("/play/{}?oneTimeToken={token}", app.lo_id)).await.status, 200);
    }
    let answers = futures_util::future::join_all((0..16).map(|_| app.use_login(app.lo_id, &token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.refused(401, "link_spent");
    }
    assert_eq!(app.enrollments().await.len(), 1);
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let answers = futures_util::future::join_all((0..16).map(|_| app.exchange(&launched))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[tokio::test]
async fn links_end_by_the_clock() {
    let app = App::new().await;
    let grace = app.account("grace").await;
    let (first, second) = (app.login(grace, None).await, app.login(grace, None).await);
    app.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
    app.use_login(app.lo_id, &first).await.ok();
    app.clock.advance(SignedDuration::from_secs(1));
    app.use_login(app.lo_id, &second).await.refused(401, "link_spent");
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    app.clock.advance(SignedDuration::from_secs(60));
    app.exchange(&launched).await.refused(401, "link_spent");
}

#[tokio::test]
async fn a_link_opens_what_it_was_made_for() {
    let app = App::new().await;
    let (grace, other) = (app.account("grace").await, app.content(None).await);
    let token = app.login(grace, Some(app.lo_id)).await;
    app.use_login(other, &token).await.refused(401, "link_spent");
    // A link is no launch, and one that was tried in vain is still good.
    app.post("/play/exchange", json!({"lo": app.lo_id.0, "launch": token})).await.refused(401, "link_spent");
    app.post("/play/exchange", json!({"lo": app.lo_id.0})).await.refused(400, "malformed");
    let both = json!({"lo": app.lo_id.0, "launch": token, "one_time_token": token});
    app.post("/play/exchange", both).await.refused(400, "malformed");
    app.use_login(app.lo_id, &token).await.ok();
    app.use_login(app.lo_id, "guess").await.refused(401, "link_spent");
}

#[tokio::test]
async fn who_may_not_play_does_not_use_the_link_up() {
    let app = App::new().await;
    let grace = app.account("grace").await;
    let token = app.login(grace, None).await;
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Retired).await;
    app.use_login(app.lo_id, &token).await.refused(400, "retired");
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Published).await;
    app.use_login(app.lo_id, &token).await.ok();
    let token = app.login(grace, None).await;
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Retired).await;
    app.use_login(app.lo_id, &token).await.ok();
    let token = app.login(grace, None).await;
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Removed).await;
    app.use_login(app.lo_id, &token).await.refused(410, "removed");
    app.change_content(app.lo_id, |lo| lo.state = LifecycleState::Published).await;
    app.store.prune_library_items(app.portal_id, &[app.lo_id]).await.unwrap();
    app.use_login(app.lo_id, &token).await.refused(410, "removed");
    app.block(grace).await;
    app.store.save_library_items(app.portal_id, &[app.lo_id], app.clock.now()).await.unwrap();
    app.use_login(app.lo_id, &token).await.refused(403, "account_blocked");
}

#[tokio::test]
async fn each_kind_of_content_is_handed_to_the_page() {
    let app = App::new().await;
    let grace = app.account("grace").await;
    let played = async |content: Option<Content>| -> Value {
        let lo_id = app.content(content).await;
        let opened = app.use_login(lo_id, &app.login(grace, None).await).await.ok();
        opened["learning_object"]["content"].clone()
    };
    let url = "https://example.com/a.mp4";
    assert_eq!(played(Content::video(url).ok()).await, json!({"video_url": url}));
    assert_eq!(played(Content::link(url).ok()).await, json!({"link_url": url}));
    let text = played(Content::text("<script>alert(1)</script>").ok()).await;
    assert_eq!(text, json!({"text_html": "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"}));
    let description = json!({"text_html": "<p>What to do &lt;when&gt; it burns</p>\n"});
    assert_eq!(played(None).await, description);
}

#[tokio::test]
async fn an_enrollment_of_the_api_and_one_of_a_destination_are_two() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    app.launch(&app.lms(&destination, "ada")).await.ok();
    let ada = app.enrollments().await[0].user_account_id;
    app.use_login(app.lo_id, &app.login(ada, None).await).await.ok();
    let destinations: Vec<_> = app.enrollments().await.iter().map(|enrollment| enrollment.destination_id).collect();
    assert_eq!(destinations, [Some(destination.id), None]);
}
