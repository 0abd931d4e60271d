//! A platform and a companion in one: fixed answers, and a list of what was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

pub(crate) const WEBHOOK: &str = r#"{"id":"xUjKifleke4u","portal_id":"11905591","name":"Main","url":"https://a.example/hook",
    "secret_key":"MyS3cretK#y","event_types":["enrollment.complete","content.decommission"],"status":"inactive",
    "status_reason":"gone","created_by":"1","updated_by":"1","created_time":"2022-03-29T01:29:36.000Z",
    "updated_time":"2022-03-30T01:29:36.000Z","rate_limit":10,"headers":{"X-Api-Key":"MyS3cretK#y"}}"#;
pub(crate) const ENROLLMENT: &str = r#"{"id":"101916887","enrollment_type":"assigned","user_account_id":"7",
    "lo_id":"741712","assigner_account_id":null,"assign_date":null,"created_time":"2022-03-29T01:00:00+00:00",
    "updated_time":"2022-03-29T01:29:36+00:00","status":"completed","result":90,"pass":true,"start_date":null,
    "end_date":"2022-03-29T01:29:36+00:00","due_date":null}"#;
pub(crate) const NOTICE: &str = r#"{"id":"a7Xk2pQ9LmZe","webhook_id":"xUjKifleke4u","kind":"stopped_gone",
    "time":"2022-03-29T01:29:36.000Z","subject":"Webhook \"Main\" was stopped","text":"It is gone.\n\nWhat to do:\n- \u001b[31mMend it\n",
    "mails":[{"user_account_id":"7","status":"sent","finished_time":"2022-03-29T01:30:00.000Z","email":"ada@example.com"},
    {"user_account_id":"8","status":"failed","finished_time":"2022-03-29T01:30:00.000Z","error":"550 nobody"}]}"#;
pub(crate) const AUDIT_ENTRIES: &str = r#"{"total":2,"hits":[
    {"id":"8","time":"2022-03-29T01:29:36.000Z","portal_id":"11861197",
     "actor":{"type":"client","id":"5c1f","name":"Integration","portal_id":"11861001","user_account_id":"7"},
     "channel":"api","action":"webhook.update","subject":{"type":"webhook","id":"xUjKifleke4u","name":"Main"},
     "changes":[{"field":"status","from":"active","to":"paused"},{"field":"name","to":"\u001b[31mMain"},
     {"field":"secret_key","from":"set"}]},
    {"id":"7","time":"2022-03-29T01:29:35.000Z","portal_id":"11861197","actor":{"type":"operator","id":"ada","name":"ada"},
     "channel":"cli","action":"user_account.update","subject":{"type":"user_account","id":"9"},
     "changes":[{"field":"email"}]}]}"#;
pub(crate) const DESTINATION: &str = r#"{"id":"31001","portal_id":"11861197","name":"Moodle",
    "token":"0123456789abcdefghijABCDEFGHIJ42","status":"active","lms_origins":["https://lms.example.com"],"seats_max":250,
    "expires_time":null,"lower_status":false,"pseudonymous":true,"created_time":"2022-03-29T01:29:36.000Z",
    "updated_time":"2022-03-30T01:29:36.000Z"}"#;
const COMPLETIONS: &str = r#"{"completions":[
    {"cursor":18,"event_id":"hg4JWUDbT55B","enrollment_id":"101916887","portal_id":"11861197","lo_id":"741712",
     "user_id":7,"email":"ada@example.com","external_id":"ada.l","person":"HR-42","status":"completed","pass":true,"completed_at":"2022-03-29T01:29:36Z",
     "recorded_at":"2022-03-29T01:29:37Z"},
    {"cursor":19,"event_id":"ig4JWUDbT55B","enrollment_id":"101916888","portal_id":"11861197","lo_id":"741712",
     "user_id":8,"email":null,"status":null,"pass":null,"completed_at":null,"recorded_at":null}],"next_cursor":19}"#;
const PEOPLE: &str = r#"{"total":7,"people":[{"external_id":"HR-42","portal_id":null,"email":"ada@example.com",
    "name":"Ada \u001b[31mLovelace","imported_at":"2022-03-29T01:29:37.000Z"}]}"#;
