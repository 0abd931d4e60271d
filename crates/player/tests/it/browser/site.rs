//! The player where a browser reaches it, at a site of its own, and what lies elsewhere: a video and a page.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use browser::PATIENCE;
use browser::browser::Browser;
use browser::page::Page;
use domain::enrollment::{Enrollment, Progress};
use domain::id::{LearningObjectId, UserAccountId};
use domain::learning_object::Content;
use domain::play::Place;
use player::player::{Player, Settings};
use tokio::net::TcpListener;

use crate::app::App;

/// How long the video is, in seconds.
pub(crate) const VIDEO_S: u32 = 8;

/// How often the store is asked whether what is waited for has come.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A browser that has no storage to offer, and whose pages say so when it is asked for.
pub(crate) const NO_STORAGE: &str = "for (const [owner, name] of [[window, 'localStorage'], [window, 'sessionStorage'],
    [window, 'indexedDB'], [window, 'caches'], [Document.prototype, 'cookie']]) {
        Object.defineProperty(owner, name, { get() { throw new Error(`there is no ${name}`); }, set() { throw new Error(`there is no ${name}`); } });
    }";

/// The player, served.
pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) browser: Browser,
    pub(crate) port: u16,
    pub(crate) learner: UserAccountId,
    /// The status that progress is answered with; 0 for the truth.
    trouble: Arc<AtomicU16>,
}

impl Deref for Site {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Site {
    pub(crate) async fn make() -> Self {
        let app = App::new().await;
        let learner = app.account("grace").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let settings = Settings::new(format!("http://player.test:{port}"));
        let player =
            Player::new(app.store.clone(), app.clock.clone(), app.random.clone(), app.keyring.clone(), settings);
        let trouble = Arc::new(AtomicU16::new(0));
        let in_trouble = Arc::clone(&trouble);
        let router = Router::new()
            .route("/elsewhere/video.wav", get(video))
            .route("/elsewhere/page", get(|| async { Html("<!doctype html><title>Elsewhere</title><p>Elsewhere") }))
            .merge(player::router::router(player))
            .layer(middleware::from_fn(move |request: Request, next: Next| {
                answer(Arc::clone(&in_trouble), request, next)
            }));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { app, browser: Browser::start().await, port, learner, trouble }
    }

    /// From now on progress is answered so; 0 for the truth.
    pub(crate) fn answer_progress_with(&self, status: u16) {
        self.trouble.store(status, Ordering::Relaxed);
    }

    pub(crate) fn elsewhere(&self, file: &str) -> String {
        format!("http://elsewhere.test:{}/elsewhere/{file}", self.port)
    }

    pub(crate) async fn link(&self, lo_id: LearningObjectId) -> String {
        let token = self.app.login(self.learner, Some(lo_id)).await;
        format!("http://player.test:{}/play/{lo_id}?oneTimeToken={token}", self.port)
    }

    /// The learner opens content by a link, in a tab that has no storage.
    pub(crate) async fn open(&self, lo_id: LearningObjectId) -> Page {
        let page = self.browser.blank().await;
        page.before_scripts(NO_STORAGE).await;
        page.goto(&self.link(lo_id).await).await;
        page
    }

    pub(crate) async fn open_content(&self, content: Content) -> (LearningObjectId, Page) {
        let lo_id = self.app.content(Some(content)).await;
        (lo_id, self.open(lo_id).await)
    }

    /// The learner's enrollment in that content, once it is as wanted.
    pub(crate) async fn enrollment(
        &self,
        lo_id: LearningObjectId,
        what: &str,
        is_it: impl Fn(&Enrollment) -> bool,
    ) -> Enrollment {
        let started_at = Instant::now();
        loop {
            let all = self.app.enrollments().await;
            let mut of_it = all.into_iter().filter(|one| one.lo_id == lo_id);
            let found = of_it.next();
            assert!(of_it.next().is_none(), "one learner has one enrollment");
            if let Some(found) = found.as_ref().filter(|one| is_it(one)) {
                return found.clone();
            }
            assert!(started_at.elapsed() < PATIENCE, "waited in vain until it is {what}: {found:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    pub(crate) async fn completed(&self, lo_id: LearningObjectId) -> Enrollment {
        self.enrollment(lo_id, "completed", |one| matches!(one.progress, Progress::Completed { .. })).await
    }

    pub(crate) async fn is_completed(&self, lo_id: LearningObjectId) -> bool {
        let all = self.app.enrollments().await;
        all.iter().any(|one| one.lo_id == lo_id && matches!(one.progress, Progress::Completed { .. }))
    }

    /// What content keeps for the learner, once it is as wanted.
    pub(crate) async fn place(&self, lo_id: LearningObjectId, is_it: impl Fn(&Place) -> bool) -> Place {
        let enrollment = self.enrollment(lo_id, "there", |_| true).await;
        let started_at = Instant::now();
        loop {
            let place = self.app.store.find_place(enrollment.id).await.unwrap().unwrap_or_default();
            if is_it(&place) {
                return place;
            }
            assert!(started_at.elapsed() < PATIENCE, "waited in vain: {place:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn answer(trouble: Arc<AtomicU16>, request: Request, next: Next) -> Response {
    assert!(!request.headers().contains_key(header::COOKIE), "{request:?}");
    let status = trouble.load(Ordering::Relaxed);
    if status != 0 && request.uri().path() == "/play/progress" {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    next.run(request).await
}

/// From whatever byte on the browser wants it: else nobody could leap.
async fn video(headers: HeaderMap) -> Response {
    let (all, range) = (silence(), headers.get(header::RANGE).and_then(|range| range.to_str().ok()));
    let first = range.and_then(|range| range.strip_prefix("bytes=")?.split('-').next()?.parse::<usize>().ok());
    let kind = [(header::CONTENT_TYPE, "audio/wav")];
    match first {
        Some(first) if first < all.len() => {
            let range = format!("bytes {first}-{}/{}", all.len() - 1, all.len());
            (StatusCode::PARTIAL_CONTENT, kind, [(header::CONTENT_RANGE, range)], all[first..].to_vec()).into_response()
        }
        Some(_) => StatusCode::RANGE_NOT_SATISFIABLE.into_response(),
        None => (kind, [(header::ACCEPT_RANGES, "bytes")], all).into_response(),
    }
}

/// The line that says where things stand.
pub(crate) async fn says(page: &Page, words: &str) {
    let state = format!("document.querySelector('#words').textContent.includes({})", serde_json::json!(words));
    page.wait_for(&state).await;
}

/// Eight seconds of silence, in the simplest form that a browser plays: 8-bit samples, 8,000 a second.
fn silence() -> Vec<u8> {
    let samples = VIDEO_S * 8_000;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + samples).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    for (two, four) in [(1_u16, 0_u32), (1, 8_000)] {
        wav.extend(two.to_le_bytes());
        if four != 0 {
            wav.extend(four.to_le_bytes());
        }
    }
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(8_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(samples.to_le_bytes());
    wav.resize(wav.len() + samples as usize, 0x80);
    wav
}
