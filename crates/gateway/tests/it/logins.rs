//! One-time logins, and the learning activities that come of packages.

use std::collections::BTreeMap;

use contract::api::learning_activity::LearningActivity;
use contract::api::login::Login;
use contract::api::page::Page;
use contract::api::user_account::UserAccount;
use contract::lms_text::LmsText;
use domain::change::Change;
use domain::clock::Clock;
use domain::destination::Destination;
use domain::id::{DestinationId, DestinationToken, LearningActivityId};
use domain::learning_activity::{self, RecordKind, ScormRecord, ScormVersion};
use domain::oauth::Digest;
use domain::play::{Holder, Launched, OneTimeToken, PlaySession};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::id::Sequence;
use store::keyring::ONE_TIME_TOKEN;
use store::play::NewLaunch;

use crate::app::App;

#[tokio::test]
async fn a_link_leads_one_learner_to_one_content_for_a_week() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let lo = &content.lo_id;
    for path in [
        format!("/v2/users/{}/login?redirect_url=/play/{lo}", learner.id),
        format!("/user-accounts/{}/login?redirect_url=/play/{lo}", learner.id),
        format!("/user-accounts/{}/login?redirect_url=%2Fplay%2F{}", learner.id, content.id),
        format!("/v2/me/login?redirect_url=/play/{lo}"),
    ] {
        let login: Login = customer.post(&path, json!({})).await.expect(200);
        let token = login.one_time_token.as_str();
        assert_eq!(login.url, Some(format!("http://127.0.0.1:8422/play/{lo}?oneTimeToken={token}")), "{path}");
        assert_eq!(login.expires_in, 604_800);
        let digest = app.keyring.digest(ONE_TIME_TOKEN, token);
        let stored = app.store.find_one_time_token(&digest, app.clock.now()).await.unwrap().unwrap();
        let whose = if path.contains("/me/") { app.customer.administrator_id } else { learner.id.parse().unwrap() };
        assert_eq!((stored.portal_id, stored.user_account_id), (app.customer.portal_id, whose));
        assert_eq!((stored.lo_id, stored.launch), (Some(lo.parse().unwrap()), None));
        let week = SignedDuration::from_hours(7 * 24);
        assert_eq!(stored.expires_at, app.clock.now() + week);
    }
}

#[tokio::test]
async fn the_newer_login_need_not_say_where_it_leads() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let path = format!("/user-accounts/{}/login", learner.id);
    let login: Value = customer.post(&path, Value::Null).await.expect(200);
    assert_eq!(login.as_object().unwrap().keys().collect::<Vec<_>>(), ["expires_in", "one_time_token"]);
    let again: Login = customer.post(&path, Value::Null).await.expect(200);
    assert_ne!(login["one_time_token"], again.one_time_token.as_str());
    customer
        .post(&format!("/v2/users/{}/login", learner.id), Value::Null)
        .await
        .expect_field("redirect_url", "required");
    customer.post("/v2/me/login", Value::Null).await.expect_field("redirect_url", "required");
}

#[tokio::test]
async fn a_login_leads_nowhere_else() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let content = customer.content("Fire safety").await;
    let others = app.as_(&app.stranger).content("Not theirs").await;
    for bad in [
        "https://evil.example/play/1",
        "//evil.example/play/1",
        "/",
        "/play/",
        "/play/x",
        "/play/0",
        &format!("/play/{}/", content.lo_id),
        &format!("/play/{}?launch=x", content.lo_id),
        &format!("/play/{}", others.lo_id),
        &format!("/play/../admin/{}", content.lo_id),
    ] {
        let query = bad.replace('?', "%3F").replace('/', "%2F");
        let path = format!("/v2/users/{}/login?redirect_url={query}", learner.id);
        customer.post(&path, Value::Null).await.expect_field("redirect_url", "redirect_url");
    }
    let ends = json!({"lifecycle": {"pending_state": {"removed_time": "2022-07-01T00:00:00Z"}}});
    customer.post(&format!("/learning-objects/{}/set", content.id), ends).await.expect::<Value>(200);
    app.clock.advance(SignedDuration::from_hours(24 * 100));
    let token = app.token(&app.customer.client_id, &app.customer.client_secret, None).await;
    let path = format!("/v2/me/login?redirect_url=/play/{}", content.lo_id);
    app.with_token(&token).post(&path, Value::Null).await.expect_field("redirect_url", "removed");
}

