//! Every call: where it goes, what it carries, what it makes of the published answer.

use std::time::Duration;

use client::platform::delivery::Patience;
use client::platform::enrollment::{EnrollmentFilter, Part};
use client::platform::error::Error;
use contract::api::ApiVersion;
use contract::api::enrollment::{CreateEnrollment, UpdateEnrollment};
use contract::api::learning_object::{CreateLearningObject, SetLearningObject, SetLifecycle};
use contract::api::oauth::CreateOauthClient;
use contract::api::portal::CreatePortal;
use contract::api::user_account::CreateUserAccount;
use contract::api::webhook::{CreateWebhook, TestWebhook, UpdateWebhook};

use crate::server::{Asked, Server, json, token};

const V2_ENROLLMENT: &str = r#"{"id":101916887,"type":"enrollment","user_id":7,"lo_id":741712,"portal_id":11861197,
    "parent_lo_id":0,"parent_enrollment_id":0,"status":"completed","result":90,"pass":true,
    "created_time":"2022-03-29T01:00:00+00:00","updated_time":"2022-03-29T01:29:36+00:00","start_date":null,
    "end_date":"2022-03-29T01:29:36+00:00","due_date":null,"timestamp":1648517376,"field_of_tomorrow":1}"#;
const V2_USER: &str = r#"{"id":7,"email":"ada@example.com","first_name":"Ada","last_name":"L","created":
    "2022-03-29T01:00:00.000Z","updated":"2022-03-29T01:00:00.000Z","roles":["Learner"],"status":true}"#;
const ACTIVITY: &str = r#"{"total":1,"hits":[{"id":"1","enrollment_id":"2","lo_id":"3","portal_id":"4","user_id":"5",
    "created_time":"2022-03-29T01:00:00.000Z","updated_time":"2022-03-29T01:00:00.000Z","scorm_version":"1.2",
    "payload":{"cmi.core.student_id":"ada"}}]}"#;
const ENROLLMENT: &str = r#"{"id":"1","enrollment_type":"assigned","user_account_id":"7","lo_id":"2",
    "assigner_account_id":null,"assign_date":null,"created_time":"2022-03-29T01:00:00+00:00",
    "updated_time":"2022-03-29T01:29:36+00:00","status":"completed","pass":true,"start_date":null,"end_date":null,
    "due_date":null}"#;
const WEBHOOK: &str = r#"{"id":"xUjKifleke4u","portal_id":"1","url":"https://a.example","event_types":
    ["enrollment.complete"],"status":"active","created_by":"1","updated_by":"1","created_time":
    "2022-03-29T01:29:36.000Z","updated_time":"2022-03-29T01:29:36.000Z"}"#;
const PORTAL: &str = r#"{"id":"9","name":"P","domain":"p.example","timezone":"UTC","type":"customer","created_time":
    "2022-03-29T01:00:00.000Z","updated_time":"2022-03-29T01:00:00.000Z","settings":{}}"#;
const ACCOUNT: &str = r#"{"id":"7","account_guid":"acc_1","portal_id":"9","roles":[],"status":true,"created_time":
    "2022-03-29T01:00:00.000Z","updated_time":"2022-03-29T01:00:00.000Z","user":{"id":"7","email":"ada@example.com",
    "given_name":"Ada","family_name":"L","username":"ada","status":true}}"#;
const CONTENT: &str = r#"{"id":"con_1","lo_id":"741712","created_time":"2022-03-29T01:00:00.000Z","updated_time":
    "2022-03-29T01:00:00.000Z","core":{"title":"T"},"lifecycle":{"state":"published"}}"#;
const CLIENT: &str = r#"{"client_id":"c","client_secret":"s","client_name":"n","portal_id":"9","portal_name":"P"}"#;

/// Makes one call to a platform that answers `$body`; evaluates to what came of it, and checks what was asked.
macro_rules! call {
    ($platform:ident => $call:expr, $status:expr, $body:expr, $line:expr, $versioned:expr) => {{
        let server = Server::start([token("one"), json($status, $body)]).await;
        let $platform = server.platform();
        let came = $call.await;
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.line, $line);
        assert_eq!(asked.headers.contains("api-version: 2022-07-01\n"), $versioned, "{}", asked.headers);
        assert!(asked.headers.contains("authorization: Bearer one\n"), "{}", asked.headers);
        (came, asked)
    }};
}

#[track_caller]
fn check_json(asked: &Asked, expected: serde_json::Value) {
    assert!(asked.headers.contains("content-type: application/json\n"), "{}", asked.headers);
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&body[field], value, "{field}");
    }
}

