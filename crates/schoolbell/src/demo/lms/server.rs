//! The LMS, served: its page, the unpacked package, what it keeps of the learner, and what is told.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::stream;
use serde_json::{Map, Value};

use super::{Facts, Lms};

/// The longest record of a learner, in bytes.
const RECORD_BYTES_MAX: usize = 64 * 1024;
/// Everything of the page is its own; the course has pages of its own, and asks and shows the player.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; \
                      base-uri 'none'; form-action 'none'";

/// The files of the page: name, kind, content. The runtime is the one that the player has for uploaded packages.
const ASSETS: [(&str, &str, &[u8]); 4] = [
    ("", "html", include_bytes!("lms.html")),
    ("lms.css", "css", include_bytes!("lms.css")),
    ("lms.js", "js", include_bytes!("lms.js")),
    ("scorm12.js", "js", include_bytes!("../../../../player/assets/scorm12.min.js")),
];

pub(super) fn router(lms: Arc<Lms>) -> Router {
    let record = get(show).post(keep).layer(DefaultBodyLimit::max(RECORD_BYTES_MAX));
    let mut router = Router::new().route("/facts", get(facts)).route("/record", record).route("/told", get(told));
    for (name, kind, bytes) in ASSETS {
        let asset = async move || ([(header::CONTENT_SECURITY_POLICY, POLICY)], file(kind, bytes));
        router = router.route(&format!("/{name}"), get(asset));
    }
    router.route("/course/{*path}", get(course)).with_state(lms)
}

async fn facts(State(lms): State<Arc<Lms>>) -> Json<Facts> {
    Json(lms.facts.clone())
}

async fn course(State(lms): State<Arc<Lms>>, Path(path): Path<String>) -> Response {
    let kind = path.rsplit('.').next().unwrap_or_default();
    lms.files
        .get(&path)
        .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |bytes| file(kind, bytes).into_response())
}

fn file(kind: &str, bytes: &[u8]) -> impl IntoResponse + use<> {
    let content_type = match kind {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    };
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, content_type),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Bytes::copy_from_slice(bytes))
}

async fn show(State(lms): State<Arc<Lms>>) -> Json<Map<String, Value>> {
    Json(lms.record.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// JSON alone, which pages of others cannot send unasked.
async fn keep(State(lms): State<Arc<Lms>>, Json(record): Json<Map<String, Value>>) -> StatusCode {
    *lms.record.lock().unwrap_or_else(PoisonError::into_inner) = record;
    StatusCode::NO_CONTENT
}

/// What was told and what is told from now on, as an event stream.
async fn told(State(lms): State<Arc<Lms>>) -> Response {
    let begin = (lms.told.clone(), lms.shutdown.clone(), 0);
    let events = stream::unfold(begin, async |(mut told, shutdown, number)| {
        let next = async { told.wait_for(|all| all.len() > number).await.ok().map(|all| all[number].clone()) };
        let next = shutdown.run_until_cancelled(next).await??;
        let event = Bytes::from(format!("id: {number}\ndata: {next}\n\n"));
        Some((Ok::<_, Infallible>(event), (told, shutdown, number + 1)))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(events)).into_response()
}