const UNMATCHED: &str = r#"{"total":9,"unmatched":[{"id":"17","state":"open","portal_id":"11861197","external_id":"ada.l",
    "user_id":"7","email":null,"name":"Ada","reason":"nobody in the list has this external id","completions":2,"person":null}]}"#;
/// A test of a webhook, with this id, status and attempts.
pub(crate) fn delivery(id: &str, status: &str, attempts: &str) -> String {
    format!(
        r#"{{"id":"{id}","webhook_id":"xUjKifleke4u","event_id":"hg4JWUDbT55B","event_type":"enrollment.complete",
        "data":{{"id":"404"}},"test":true,"status":"{status}","attempt_number":0,"attempts":[{attempts}]}}"#
    )
}
const ANSWERED: &str = r#"{"attempt_number":1,"started_time":"2022-03-29T01:29:36.000Z","took_ms":7,"status":"#;
const TIMED_OUT: &str = r#"{"attempt_number":1,"started_time":"2022-03-29T01:29:36.000Z","took_ms":10000,
    "failure":"timeout","detail":"no answer in 10 s"}"#;
/// A retirement without its last brace.
const RETIREMENT: &str = r#"{"id":"17","portal_id":"11861197","lo_id":"741712","title":"Fire safety","state":"scheduled",
    "days_left":92,"remove_time":"2022-06-29T01:29:36.000Z","remove_here_at":"2022-06-28T01:29:36.000Z","revision":1,
    "learners":{"in_progress":2,"not_started":3,"completed":4},"is_mandatory":true,"decision":{"decision":"expire","by":"Ada"},
    "removal":{"proof":null}"#;
const HISTORY: &str =
    r#""history":[{"at":"2022-03-29T01:29:37.000Z","what":"decided","who":"Ada","detail":"let it end"}]"#;
const NOTICES: &str = r#"{"notices":[{"id":"1","to":"administrator:ada@example.com","kind":"digest","state":"sent",
    "created_at":"2022-05-02T08:00:00.000Z","reason":null,"items":[{"retirement_id":"17","kind":"threshold","days":60}]}],
    "upcoming":[{"at":"2022-05-29T09:00:00.000Z","to":"learner:11861197:7","kind":"learner",
    "items":[{"retirement_id":"17","kind":"threshold","days":30}]}]}"#;
const REFUSED: &str = r#"{"message":"Enrollment not found."}"#;

/// An event without its last brace.
pub(crate) const EVENT: &str = r#"{"id":"hg4JWUDbT55B","event_type":"enrollment.complete","portal_id":"11861197",
    "data":{"id":"101916887"},"created_time":"2022-03-29T01:29:36.676Z","test":false"#;
/// What its webhooks are.
pub(crate) const STANDINGS: &str = r#""webhooks":[
    {"webhook_id":"xUjKifleke4u","name":"Main","status":"delivered","explanation":"It arrived.","delivery_id":"4711",
     "attempt_number":1,"finished_time":"2022-03-29T01:29:37.000Z"},
    {"webhook_id":"yUjKifleke4u","status":"not_told","reason":"made_later","explanation":"It was made later."}]"#;
const EVENTS: &str = r#"{"enrollment_id":"101916887""#;
const NO_COMPLETION: &str = r#""reason":"not_completed","explanation":"The enrollment is not completed.""#;

