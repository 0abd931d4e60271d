//! An LMS that does as it is told, a player that says what it is told to, and a real package between them.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use browser::browser::Browser;
use browser::frame::Frame;
use browser::page::Page;
use scorm::edition::Edition;
use scorm::launch_data::LaunchData;
use scorm::package::Package;
use scorm::schemas::Schemas;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use zip::ZipArchive;

use super::tls;

/// How long a test waits for what the platform is told.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a careful LMS lets the pages of packages do.
const POLICY: &str =
    "default-src 'self'; connect-src http://player.test:*; frame-src http://player.test:* http://other.test:*";

/// What the player's server was asked, and what it answers.
#[derive(Default)]
pub(crate) struct Platform {
    pub(crate) launches: Vec<Value>,
    pub(crate) commits: Vec<Value>,
    /// How a launch is answered, where it is not as usual.
    pub(crate) launch: Option<(u16, Value)>,
    /// Merged into the usual answer to a launch.
    pub(crate) also: Value,
    /// The status that a commit is answered with, where it is not as usual.
    pub(crate) commit: Option<u16>,
    /// Nobody may show the player in a frame.
    pub(crate) is_frame_refused: bool,
}

pub(crate) struct World {
    pub(crate) browser: Browser,
    pub(crate) port: u16,
    pub(crate) platform: Shared,
}

pub(crate) type Shared = Arc<Mutex<Platform>>;

#[derive(Clone)]
struct Site {
    port: u16,
    player: String,
    platform: Shared,
    packages: Arc<HashMap<&'static str, HashMap<String, Vec<u8>>>>,
}

impl World {
    pub(crate) async fn make() -> Self {
        Self::make_with(false).await
    }

    /// An LMS that is not encrypted, as some within a house are, and a player that is.
    pub(crate) async fn with_encrypted_player() -> Self {
        Self::make_with(true).await
    }

    async fn make_with(is_encrypted: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let player = match is_encrypted {
            true => format!("https://player.test:{}", tls::encrypt(port).await),
            false => format!("http://player.test:{port}"),
        };
        let platform = Shared::default();
        let packages = Arc::new(packages(&player));
        let site = Site { port, player, platform: Arc::clone(&platform), packages };
        let router = Router::new()
            .route("/lms", get(lms))
            .route("/lms.js", get(|| async { script(include_str!("lms.js")) }))
            .route("/between", get(between))
            .route("/package/{edition}/{file}", get(file))
            .route("/scorm/launch", post(launch))
            .route("/scorm/commit", post(commit))
            .route("/play/{lo}", get(play))
            .route("/player.js", get(|| async { script(include_str!("player.js")) }))
            .with_state(site);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let flags: &[&str] = if is_encrypted { &["--ignore-certificate-errors"] } else { &[] };
        Self { browser: Browser::start_with(flags).await, port, platform }
    }

    /// Opens a package in the LMS, in a frame beside its API.
    pub(crate) async fn open(&self, how: Value) -> Course {
        let page = self.browser.blank().await;
        self.open_in(page, how).await
    }

    pub(crate) async fn open_in(&self, page: Page, mut how: Value) -> Course {
        let edition = how["edition"].as_str().unwrap_or("1.2").to_owned();
        if how["open"].is_null() {
            how["open"] = json!(format!("/package/{edition}/index.html"));
        }
        page.goto(&self.lms(&how)).await;
        let wrapper = page.frame("/package/").await;
        Course { page, wrapper }
    }

