//! A small LMS at a site of its own: it unpacks a package, opens it for its one learner, and keeps what is committed.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use browser::browser::Browser;
use browser::frame::Frame;
use browser::page::Page;
use scorm::archive::Archive;
use scorm::course;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::process::PATIENCE;

const FILE_BYTES_MAX: u64 = 1024 * 1024;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The LMS, and the browser of its learner, who comes back with it.
pub(super) struct School {
    browser: Browser,
    port: u16,
    course: Arc<Course>,
}

/// One time that the learner opened the course.
pub(super) struct Visit {
    pub(super) page: Page,
    pub(super) wrapper: Frame,
    pub(super) player: Frame,
}

struct Course {
    edition: &'static str,
    learner: &'static str,
    launch_data: String,
    files: BTreeMap<String, Vec<u8>>,
    /// Each commit: in which mode, and all values then.
    commits: Mutex<Vec<(String, BTreeMap<String, Value>)>>,
}

impl School {
    pub(super) async fn of(edition: &'static str, learner: &'static str, package: &[u8]) -> Self {
        let mut archive = Archive::open(Cursor::new(package)).unwrap();
        let manifest = course::read(&mut archive).unwrap();
        let names: Vec<String> = archive.files().iter().map(|file| file.path.clone()).collect();
        let files = names.into_iter().map(|name| {
            let bytes = archive.read(&name, FILE_BYTES_MAX).unwrap().unwrap();
            (name, bytes)
        });
        let files = files.collect();
        let launch_data = manifest.launch_data.expect("the integrator's ids are in the manifest");
        let course = Arc::new(Course { edition, learner, launch_data, files, commits: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new()
            .route("/", get(page))
            .route("/page.js", get(|| async { script(include_str!("page.js")) }))
            .route(
                "/scorm12.min.js",
                get(|| async { script(include_str!("../../../../player/assets/scorm12.min.js")) }),
            )
            .route(
                "/scorm2004.min.js",
                get(|| async { script(include_str!("../../../../player/assets/scorm2004.min.js")) }),
            )
            .route("/facts", get(facts))
            .route("/commit", post(commit))
            .route("/course/{file}", get(file))
            .with_state(Arc::clone(&course));
        tokio::spawn(async move { axum::serve(listener, router).await });
        School { browser: Browser::start().await, port, course }
    }

    /// The learner opens the course, in a tab of its own.
    pub(super) async fn visit(&self, mode: &str) -> Visit {
        let page = self.browser.open(&format!("http://lms.test:{}/?{mode}", self.port)).await;
        let wrapper = page.frame("/course/index.html").await;
        let player = page.frame("/play/").await;
        player.wait_for("document.querySelector('#words').textContent.endsWith('aved.')").await;
        Visit { page, wrapper, player }
    }

    /// What it keeps for the learner.
    pub(super) fn value(&self, element: &str) -> String {
        self.course.values()[element].as_str().unwrap_or_default().to_owned()
    }

    pub(super) async fn holds(&self, element: &str, is_it: impl Fn(&str) -> bool) {
        let what = || self.course.values()[element].as_str().is_some_and(&is_it);
        wait(what, || format!("{element} in {:#?}", self.course.values())).await;
    }

    /// Waits until a visit in this mode has ended in the LMS, or cannot have changed anything there.
    pub(super) async fn ended(&self, mode: &str) {
        let commits = || self.course.commits.lock().unwrap().iter().filter(|(in_mode, _)| in_mode == mode).count();
        wait(|| commits() > 0, || format!("the end of a visit in mode {mode}")).await;
    }

    /// Whether it only ever went up those steps.
    pub(super) fn never_lowered(&self, element: &str, steps: &[&str]) {
        let commits = self.course.commits.lock().unwrap();
        let all: Vec<&str> = commits.iter().filter_map(|(_, values)| values.get(element)?.as_str()).collect();
        let mut ups = all.clone();
        ups.dedup();
        assert_eq!(ups, steps, "{element}: {all:?}");
    }
}

impl Visit {
    /// Runs something in the course that was uploaded, deep within.
    pub(super) async fn course(&self, code: &str) -> Value {
        let course = self.page.frame("/package/").await;
        course.wait_for("window.get").await;
        course.eval(code).await
    }
}

impl Course {
    fn values(&self) -> Value {
        let commits = self.commits.lock().unwrap();
        commits.last().map(|(_, values)| json!(values)).unwrap_or_else(|| json!({}))
    }
}

async fn wait(is_so: impl Fn() -> bool, what: impl Fn() -> String) {
    let started_at = Instant::now();
    while !is_so() {
        assert!(started_at.elapsed() < PATIENCE, "waited in vain for {}", what());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn script(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], text).into_response()
}

async fn page() -> Html<&'static str> {
    Html(
        "<!doctype html><html lang=en><title>LMS</title><link rel=icon href=data:,>\
         <style>body{margin:0}iframe{width:100vw;height:100vh;border:0}</style>\
         <body><script type=module src=/page.js></script></body></html>",
    )
}

async fn facts(State(course): State<Arc<Course>>, RawQuery(mode): RawQuery) -> Json<Value> {
    Json(json!({
        "edition": course.edition, "learner": course.learner, "launch_data": course.launch_data, "mode": mode,
        "values": course.values(),
    }))
}

async fn commit(State(course): State<Arc<Course>>, RawQuery(mode): RawQuery, body: Bytes) -> Json<Value> {
    let values: BTreeMap<String, Value> = serde_json::from_slice(&body).expect("scorm-again commits JSON");
    course.commits.lock().unwrap().push((mode.unwrap_or_default(), values));
    Json(json!({ "result": "true", "errorCode": 0 }))
}

async fn file(State(course): State<Arc<Course>>, Path(name): Path<String>) -> Response {
    let Some(bytes) = course.files.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html",
        Some("css") => "text/css",
        _ => "text/javascript",
    };
    ([(header::CONTENT_TYPE, kind)], bytes.clone()).into_response()
}
