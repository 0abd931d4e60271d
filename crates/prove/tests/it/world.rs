//! A platform's world that outlives its processes: the data folder, the portals in it, the webhook, the callers.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::binary::{Environment, Platform, json as run_json};
use crate::receiver::Receiver;

/// How many attempts the platforms here may have in flight: what may arrive twice when one dies.
pub(crate) const IN_FLIGHT_MAX: usize = 64;
/// How long a caller waits for an answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// How often to ask for a token that is refused for now, and how long to wait in between.
const TOKENS_ASKED_MAX: u32 = 10;
const TOKEN_WAIT_FOR: Duration = Duration::from_secs(1);
/// How often to ask what can only be asked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the platforms here are told about delivering, besides what a row adds: retries that a proof can wait for.
const DELIVERY: &str = "concurrency = 64\nwebhook_concurrency = 64\ncircuit_failures = 1000000\ntimeout_ms = 2000\n";

/// The folder and whom it knows.
pub(crate) struct World {
    folder: PathBuf,
    _temporary: Option<TempDir>,
    /// What `sandbox --json` printed.
    pub(crate) made: Value,
    http: reqwest::Client,
}

impl World {
    /// A new folder with the sandbox in it. `delivery` is added to the configuration's section of that name.
    pub(crate) async fn make(delivery: &str) -> Self {
        let temporary = TempDir::new().unwrap();
        let folder = temporary.path().to_owned();
        World { _temporary: Some(temporary), ..World::make_in(folder, delivery).await }
    }

    /// The same in a folder that somebody else removes.
    pub(crate) async fn make_in(folder: PathBuf, delivery: &str) -> Self {
        std::fs::write(folder.join("schoolbell.toml"), format!("[delivery]\n{DELIVERY}{delivery}\n")).unwrap();
        let made = run_json(&["sandbox", "--json", "--data", folder.join("data").to_str().unwrap()]).await;
        let http = reqwest::Client::builder().timeout(ANSWERED_WITHIN).build().unwrap();
        World { folder, _temporary: None, made, http }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("schoolbell.db")
    }

    /// Serves from it.
    pub(crate) async fn serve(&self, environment: &Environment) -> Platform {
        Platform::serve(&self.data(), &self.folder.join("schoolbell.toml"), environment).await
    }

    /// Tries to.
    pub(crate) async fn start(&self, environment: &Environment) -> Platform {
        Platform::start(&self.data(), &self.folder.join("schoolbell.toml"), environment).await
    }