    pub(crate) fn lms(&self, how: &Value) -> String {
        let how: String = how.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("http://lms.test:{}/lms#{how}", self.port)
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Platform)) {
        change(&mut self.platform.lock().unwrap());
    }

    /// Waits until there is something about what the platform was told.
    pub(crate) async fn told<T>(&self, what: &str, look: impl Fn(&Platform) -> Option<T>) -> T {
        let started_at = Instant::now();
        loop {
            let (found, commits) = {
                let platform = self.platform.lock().unwrap();
                (look(&platform), platform.commits.clone())
            };
            if let Some(found) = found {
                return found;
            }
            assert!(started_at.elapsed() < PATIENCE, "waited in vain for {what}: {commits:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for a commit that is so.
    pub(crate) async fn committed(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        self.told(what, |platform| platform.commits.iter().find(|commit| is_it(commit)).cloned()).await
    }
}

/// A package in an LMS.
pub(crate) struct Course {
    pub(crate) page: Page,
    pub(crate) wrapper: Frame,
}

impl Course {
    /// The page of the player, once it is greeted.
    pub(crate) async fn player(&self) -> Frame {
        let player = self.page.frame("/play/").await;
        player.wait_for("window.heard && heard.some(({ type }) => type === 'hello')").await;
        player
    }

    /// The player says where the learner stands, and is heard.
    pub(crate) async fn says(&self, status: Value) {
        let player = self.player().await;
        let said = player.eval(&format!("say('status', {status})")).await;
        player.wait_for(&format!("acknowledged.includes({said})")).await;
    }

    /// Waits until the LMS holds that value.
    pub(crate) async fn holds(&self, element: &str, value: &str) {
        self.page.wait_for(&format!("values[{}] === {}", json!(element), json!(value))).await;
    }

    /// The line at the top.
    pub(crate) async fn says_to_learner(&self, words: &str) {
        self.wrapper.wait_for(&format!("document.querySelector('#state').innerText.includes({})", json!(words))).await;
    }

    /// What was asked of the LMS.
    pub(crate) async fn calls(&self) -> Vec<Vec<String>> {
        let calls = self.page.eval("calls").await;
        let words =
            |call: &Value| call.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        calls.as_array().unwrap().iter().map(words).collect()
    }

    /// How often a function of the LMS was called.
    pub(crate) async fn count(&self, name: &str) -> usize {
        self.calls().await.iter().filter(|call| call[0] == name).count()
    }

    /// The learner goes on to something else within the LMS.
    pub(crate) async fn leave(&self) {
        self.page.eval("document.querySelector('#sco').src = 'about:blank'").await;
        self.page.wait_for("calls.some(([name]) => name === 'terminate')").await;
    }
}

fn packages(player: &str) -> HashMap<&'static str, HashMap<String, Vec<u8>>> {
    let launch_data = LaunchData::new(741_712, 11_861_197, Some("HR-42")).unwrap();
    let made = |edition| {
        let package = Package {
            edition,
            lo_id: 741_712,
            title: "Fire safety",
            launch_data: &launch_data,
            token: "the-token",
            player,
            lower_status: false,
        };
        let mut zip = ZipArchive::new(Cursor::new(package.zip(&Schemas::default()))).unwrap();
        let mut files = HashMap::new();
        for n in 0..zip.len() {
            let mut file = zip.by_index(n).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            files.insert(file.name().unwrap().into_owned(), bytes);
        }
        files
    };
    HashMap::from([("1.2", made(Edition::Scorm12)), ("2004", made(Edition::Scorm2004Third))])
}

fn script(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], text).into_response()
}

async fn lms() -> Html<&'static str> {
    Html(
        "<!doctype html><html lang=en><title>LMS</title><link rel=icon href=data:,><style>body{margin:0}iframe{width:100%;height:600px;border:0}</style>\
         <body><script src=/lms.js></script></body></html>",
    )
}

/// A frame of another site, between the LMS and the package.
async fn between(State(site): State<Site>) -> Html<String> {
    let package = format!("http://lms.test:{}/package/1.2/index.html", site.port);
    Html(format!("<!doctype html><iframe width=700 height=500 src='{package}'></iframe>"))
}

async fn file(State(site): State<Site>, Path((edition, name)): Path<(String, String)>) -> Response {
    let Some(bytes) = site.packages.get(edition.as_str()).and_then(|files| files.get(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html",
        Some("css") => "text/css",
        _ => "text/javascript",
    };
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], bytes.clone()).into_response()
}

async fn launch(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    let mut platform = site.platform.lock().unwrap();
    platform.launches.push(read(&headers, &body));
    let number = platform.launches.len();
    if let Some((status, body)) = &platform.launch {
        return answered(&headers, StatusCode::from_u16(*status).unwrap(), body);
    }
    let mut body = json!({
        "session": format!("session-{number}"),
        "play_url": format!("{}/play/741712?launch=once-{number}", site.player),
        "read_only": false, "lower_status": false,
        "mirror": { "status": "incomplete", "score": null, "progress": null, "location": null },
    });
    for (key, value) in platform.also.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    answered(&headers, StatusCode::OK, &body)
}

async fn commit(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    let mut platform = site.platform.lock().unwrap();
    if let Some(status) = platform.commit {
        let body = json!({ "error_code": "some", "message": "The platform says no." });
        return answered(&headers, StatusCode::from_u16(status).unwrap(), &body);
    }
    platform.commits.push(read(&headers, &body));
    answered(&headers, StatusCode::NO_CONTENT, &Value::Null)
}

/// No request of a package may be one that the browser asks about beforehand, or carry a cookie.
fn read(headers: &HeaderMap, body: &Bytes) -> Value {
    assert!(headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/plain"), "{headers:?}");
    assert!(!headers.contains_key(header::COOKIE), "{headers:?}");
    serde_json::from_slice(body).expect("it is JSON")
}

fn answered(asked: &HeaderMap, status: StatusCode, body: &Value) -> Response {
    let origin = asked.get(header::ORIGIN).cloned().unwrap_or_else(|| "null".parse().unwrap());
    let text = if body.is_null() { String::new() } else { body.to_string() };
    (status, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)], [(header::CONTENT_TYPE, "application/json")], text)
        .into_response()
}

async fn play(State(site): State<Site>) -> Response {
    let page = "<!doctype html><html lang=en><title>Player</title><link rel=icon href=data:,><h1>Course</h1><script src=/player.js></script></html>";
    let ancestors =
        if site.platform.lock().unwrap().is_frame_refused { "frame-ancestors 'none'" } else { "frame-ancestors *" };
    ([(header::CONTENT_SECURITY_POLICY, ancestors)], Html(page)).into_response()
}
