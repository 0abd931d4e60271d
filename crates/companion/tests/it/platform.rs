//! A platform that says what the test scripted, and keeps what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The partner, whose credentials may not read its customers' enrollments.
pub(crate) const PARTNER: &str = "100";

/// A running platform. Its OAuth clients are called `client-<portal>`, with the secret `secret-<portal>`.
#[derive(Clone)]
pub(crate) struct Platform {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

/// What the platform knows and how it is.
#[derive(Default)]
pub(crate) struct Script {
    /// By id: an enrollment as V2 tells it.
    pub(crate) enrollments: HashMap<String, Value>,
    /// By id: the e-mail address of a user.
    pub(crate) users: HashMap<String, String>,
    /// By enrollment: what an LMS passed in it.
    pub(crate) activities: HashMap<String, Vec<Value>>,
    /// Does not know what a learning activity is.
    pub(crate) is_without_activities: bool,
    /// By portal: enrollments as V3 tells them.
    pub(crate) enrolled: HashMap<String, Vec<Value>>,
    /// By id: the title of content, which may be replaced by all the others.
    pub(crate) content: HashMap<String, String>,
    /// Answers 503 to everything, with this `Retry-After`.
    pub(crate) away: Option<&'static str>,
    /// Methods and paths that were asked for, each with the portal whose token was used.
    pub(crate) asked: Vec<String>,
}

/// An answer that is not a success.
struct Refusal {
    status: u16,
    message: &'static str,
    retry_after: Option<&'static str>,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let platform = Platform { url, script: Arc::default() };
        let router = Router::new()
            .route("/oauth/token", post(token))
            .route("/v2/enrollments/{id}", get(enrollment))
            .route("/v2/users/{id}", get(user))
            .route("/v2/learning-activity", get(learning_activity))
            .route("/enrollments", get(enrollments))
            .route("/enrollments/{id}", get(enrollment_of_v3))
            .route("/learning-objects/{id}", get(content))
            .route("/learning-objects/{id}/alternatives", get(alternatives))
            .with_state(platform.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        platform
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// Adds an enrollment that is completed and passed, and its learner.
    pub(crate) fn completed(&self, id: &str, portal_id: &str) {
        self.enrolled(id, portal_id, json!({}));
    }

    /// The same with other fields.
    pub(crate) fn enrolled(&self, id: &str, portal_id: &str, changes: Value) {
        let number = |text: &str| text.parse::<u64>().unwrap();
        let mut enrollment = json!({
            "id": number(id), "type": "enrollment", "user_id": 7000 + number(id), "lo_id": 741_712,
            "portal_id": number(portal_id), "parent_lo_id": 0, "parent_enrollment_id": 0,
            "status": "completed", "result": 90, "pass": true,
            "created_time": "2022-03-01T00:00:00+00:00", "updated_time": "2022-03-29T01:29:36+00:00",
            "start_date": "2022-03-01T00:00:00+00:00", "end_date": "2022-03-29T01:29:35+00:00", "due_date": null,
            "timestamp": 1_648_517_376,
        });
        for (name, value) in changes.as_object().unwrap() {
            enrollment[name] = value.clone();
        }
        let mut script = self.script();
        let user_id = enrollment["user_id"].to_string();
        script.users.insert(user_id, format!("learner-{id}@customer.example"));
        script.enrollments.insert(id.to_owned(), enrollment);
    }

    /// An LMS passes these fields in an enrollment.
    pub(crate) fn passes(&self, enrollment_id: &str, portal_id: &str, payload: Value) {
        let activity = json!({
            "id": format!("act-{enrollment_id}"), "enrollment_id": enrollment_id, "lo_id": "741712",
            "portal_id": portal_id, "user_id": "1", "created_time": "2022-03-29T01:00:00.000Z",
            "updated_time": "2022-03-29T01:29:36.000Z", "scorm_version": "1.2", "payload": payload,
        });
        self.script().activities.insert(enrollment_id.to_owned(), vec![activity]);
    }

    /// Enrolls somebody in content, or says how far they are.
    pub(crate) fn learns(&self, portal_id: &str, id: &str, lo_id: &str, status: &str, kind: &str) {
        let user: u64 = 7000 + id.parse::<u64>().unwrap();
        let enrollment = json!({
            "id": id, "enrollment_type": kind, "user_account_id": user.to_string(), "lo_id": lo_id,
            "assigner_account_id": null, "assign_date": null, "created_time": "2022-03-01T00:00:00+00:00",
            "updated_time": "2022-03-01T00:00:00+00:00", "status": status, "start_date": null, "end_date": null,
            "due_date": null,
        });
        let mut script = self.script();
        script.users.insert(user.to_string(), format!("learner-{id}@customer.example"));
        let enrolled = script.enrolled.entry(portal_id.to_owned()).or_default();
        enrolled.retain(|other| other["id"] != id);
        enrolled.push(enrollment);
    }

    /// Checks what was asked since the last check, in any order.
    #[track_caller]
    pub(crate) fn check_asked(&self, expected: &[&str]) {
        let mut asked = std::mem::take(&mut self.script().asked);
        asked.sort();
        assert_eq!(asked, expected);
    }
}

impl Script {
    /// Notes the call, and says who calls or what to answer instead.
    fn caller(&mut self, call: &str, headers: &HeaderMap) -> Result<String, Refusal> {
        let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let portal = token.strip_prefix("Bearer token-").unwrap_or("nobody").to_owned();
        self.asked.push(format!("{call} as {portal}"));
        self.here()?;
        Ok(portal)
    }

