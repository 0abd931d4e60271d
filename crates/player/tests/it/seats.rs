//! Seats, expiry, revocation: who may launch at a destination.

use domain::change::Change;
use domain::clock::Clock;
use domain::destination::{Destination, DestinationStatus};
use jiff::SignedDuration;
use serde_json::json;

use crate::app::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_come_at_once_as_many_launch_as_there_are_seats() {
    let app = App::new().await;
    let destination = app.destination(|destination| destination.seats_max = Some(3)).await;
    let packages: Vec<_> = (0..24).map(|n| app.lms(&destination, &format!("learner {}", n % 12))).collect();
    let launches = packages.iter().map(|lms| app.launch(lms));
    let answers = futures_util::future::join_all(launches).await;
    let mut seated = Vec::new();
    for (n, answer) in answers.into_iter().enumerate() {
        match answer.status {
            200 => seated.push(n % 12),
            _ => answer.refused(403, "seats_taken"),
        }
    }
    seated.sort_unstable();
    seated.dedup();
    assert_eq!(seated.len(), 3);
    let enrollments = app.enrollments().await;
    assert_eq!(enrollments.len(), 3, "who has no seat leaves nothing: {enrollments:?}");
    for (n, package) in packages.iter().enumerate().take(12) {
        let again = app.launch(package).await;
        assert_eq!(again.status == 200, seated.contains(&n), "{n}");
    }
}

#[tokio::test]
async fn whoever_makes_learners_up_makes_so_many_and_keeps_nobody_out_who_has_begun() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let other = app.destination(|_| {}).await;
    let launch = async |destination, learner: String| app.launch(&app.lms(destination, &learner)).await;
    for n in 0..1_000 {
        assert_eq!(launch(&destination, format!("made up {n}")).await.status, 200, "{n}");
    }
    app.clock.advance(SignedDuration::from_millis(900));
    assert_eq!(launch(&destination, "ada".to_owned()).await.status, 200);
    launch(&destination, "one too many".to_owned()).await.refused(429, "rate_limited");
    assert_eq!(launch(&destination, "ada".to_owned()).await.status, 200, "who has begun goes on");
    assert_eq!(launch(&other, "one too many".to_owned()).await.status, 200, "each destination for itself");
}

#[tokio::test]
async fn what_the_packages_of_a_destination_leave_behind_has_an_end() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "mallory")).await.ok();
    let much = json!({"cmi.suspend_data": "x".repeat(500_000)});
    let mut kept = 0_usize;
    while app.commit(&launched, kept as i64 + 1, much.clone()).await.status == 204 {
        kept += 1;
        // One session may not ask faster.
        app.clock.advance(SignedDuration::from_millis(200));
    }
    assert!((100..200).contains(&kept), "{kept}");
    app.commit(&launched, 1_000, much).await.refused(429, "rate_limited");
    assert_eq!(
        app.commit(&launched, 1_000, json!({"cmi.core.exit": "suspend"})).await.status,
        204,
        "what is little has room"
    );
}

#[tokio::test]
async fn a_destination_that_expired_lets_those_finish_who_began() {
    let app = App::new().await;
    let until = app.clock.now() + SignedDuration::from_secs(60);
    let destination = app.destination(|destination| destination.expires_at = Some(until)).await;
    app.clock.advance(SignedDuration::from_secs(59));
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    app.clock.advance(SignedDuration::from_secs(1));
    app.launch(&app.lms(&destination, "ada")).await.refused(403, "destination_expired");
    let opened = app.open(&launched).await;
    app.report(&opened, 1, json!({"status": "completed"})).await.ok();
    assert_eq!(app.commit(&launched, 1, json!({})).await.status, 204);
}

#[tokio::test]
async fn a_destination_that_is_revoked_ends_at_once() {
    let app = App::new().await;
    let destination = app.destination(|_| {}).await;
    let launched = app.launch(&app.lms(&destination, "ada")).await.ok();
    let opened = app.open(&launched).await;
    let unopened = app.launch(&app.lms(&destination, "ada")).await.ok();
    let revoked = Destination { status: DestinationStatus::Revoked, ..destination.clone() };
    app.store.save_destination(Change::silent(revoked)).await.unwrap();
    app.launch(&app.lms(&destination, "ada")).await.refused(403, "destination_revoked");
    app.exchange(&unopened).await.refused(403, "destination_revoked");
    app.report(&opened, 1, json!({"status": "completed"})).await.refused(403, "destination_revoked");
    app.commit(&launched, 1, json!({})).await.refused(403, "destination_revoked");
    assert_eq!(app.events().await, ["enrollment.create"]);
}