    /// A text in what the sandbox printed, by its JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.made.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {}", self.made))
    }

    /// A token of the portal whose credentials stand at `pointer`.
    pub(crate) async fn token(&self, url: &str, pointer: &str) -> Option<String> {
        let form = json!({
            "grant_type": "client_credentials",
            "client_id": self.text(&format!("{pointer}/client_id")),
            "client_secret": self.text(&format!("{pointer}/client_secret")),
        });
        for _ in 0..TOKENS_ASKED_MAX {
            let answer = self.http.post(format!("{url}/oauth/token")).json(&form).send().await.ok()?;
            if answer.status() != StatusCode::TOO_MANY_REQUESTS {
                return answer.json::<Value>().await.ok()?["access_token"].as_str().map(str::to_owned);
            }
            // After a clock was set back whoever failed before is let in slowly.
            tokio::time::sleep(TOKEN_WAIT_FOR).await;
        }
        None
    }

    /// Makes a request with a token, and gives the status and the body; `None` without an answer.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = self.http.request(method, url).header("Api-Version", "2022-07-01").bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Registers a webhook of the partner for completions, and gives its id.
    pub(crate) async fn subscribe(&self, url: &str, receiver: &Receiver, path: &str) -> String {
        let token = self.token(url, "/partner").await.expect("a token");
        let body = json!({
            "url": format!("{}/{path}", receiver.url), "secret_key": "MyS3cretK#y", "event_types": ["enrollment.complete"],
        });
        let answer = self.call(Method::POST, &format!("{url}/webhooks"), &token, Some(&body)).await;
        let (status, webhook) = answer.expect("an answer");
        assert_eq!(status, StatusCode::CREATED, "{webhook}");
        webhook["id"].as_str().unwrap().to_owned()
    }

    /// Waits until all of the partner's deliveries are delivered or failed; false if that takes too long.
    pub(crate) async fn settles(&self, url: &str, within: Duration) -> bool {
        let token = self.token(url, "/partner").await.expect("a token");
        let path = format!("{url}/deliveries?status=open&limit=1");
        let settle = async {
            loop {
                let (status, page) = self.call(Method::GET, &path, &token, None).await.expect("an answer");
                assert_eq!(status, StatusCode::OK, "{page}");
                if page["total"] == 0 {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        timeout(within, settle).await.is_ok()
    }
}

/// Callers that complete enrollments at a steady rate, through all of the platform's deaths.
pub(crate) struct Load {
    inner: Arc<Calls>,
    lanes: Vec<JoinHandle<()>>,
}

/// What callers know.
pub(crate) struct Calls {
    /// Where the platform is, while it is.
    url: Mutex<Option<String>>,
    /// Every enrollment that the platform said 201 to, and how often it had been started when the request was made.
    acks: Mutex<HashMap<String, u32>>,
    /// What else it said, and how often.
    refusals: Mutex<HashMap<u16, u64>>,
    /// Whether every refusal of 5xx said when to come back.
    impolite: AtomicU64,
    life: Mutex<u32>,
    keys: AtomicU64,
    ends: AtomicBool,
}

impl Calls {
    /// An idempotency key that nobody else has.
    fn key(&self) -> String {
        format!("proof-{}", self.keys.fetch_add(1, Ordering::SeqCst))
    }
}

impl Load {
    /// `rate` completions a second, over 12 callers.
    pub(crate) fn start(world: &Arc<World>, rate: u32, tokens: &[String; 2]) -> Self {
        let inner = Arc::new(Calls {
            url: Mutex::default(),
            acks: Mutex::default(),
            refusals: Mutex::default(),
            impolite: AtomicU64::new(0),
            life: Mutex::new(0),
            keys: AtomicU64::new(0),
            ends: AtomicBool::new(false),
        });
        let pairs = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
        let lanes = (0..2).flat_map(|customer| pairs.map(|(learner, lo)| (customer, learner, lo)));
        let every = Duration::from_secs(12) / rate;
        let lanes = lanes.map(|(customer, learner, lo)| {
            let body = json!({
                "user_account_id": world.text(&format!("/customers/{customer}/user_account_ids/{learner}")),
                "lo_id": world.text(&format!("/learning_objects/{lo}/lo_id")),
                "enrollment_type": "self-directed",
                "status": "completed",
            });
            tokio::spawn(lane(world.clone(), inner.clone(), customer, tokens[customer].clone(), body, every))
        });
        Load { lanes: lanes.collect(), inner }
    }

    /// From now on the platform is there, for the `life`th time; or it is gone.
    pub(crate) fn aim(&self, url: Option<&str>, life: u32) {
        *self.inner.life.lock().unwrap() = life;
        *self.inner.url.lock().unwrap() = url.map(str::to_owned);
    }

    /// What was acknowledged so far, with the life in which it was asked for.
    pub(crate) fn acks(&self) -> HashMap<String, u32> {
        self.inner.acks.lock().unwrap().clone()
    }

    /// How much was.
    pub(crate) fn count(&self) -> usize {
        self.inner.acks.lock().unwrap().len()
    }

    /// How often each other status was answered.
    pub(crate) fn refusals(&self) -> HashMap<u16, u64> {
        self.inner.refusals.lock().unwrap().clone()
    }

    /// How many answers of 503 and 507 did not say when to come back.
    pub(crate) fn impolite(&self) -> u64 {
        self.inner.impolite.load(Ordering::SeqCst)
    }

    /// Ends it, and waits for the callers.
    pub(crate) async fn end(self) -> HashMap<String, u32> {
        self.inner.ends.store(true, Ordering::SeqCst);
        for lane in self.lanes {
            lane.await.unwrap();
        }
        self.inner.acks.lock().unwrap().clone()
    }
}

async fn lane(world: Arc<World>, calls: Arc<Calls>, customer: usize, mut token: String, body: Value, every: Duration) {
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // What was asked for and not granted yet is asked for again, with the same key: it must not happen twice.
    let mut asked: Option<(String, u32)> = None;
    while asked.is_some() || !calls.ends.load(Ordering::SeqCst) {
        pace.tick().await;
        let Some(url) = calls.url.lock().unwrap().clone() else { continue };
        let (key, life) = asked.get_or_insert_with(|| (calls.key(), *calls.life.lock().unwrap()));
        let request = world.http.post(format!("{url}/enrollments?re-enroll=true")).header("Api-Version", "2022-07-01");
        let request = request.header("Idempotency-Key", &*key).bearer_auth(&token).json(&body);
        let Ok(answer) = request.send().await else { continue };
        let status = answer.status();
        if status == StatusCode::CREATED {
            let Ok(answer) = answer.json::<Value>().await else { continue };
            calls.acks.lock().unwrap().insert(answer["id"].as_str().unwrap().to_owned(), *life);
            asked = None;
        } else if status == StatusCode::UNAUTHORIZED {
            // Its time is over, by the clock of the platform.
            token = world.token(&url, &format!("/customers/{customer}")).await.unwrap_or(token);
            *calls.refusals.lock().unwrap().entry(status.as_u16()).or_default() += 1;
        } else {
            let is_polite = answer.headers().contains_key("retry-after");
            if matches!(status.as_u16(), 503 | 507) && !is_polite {
                calls.impolite.fetch_add(1, Ordering::SeqCst);
            }
            *calls.refusals.lock().unwrap().entry(status.as_u16()).or_default() += 1;
        }
    }
}

/// The tokens of both customers.
pub(crate) async fn customer_tokens(world: &World, url: &str) -> [String; 2] {
    let first = world.token(url, "/customers/0").await.expect("a token");
    [first, world.token(url, "/customers/1").await.expect("a token")]
}

/// What numbers of statuses look like in a message.
pub(crate) fn show(refusals: &HashMap<u16, u64>) -> String {
    let mut text = String::new();
    let mut sorted: Vec<_> = refusals.iter().collect();
    sorted.sort_unstable();
    for (status, count) in sorted {
        let _ = write!(text, " {status}×{count}");
    }
    text
}

/// Copies a folder of plain files.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