#[tokio::test]
async fn nobody_is_signed_in_who_is_blocked() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let path = format!("/user-accounts/{}", learner.id);
    customer.patch(&path, json!({"status": false})).await.expect::<UserAccount>(200);
    customer.post(&format!("{path}/login"), Value::Null).await.expect_refusal(403, "blocked");
}

/// A launch of the enrollment, as the player stores one.
async fn launch(app: &App, enrollment: &contract::api::enrollment::Enrollment, n: u8, value: &str) {
    let portal_id = app.customer.portal_id;
    let destination_id = DestinationId(app.store.next_id(Sequence::Destination).await.unwrap());
    let now = app.clock.now();
    let destination = Destination::default_of(portal_id, destination_id, DestinationToken::draw(&*app.random), now);
    app.store.save_destination(Change::silent(destination)).await.unwrap();
    let enrollment_id = enrollment.id.parse().unwrap();
    let (user_account_id, lo_id) = (enrollment.user_account_id.parse().unwrap(), enrollment.lo_id.parse().unwrap());
    let activity_id = LearningActivityId::draw(&*app.random);
    let values = BTreeMap::from([
        ("cmi.core.student_id".to_owned(), LmsText::from("S-1001")),
        ("cmi.suspend_data".to_owned(), LmsText::read(value).unwrap()),
    ]);
    let activity = learning_activity::LearningActivity {
        id: activity_id.clone(),
        portal_id,
        enrollment_id,
        lo_id,
        user_account_id,
        destination_id,
        scorm_version: ScormVersion::V1_2,
        values,
        lms_write: None,
        created_at: now,
        updated_at: now,
    };
    let record = ScormRecord {
        activity_id: activity_id.clone(),
        sequence: 0,
        kind: RecordKind::Launch,
        values: "{}".to_owned(),
        lms_write: None,
        at: now,
    };
    let token = OneTimeToken {
        digest: Digest([n; 32]),
        portal_id,
        user_account_id,
        lo_id: Some(lo_id),
        launch: Some(Launched { enrollment_id, activity_id: activity_id.clone(), destination_id, origin: None }),
        created_at: now,
        expires_at: now,
    };
    let session = PlaySession {
        digest: Digest([n; 32]),
        holder: Holder::Package,
        portal_id,
        user_account_id,
        lo_id,
        enrollment_id,
        launch: Some((activity_id, destination_id)),
        sequence: 0,
        created_at: now,
        expires_at: now,
    };
    app.store.save_launch(NewLaunch { activity, record, session, token }).await.unwrap();
}

#[tokio::test]
async fn what_an_lms_passed_comes_out_as_it_came_the_latest_launch_first() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    let enrollment = customer.enroll(&learner, &customer.content("Fire safety").await).await;
    let path = format!("/v2/learning-activity?enrollment-id={}", enrollment.id);
    let none: Value = customer.get(&path).await.expect(200);
    assert_eq!(none, json!({"total": 0, "hits": []}), "what is played by a link has none");
    launch(&app, &enrollment, 1, r#""\u0000""#).await;
    launch(&app, &enrollment, 2, r#""half \ud83d""#).await;
    let answer = customer.get(&path).await;
    assert!(answer.text.contains(r#""cmi.suspend_data":"half \ud83d""#), "{}", answer.text);
    let page: Page<LearningActivity> = answer.expect(200);
    assert_eq!(page.total, 2);
    let [latest, first] = &page.hits[..] else { panic!("{page:?}") };
    assert_eq!((&*latest.payload["cmi.suspend_data"], &*first.payload["cmi.suspend_data"]), ("half \u{fffd}", "\0"));
    assert_eq!(latest.payload["cmi.core.student_id"], "S-1001");
    assert_eq!((&latest.enrollment_id, &latest.lo_id), (&enrollment.id, &enrollment.lo_id));
    assert_eq!((&latest.user_id, latest.scorm_version.as_str()), (&learner.id, "1.2"));
    assert_eq!(latest.portal_id, app.customer.portal_id.to_string());
    let second: Page<LearningActivity> = customer.get(&format!("{path}&limit=1&offset=1")).await.expect(200);
    assert_eq!((second.total, &second.hits[0].id), (2, &first.id));
    customer.get(&format!("{path}&limit=51")).await.expect_field("limit", "at most 50");
}