    fn here(&self) -> Result<(), Refusal> {
        self.away.map_or(Ok(()), |seconds| Err(Refusal { status: 503, message: "away", retry_after: Some(seconds) }))
    }
}

fn refusal(status: u16, message: &'static str) -> Refusal {
    Refusal { status, message, retry_after: None }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap();
        let headers = self.retry_after.map(|seconds| [(RETRY_AFTER, seconds)]);
        let body = Json(json!({ "message": self.message }));
        match headers {
            None => (status, body).into_response(),
            Some(headers) => (status, headers, body).into_response(),
        }
    }
}

async fn token(
    State(platform): State<Platform>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    let portal = form["client_id"].strip_prefix("client-").unwrap_or("nobody").to_owned();
    script.asked.push(format!("POST /oauth/token as {portal}"));
    script.here()?;
    if form["client_secret"] != format!("secret-{portal}") {
        return Err(refusal(400, "Client authentication failed"));
    }
    let token = json!({"token_type": "Bearer", "expires_in": 43_200, "access_token": format!("token-{portal}")});
    Ok(Json(token))
}

async fn enrollment(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    let portal = script.caller(&format!("GET /v2/enrollments/{id}"), &headers)?;
    let found = script.enrollments.get(&id).cloned().ok_or_else(|| refusal(404, "Enrollment not found."))?;
    if portal == PARTNER {
        return Err(refusal(403, "Use the customer portal's own credentials."));
    }
    if found["portal_id"].as_u64() != portal.parse().ok() {
        return Err(refusal(404, "Enrollment not found."));
    }
    Ok(Json(found))
}

async fn user(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    script.caller(&format!("GET /v2/users/{id}"), &headers)?;
    let email = script.users.get(&id).ok_or_else(|| refusal(404, "User not found."))?;
    Ok(Json(json!({
        "id": id.parse::<u64>().unwrap(), "email": email, "first_name": "A", "last_name": "B",
        "created": "2022-03-01T00:00:00.000Z", "updated": "2022-03-01T00:00:00.000Z",
        "roles": ["Learner"], "status": true,
    })))
}

async fn learning_activity(
    State(platform): State<Platform>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    let id = &query["enrollment-id"];
    script.caller(&format!("GET /v2/learning-activity of {id}"), &headers)?;
    if script.is_without_activities {
        return Err(refusal(404, "There is nothing here."));
    }
    let hits = script.activities.get(id).cloned().unwrap_or_default();
    Ok(Json(json!({"total": hits.len(), "hits": hits})))
}

async fn enrollments(
    State(platform): State<Platform>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    let portal = script.caller("GET /enrollments", &headers)?;
    let enrolled = script.enrolled.get(&portal).cloned().unwrap_or_default();
    let hits: Vec<Value> = enrolled.into_iter().filter(|one| one["lo_id"] == query["lo_ids"]).collect();
    Ok(Json(json!({"total": hits.len(), "hits": hits})))
}

async fn enrollment_of_v3(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    let portal = script.caller(&format!("GET /enrollments/{id}"), &headers)?;
    let found = script.enrolled.get(&portal).and_then(|enrolled| enrolled.iter().find(|one| one["id"] == id));
    found.cloned().map(Json).ok_or_else(|| refusal(404, "there is no such enrollment"))
}

async fn content(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    script.caller(&format!("GET /learning-objects/{id}"), &headers)?;
    let title = script.content.get(&id).ok_or_else(|| refusal(404, "there is no such content"))?;
    Ok(Json(json!({
        "id": format!("con_{id}"), "lo_id": id, "created_time": "2022-03-01T00:00:00.000Z",
        "updated_time": "2022-03-01T00:00:00.000Z", "core": {"type": "course", "title": title},
        "lifecycle": {"state": "published"},
    })))
}

async fn alternatives(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let mut script = platform.script();
    script.caller(&format!("GET /learning-objects/{id}/alternatives"), &headers)?;
    let mut hits: Vec<u64> =
        script.content.keys().filter(|other| **other != id).map(|id| id.parse().unwrap()).collect();
    hits.sort_unstable();
    Ok(Json(json!({"total": hits.len(), "hits": hits})))
}