#[tokio::test]
async fn the_details_of_an_event() {
    let (enrollment, _) =
        call!(p => p.v2().enrollment("101916887"), 200, V2_ENROLLMENT, "GET /v2/enrollments/101916887", false);
    assert_eq!(enrollment.unwrap().user_id, 7);
    let (user, _) = call!(p => p.v2().user(7), 200, V2_USER, "GET /v2/users/7", false);
    assert_eq!(user.unwrap().email, "ada@example.com");
    let line = "GET /v2/learning-activity?enrollment-id=2";
    let (activity, _) = call!(p => p.v2().learning_activity("2"), 200, ACTIVITY, line, false);
    assert_eq!(activity.unwrap().hits[0].payload["cmi.core.student_id"], "ada");
}

#[tokio::test]
async fn webhooks() {
    let page = format!(r#"{{"total":1,"hits":[{WEBHOOK}]}}"#);
    let (listed, _) = call!(p => p.webhooks(), 200, &page, "GET /webhooks", true);
    assert_eq!(listed.unwrap().hits[0].id, "xUjKifleke4u");
    let (webhook, _) = call!(p => p.webhook("a1"), 200, WEBHOOK, "GET /webhooks/a1", true);
    assert_eq!(webhook.unwrap().status, "active");
    let create = CreateWebhook { url: Some("https://a.example".into()), ..Default::default() };
    let (webhook, asked) = call!(p => p.create_webhook(&create), 201, WEBHOOK, "POST /webhooks", true);
    webhook.unwrap();
    assert_eq!(asked.body, r#"{"url":"https://a.example"}"#);
    let update = UpdateWebhook { name: Some(None), status: Some("paused".into()), ..Default::default() };
    let (webhook, asked) = call!(p => p.update_webhook("a1", &update), 200, WEBHOOK, "PATCH /webhooks/a1", true);
    webhook.unwrap();
    assert_eq!(asked.body, r#"{"name":null,"status":"paused"}"#);
    let test = TestWebhook { event_type: Some("enrollment.complete".into()) };
    let delivery = delivery("pending", "[]");
    let (test, asked) = call!(p => p.test_webhook("a1", &test), 201, &delivery, "POST /webhooks/a1/test", true);
    assert!(test.unwrap().test);
    assert_eq!(asked.body, r#"{"event_type":"enrollment.complete"}"#);
    let (deleted, _) = call!(p => p.delete_webhook("a1"), 204, "", "DELETE /webhooks/a1", true);
    deleted.unwrap();
}

/// A delivery of a test.
fn delivery(status: &str, attempts: &str) -> String {
    format!(
        r#"{{"id":"7","webhook_id":"a1","event_id":"e1","event_type":"enrollment.complete","data":{{}},"test":true,
        "status":"{status}","attempt_number":0,"attempts":{attempts}}}"#
    )
}

/// Waits for the outcome of a delivery that is like this each time it is looked at; checks that it was looked at so often.
async fn check_outcome(looks: &[&str], wait_for: Duration) {
    let server = Server::start([token("one")].into_iter().chain(looks.iter().map(|look| json(200, look)))).await;
    let patience = Patience { look_every: Duration::from_millis(1), wait_for };
    let seen = server.platform().outcome("7", patience).await.unwrap();
    assert_eq!(seen, serde_json::from_str(looks[looks.len() - 1]).unwrap());
    let asked: Vec<_> = server.asked().into_iter().skip(1).map(|asked| asked.line).collect();
    assert_eq!(asked, vec!["GET /deliveries/7"; looks.len()]);
}

#[tokio::test]
async fn the_outcome_of_a_delivery_is_waited_for_with_patience() {
    let pending = delivery("pending", "[]");
    let attempted = delivery(
        "pending",
        r#"[{"attempt_number":1,"started_time":"2022-03-29T01:29:36.000Z","took_ms":7,"status":500}]"#,
    );
    let minute = Duration::from_secs(60);
    check_outcome(&[&pending, &pending, &attempted], minute).await;
    for over in [&attempted, &delivery("held", "[]"), &delivery("failed", "[]")] {
        check_outcome(&[over], minute).await;
    }
    check_outcome(&[&pending], Duration::ZERO).await;
}

#[tokio::test]
async fn enrollments() {
    let filter = EnrollmentFilter {
        status: Some("in-progress,completed".into()),
        update_time_gte: Some("2022-03-29T01:29:36Z".parse().unwrap()),
        ..EnrollmentFilter::default()
    };
    let page = format!(r#"{{"total":1,"hits":[{ENROLLMENT}]}}"#);
    let line = "GET /enrollments?limit=20&offset=40&status=in-progress%2Ccompleted\
                &update_time_gte=2022-03-29T01%3A29%3A36.000Z";
    let part = Part { limit: 20, offset: 40 };
    let (listed, _) = call!(p => p.enrollments(&filter, part), 200, &page, line, true);
    assert_eq!(listed.unwrap().hits[0].pass, Some(true));
    let (enrollment, _) = call!(p => p.enrollment("1"), 200, ENROLLMENT, "GET /enrollments/1", true);
    assert_eq!(enrollment.unwrap().lo_id, "2");
    let create = CreateEnrollment { lo_id: Some("2".into()), ..Default::default() };
    let (enrollment, asked) = call!(p => p.create_enrollment(&create), 201, ENROLLMENT, "POST /enrollments", true);
    enrollment.unwrap();
    assert_eq!(asked.body, r#"{"lo_id":"2"}"#);
    let update = UpdateEnrollment { status: Some("completed".into()), pass: Some(true), ..Default::default() };
    let (enrollment, asked) =
        call!(p => p.update_enrollment("1", &update), 200, ENROLLMENT, "PATCH /enrollments/1", true);
    enrollment.unwrap();
    assert_eq!(asked.body, r#"{"status":"completed","pass":true}"#);
}

#[tokio::test]
async fn setting_up_a_portal() {
    let create = CreatePortal { name: Some("P".into()), ..Default::default() };
    let (portal, asked) = call!(p => p.create_portal(&create), 201, PORTAL, "POST /portals", true);
    assert_eq!(portal.unwrap().id, "9");
    check_json(&asked, serde_json::json!({"name": "P"}));
    let create = CreateOauthClient { client_name: Some("n".into()), ..Default::default() };
    let (client, asked) = call!(p => p.create_oauth_client(&create), 201, CLIENT, "POST /client", false);
    assert_eq!(client.unwrap().client_secret.as_deref(), Some("s"));
    check_json(&asked, serde_json::json!({"client_name": "n"}));
    let create = CreateUserAccount { email: Some("ada@example.com".into()), ..Default::default() };
    let (account, asked) = call!(p => p.create_user_account(&create), 201, ACCOUNT, "POST /user-accounts", true);
    assert_eq!(account.unwrap().user.given_name, "Ada");
    check_json(&asked, serde_json::json!({"email": "ada@example.com"}));
    let mut create = CreateLearningObject::default();
    create.core.title = "T".into();
    let (content, asked) = call!(p => p.create_learning_object(&create), 201, CONTENT, "POST /learning-objects", true);
    assert_eq!(content.unwrap().lo_id, "741712");
    check_json(&asked, serde_json::json!({"core": create.core}));
}

#[tokio::test]
async fn content_that_ends() {
    let (content, _) = call!(p => p.learning_object("741712"), 200, CONTENT, "GET /learning-objects/741712", true);
    assert_eq!(content.unwrap().core.title, "T");
    let line = "GET /learning-objects/741712/alternatives?type=retirement&limit=5";
    let (page, _) = call!(p => p.alternatives("741712", 5), 200, r#"{"total":9,"hits":[741713,7]}"#, line, true);
    assert_eq!(page.unwrap().hits, [741_713, 7]);
    let body = r#"{"lo_id":"741712","pending_state":null,"portals":[]}"#;
    let (impact, _) = call!(p => p.impact("741712"), 200, body, "GET /learning-objects/741712/impact", true);
    assert_eq!(impact.unwrap().portals, []);
    let set = SetLearningObject {
        lifecycle: Some(SetLifecycle { pending_state: Some(None), ..Default::default() }),
        ..Default::default()
    };
    let line = "POST /learning-objects/741712/set";
    let (content, asked) = call!(p => p.set_learning_object("741712", &set), 200, CONTENT, line, true);
    assert_eq!(content.unwrap().lo_id, "741712");
    check_json(&asked, serde_json::json!({"lifecycle": {"pending_state": null, "force": false}}));
}

#[tokio::test]
async fn each_api_may_have_its_own_address() {
    let auth = Server::start([token("one")]).await;
    let gateway = Server::start([json(200, r#"{"total":0,"hits":[]}"#)]).await;
    let v2 = Server::start([json(200, V2_USER)]).await;
    let config = auth
        .config()
        .with_gateway_url(&gateway.url)
        .unwrap()
        .with_v2_url(&format!("{}/v2", v2.url))
        .unwrap()
        .with_api_version(ApiVersion::V2025_01_01)
        .with_scope("webhook.read user.read");
    let platform = client::platform::Platform::new(config).unwrap();
    platform.webhooks().await.unwrap();
    platform.v2().user(7).await.unwrap();
    auth.check_asked(&["POST /oauth/token"]);
    assert!(auth.asked()[0].body.ends_with("&scope=webhook.read+user.read"), "{}", auth.asked()[0].body);
    assert!(gateway.asked()[0].headers.contains("api-version: 2025-01-01\n"));
    v2.check_asked(&["GET /v2/users/7"]);
}

#[tokio::test]
async fn what_is_no_id_is_not_sent() {
    let server = Server::start([]).await;
    let platform = server.platform();
    for id in ["", ".", "..", "a/b", "a%2fb", "a?b", "é"] {
        let error = platform.v2().enrollment(id).await.unwrap_err();
        assert!(matches!(&error, Error::Id(text) if text == id), "{error:?}");
        assert!(matches!(platform.delete_webhook(id).await, Err(Error::Id(_))));
    }
    server.check_asked(&[]);
}
