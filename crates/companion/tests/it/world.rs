//! A companion in a folder of its own, a platform that it knows, a clock that the test moves.
//!
//! The companion receives over loopback and works only when the test says so: no test waits for time to pass.

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use companion::Companion;
use companion::completion::{Completion, CompletionPage};
use companion::config::{Clock, Config, Portal, Random, Settings};
use companion::inbox::{Inbox, MIGRATIONS};
use companion::step::Step;
use contract::signature::{self, TimestampUnit};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::Value;
use sqlite::{Database, Durability};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::platform::Platform;

pub(crate) const SECRET: &str = "MyS3cretK#y";
/// Where most of it happens: a customer portal, whose credentials the companion has.
pub(crate) const CUSTOMER: &str = "11861197";
/// The instant at which every world begins.
const BEGINNING: &str = "2022-03-29T01:29:37Z";

pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) companion: Companion,
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    steps: mpsc::Receiver<Step>,
    now: Arc<Mutex<Timestamp>>,
    url: String,
    http: reqwest::Client,
    folder: TempDir,
}

/// An answer of the companion.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
}

impl World {
    pub(crate) async fn begin() -> Self {
        World::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let platform = Platform::start().await;
        let mut settings = settings(folder.path(), &platform.url);
        change(&mut settings);
        World::over(folder, platform, settings, BEGINNING.parse().unwrap()).await
    }