/// A running server.
pub(crate) struct Platform {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Platform {
    pub(crate) async fn start() -> Platform {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let router = Router::new().fallback(answer).with_state(asked.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Platform { url, asked }
    }

    /// The command line with everything that a call needs.
    pub(crate) fn line(&self, command: &str) -> String {
        format!("schoolbell {command} --url {} --client-id id --client-secret secret", self.url)
    }

    /// The last request: method, target, body.
    pub(crate) fn last_asked(&self) -> String {
        self.asked.lock().unwrap().last().unwrap().clone()
    }
}

async fn answer(State(asked): State<Arc<Mutex<Vec<String>>>>, request: Request) -> impl IntoResponse {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    asked.lock().unwrap().push(format!("{} {} {body}", parts.method, parts.uri).trim_end().to_owned());
    let (status, answer) = match (parts.method.as_str(), parts.uri.path()) {
        ("POST", "/oauth/token") => (200, r#"{"token_type":"Bearer","expires_in":60,"access_token":"t"}"#.to_owned()),
        ("GET", "/webhooks") => (200, format!(r#"{{"total":1,"hits":[{WEBHOOK}]}}"#)),
        ("DELETE", "/webhooks/xUjKifleke4u") => (204, String::new()),
        ("POST", "/webhooks") => (201, WEBHOOK.to_owned()),
        // What becomes of a test is the last digit of its webhook.
        ("POST", path) if path.ends_with("/test") => {
            let digit = path.as_bytes()[path.len() - "1/test".len()] as char;
            (201, delivery(&format!("471{digit}"), "pending", ""))
        }
        ("GET", "/deliveries/4711") => (200, delivery("4711", "delivered", &format!("{ANSWERED}200}}"))),
        ("GET", "/deliveries/4712") => (200, delivery("4712", "pending", &format!("{ANSWERED}500}}"))),
        ("GET", "/deliveries/4713") => (200, delivery("4713", "pending", TIMED_OUT)),
        ("GET", "/deliveries/4714") => (200, delivery("4714", "held", "")),
        (_, "/webhooks/xUjKifleke4u") => (200, WEBHOOK.to_owned()),
        ("GET", "/enrollments") => (200, format!(r#"{{"total":1,"hits":[{ENROLLMENT}]}}"#)),
        (_, "/enrollments/101916887") => (200, ENROLLMENT.to_owned()),
        ("GET", "/events") => (200, format!(r#"{{"total":1,"hits":[{}}}]}}"#, EVENT)),
        ("GET", "/events/hg4JWUDbT55B") => (200, format!("{EVENT},{STANDINGS}}}")),
        ("GET", "/enrollments/101916887/events") => (200, format!("{EVENTS},\"events\":[{EVENT},{STANDINGS}}}]}}")),
        ("GET", "/enrollments/101916888/events") => (200, format!("{EVENTS},\"events\":[],{NO_COMPLETION}}}")),
        ("GET", "/notices") => (200, format!(r#"{{"total":1,"hits":[{NOTICE}]}}"#)),
        ("GET", "/notices/a7Xk2pQ9LmZe") => (200, NOTICE.to_owned()),
        ("GET", "/audit-entries") => (200, AUDIT_ENTRIES.to_owned()),
        ("GET", "/destinations") => (200, format!(r#"{{"total":1,"hits":[{DESTINATION}]}}"#)),
        (_, "/destinations" | "/destinations/31001") => (200, DESTINATION.to_owned()),
        ("GET", "/learning-objects/741712/scorm") => (200, "PK a zip".to_owned()),
        ("GET", "/completions") => (200, COMPLETIONS.to_owned()),
        ("GET", "/people") => (200, PEOPLE.to_owned()),
        ("POST", "/people") => (200, r#"{"people":7,"added":2,"removed":1,"matched":3}"#.to_owned()),
        ("GET", "/unmatched") => (200, UNMATCHED.to_owned()),
        ("POST", "/unmatched/17/link") => (200, r#"{"person":"HR-42","completions":2}"#.to_owned()),
        ("GET", "/retirements") => (200, format!(r#"{{"total":1,"retirements":[{RETIREMENT}}}]}}"#)),
        ("GET", "/retirements/17") => (200, format!("{RETIREMENT},{HISTORY}}}")),
        ("GET", "/retirements/notices") => (200, NOTICES.to_owned()),
        ("GET", "/retirements.csv") => (200, "id,title\r\n17,\"Fire\"\r\n".to_owned()),
        ("POST", "/retirements/calendars") => (200, r#"{"url":"https://a.example/calendar/t.ics"}"#.to_owned()),
        ("POST", path) if path.starts_with("/retirements/17/") => (200, r#"{"status":"ok"}"#.to_owned()),
        _ => (404, REFUSED.to_owned()),
    };
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json")], answer)
}