    async fn over(folder: TempDir, platform: Platform, settings: Settings, now: Timestamp) -> Self {
        let database = Database::open(&settings.database, Durability::Full, MIGRATIONS).unwrap();
        let now = Arc::new(Mutex::new(now));
        let told = now.clone();
        let clock: Clock = Arc::new(move || *told.lock().unwrap());
        let (sender, steps) = mpsc::channel(1000);
        let config = Config { settings: settings.clone(), clock, random: random(), steps: Some(sender) };
        let companion = Companion::over(Inbox::over(database.clone()), config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = companion.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        World { platform, companion, database, settings, steps, now, url, http: http_client(), folder }
    }

    /// The same folder and platform with a new companion; of the old one nothing is asked any more.
    pub(crate) async fn restart(self, change: impl FnOnce(&mut Settings)) -> Self {
        let World { folder, platform, mut settings, now, .. } = self;
        change(&mut settings);
        let now = *now.lock().unwrap();
        World::over(folder, platform, settings, now).await
    }

    /// The steps that were told since the last call.
    pub(crate) fn told(&mut self) -> Vec<Step> {
        std::iter::from_fn(|| self.steps.try_recv().ok()).collect()
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub(crate) fn move_clock(&self, seconds: i64) {
        *self.now.lock().unwrap() += SignedDuration::from_secs(seconds);
    }

    /// Posts a body with these headers.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Answer {
        let mut request = self.http.post(format!("{}{}", self.url, self.settings.webhook_path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request).await
    }

    /// Posts a body as the platform does, signed now.
    pub(crate) async fn post_signed(&self, body: &str) -> Answer {
        let header = signature::sign(&[SECRET], self.now(), TimestampUnit::Seconds, body.as_bytes());
        self.post(&[("Go1-Signature", &header)], body.to_owned()).await
    }

    /// Posts a body that must be stored.
    #[track_caller]
    pub(crate) fn deliver(&self, body: &str) -> impl Future<Output = ()> {
        let body = body.to_owned();
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.post_signed(&body).await;
            assert_eq!(answer.status, 200, "{answer:?} at {caller}");
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.http.get(format!("{}{path}", self.url))).await
    }

    pub(crate) async fn get_with_token(&self, path: &str, token: &str) -> Answer {
        answer(self.http.get(format!("{}{path}", self.url)).header("Authorization", token)).await
    }

    /// Does what is due now about content that ends.
    pub(crate) async fn tend(&self) {
        self.companion.tend_once().await.unwrap();
    }

    pub(crate) fn set_clock(&self, at: &str) {
        *self.now.lock().unwrap() = at.parse().unwrap();
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        answer(self.http.post(format!("{}{path}", self.url)).json(body)).await
    }

    /// Imports a list of people.
    pub(crate) async fn import(&self, path: &str, csv: impl AsRef<[u8]>) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).header("Content-Type", "text/csv");
        answer(request.body(csv.as_ref().to_vec())).await
    }

    pub(crate) async fn get_text(&self, path: &str) -> (u16, http::HeaderMap, String) {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status().as_u16(), response.headers().clone(), response.text().await.unwrap())
    }

    pub(crate) async fn post_text(&self, path: &str, body: &'static str) -> (u16, String) {
        let response = self.http.post(format!("{}{path}", self.url)).body(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Works on what is due now; says how many entries that were.
    pub(crate) async fn work(&self) -> usize {
        self.companion.work_once().await.unwrap()
    }

    /// Works on what is due now and then, until nothing waits any more; says how many rounds that took.
    pub(crate) async fn work_to_the_end(&self) -> usize {
        for round in 1..=100 {
            self.work().await;
            let Some(due_at) = self.get("/inbox").await.body["attention"][0]["due_at"].as_str().map(str::to_owned)
            else {
                return round;
            };
            *self.now.lock().unwrap() = due_at.parse().unwrap();
        }
        panic!("after a hundred rounds something still waits");
    }

    pub(crate) async fn completions(&self) -> Vec<Completion> {
        let CompletionPage { completions, next_cursor } = self.companion.inbox().completions(0, 500).await.unwrap();
        assert_eq!(next_cursor, completions.last().map_or(0, |last| last.cursor));
        completions
    }

    /// Checks how many entries there are in each state that has any.
    #[track_caller]
    pub(crate) fn check_counts(&self, expected: &[(&str, u64)]) -> impl Future<Output = Value> {
        let expected = expected.to_vec();
        let caller = std::panic::Location::caller();
        async move {
            let inbox = self.get("/inbox").await.body;
            let counts = inbox["counts"].as_object().unwrap().iter();
            let counts: Vec<(&str, u64)> = counts
                .map(|(state, count)| (state.as_str(), count.as_u64().unwrap()))
                .filter(|(_, n)| *n > 0)
                .collect();
            assert_eq!(counts, expected, "{inbox:#} at {caller}");
            inbox
        }
    }

    /// Runs a statement in the writer, as somebody with the file in hand could.
    pub(crate) async fn pragma(&self, name: &'static str, value: i64) {
        let change = move |connection: &Connection| connection.pragma_update(None, name, value);
        self.database.write(change).await.unwrap();
    }
}

/// Different bytes each time, and the same in each test.
pub(crate) fn random() -> Random {
    let next = AtomicU8::new(1);
    Arc::new(move |bytes| bytes.fill_with(|| next.fetch_add(1, Ordering::Relaxed)))
}

/// Knows one customer.
fn settings(folder: &Path, platform_url: &str) -> Settings {
    let mut settings = Settings::new(folder.join("companion.db"), platform_url);
    settings.secrets = vec![SECRET.into()];
    settings.portals = vec![portal(CUSTOMER)];
    settings
}

/// The credentials of a portal, as the platform knows them.
pub(crate) fn portal(portal_id: &str) -> Portal {
    Portal::new(portal_id, format!("client-{portal_id}"), format!("secret-{portal_id}"))
}

pub(crate) fn http_client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap();
    Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
}

/// The body of an event in [`CUSTOMER`], as the platform writes it.
pub(crate) fn event(event_id: &str, event_type: &str, enrollment_id: &str) -> String {
    event_in(CUSTOMER, event_id, event_type, enrollment_id, 1, "2022-03-29T01:29:36.000Z")
}

/// An `enrollment.complete`.
pub(crate) fn completed(event_id: &str, enrollment_id: &str) -> String {
    event(event_id, "enrollment.complete", enrollment_id)
}

/// The body of an event with everything that tests vary.
pub(crate) fn event_in(
    portal_id: &str,
    event_id: &str,
    event_type: &str,
    enrollment_id: &str,
    attempt_number: u32,
    event_time: &str,
) -> String {
    format!(
        r#"{{"id":"{event_id}","event_type":"{event_type}","webhook_version":"3.0.0","sent":"2022-03-29T01:29:36.676Z","attempt_number":{attempt_number},"url":"https://your.webhook.endpoint.com","webhook_id":"wXyZ12345678","data":{{"id":"{enrollment_id}","lo_id":"741712","portal_id":"{portal_id}","event_time":"{event_time}"}}}}"#
    )
}
