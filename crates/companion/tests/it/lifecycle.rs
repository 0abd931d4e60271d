//! The whole of it, with its own accept loop and worker, by the system's clock.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use companion::Companion;
use companion::config::{Clock, Config, Settings};
use companion::step::Step;
use contract::signature::{self, TimestampUnit};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::platform::Platform;
use crate::world::{CUSTOMER, SECRET, completed, http_client, portal};

/// Far longer than anything here takes; it only turns a test that hangs into one that fails.
const PATIENCE: Duration = Duration::from_secs(60);

struct Running {
    webhooks: String,
    api: String,
    steps: mpsc::Receiver<Step>,
    shutdown: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
    _folder: TempDir,
}

#[expect(clippy::disallowed_methods, reason = "this test is the program that hands over the system's clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn config(database: PathBuf, platform_url: &str, steps: Option<mpsc::Sender<Step>>) -> Config {
    let mut settings = Settings::new(database, platform_url);
    settings.secrets = vec![SECRET.into()];
    settings.portals = vec![portal(CUSTOMER)];
    let clock: Clock = Arc::new(now);
    Config { settings, clock, random: crate::world::random(), steps }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

impl Running {
    async fn start(platform: &Platform, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TempDir::new().unwrap();
        let (sender, steps) = mpsc::channel(1000);
        let mut config = config(folder.path().join("companion.db"), &platform.url, Some(sender));
        change(&mut config.settings);
        let ((webhooks_listener, webhooks), (api_listener, api)) = (listen().await, listen().await);
        let shutdown = CancellationToken::new();
        let companion = Companion::open(config).unwrap();
        let stop = shutdown.clone();
        let served = tokio::spawn(async move { companion.serve(webhooks_listener, Some(api_listener), stop).await });
        Running { webhooks, api, steps, shutdown, served, _folder: folder }
    }

    async fn post(&self, body: String) -> reqwest::Response {
        let header = signature::sign(&[SECRET], now(), TimestampUnit::Seconds, body.as_bytes());
        let request = http_client().post(format!("http://{}/webhooks", self.webhooks));
        request.header("Go1-Signature", header).body(body).send().await.unwrap()
    }

    async fn next_step(&mut self) -> Step {
        tokio::time::timeout(PATIENCE, self.steps.recv()).await.expect("a step within a minute").unwrap()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.served).await.expect("an end within a minute").unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_all_the_way_by_itself() {
    let platform = Platform::start().await;
    platform.completed("1", CUSTOMER);
    let mut running = Running::start(&platform, |_| ()).await;
    assert_eq!(running.post(completed("e1", "1")).await.status(), 200);
    let (event_id, portal_id, enrollment_id) = ("e1".to_owned(), CUSTOMER.to_owned(), "1".to_owned());
    let verified = Step::Verified {
        event_id: Some(event_id.clone()),
        event_type: Some("enrollment.complete".into()),
        portal_id: Some(portal_id.clone()),
        attempt_number: Some(1),
    };
    assert_eq!(running.next_step().await, verified);
    let rest = [running.next_step().await, running.next_step().await, running.next_step().await];
    let stored = Step::Stored { event_id: Some(event_id.clone()) };
    let fetched = Step::Fetched {
        event_id: event_id.clone(),
        portal_id: portal_id.clone(),
        enrollment_id: enrollment_id.clone(),
    };
    let recorded = Step::Recorded { event_id, portal_id, enrollment_id, pass: true, changed: true };
    assert_eq!(rest, [stored, fetched, recorded]);
    let page = http_client().get(format!("http://{}/completions", running.api)).send().await.unwrap();
    assert_eq!(page.json::<serde_json::Value>().await.unwrap()["next_cursor"], 1);
    // What names people is not served where the platform comes in.
    let page = http_client().get(format!("http://{}/completions", running.webhooks)).send().await.unwrap();
    assert_eq!(page.status(), 404);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_woken_by_a_start() {
    let platform = Platform::start().await;
    platform.completed("1", CUSTOMER);
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("companion.db");
    // It waits ten minutes from a clock that is a day ahead.
    let mut ahead = config(database.clone(), &platform.url, None);
    ahead.clock = Arc::new(|| now() + jiff::SignedDuration::from_hours(24));
    ahead.settings.portals.clear();
    let body = completed("e1", "1");
    let header = signature::sign(&[SECRET], (ahead.clock)(), TimestampUnit::Seconds, body.as_bytes());
    let companion = Companion::open(ahead).unwrap();
    let (listener, address) = listen().await;
    let router = companion.router();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let request = http_client().post(format!("http://{address}/webhooks")).header("Go1-Signature", header);
    assert_eq!(request.body(body).send().await.unwrap().status(), 200);
    companion.work_once().await.unwrap();
    serving.abort();

    let (sender, mut steps) = mpsc::channel(10);
    let companion = Companion::open(config(database, &platform.url, Some(sender))).unwrap();
    let shutdown = CancellationToken::new();
    let working = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { companion.work(shutdown).await }
    });
    let recorded = async { while !matches!(steps.recv().await.unwrap(), Step::Recorded { .. }) {} };
    tokio::time::timeout(PATIENCE, recorded).await.expect("a completion within a minute");
    shutdown.cancel();
    working.await.unwrap();
}

/// One thread, so that the clock is asked in a known order.
#[tokio::test]
async fn a_fault_of_ours_holds_up_one_event_and_is_not_repeated_at_once() {
    let platform = Platform::start().await;
    platform.completed("1", CUSTOMER);
    let folder = TempDir::new().unwrap();
    let (sender, mut steps) = mpsc::channel(10);
    let mut config = config(folder.path().join("companion.db"), &platform.url, Some(sender));
    let (asked, panicked) = (platform.clone(), AtomicBool::new(false));
    config.clock = Arc::new(move || {
        let is_fetched = asked.script().asked.iter().any(|asked| asked.starts_with("GET /v2/users/"));
        assert!(!is_fetched || panicked.swap(true, Ordering::Relaxed), "on purpose");
        now()
    });
    let companion = Companion::open(config).unwrap();
    let (listener, address) = listen().await;
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let served = tokio::spawn(async move { companion.serve(listener, None, stop).await });
    let body = completed("e1", "1");
    let header = signature::sign(&[SECRET], now(), TimestampUnit::Seconds, body.as_bytes());
    let request = http_client().post(format!("http://{address}/webhooks")).header("Go1-Signature", header);
    assert_eq!(request.body(body).send().await.unwrap().status(), 200);
    let mut waited = Vec::new();
    let recorded = async {
        loop {
            match steps.recv().await.unwrap() {
                Step::Waiting { reason, .. } => waited.push(reason),
                Step::Recorded { .. } => break,
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, recorded).await.expect("a completion within a minute");
    assert_eq!(waited, ["this program has a fault: see its log"]);
    shutdown.cancel();
    served.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_or_too_little_is_closed() {
    let platform = Platform::start().await;
    let running = Running::start(&platform, |settings| settings.limits.request_ms = 200).await;
    let head = format!("POST /webhooks HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n", running.webhooks);
    for (said, expected) in [("", ""), (head.as_str(), ""), (&format!("{head}\r\nhalf"), "HTTP/1.1 408")] {
        let mut stream = TcpStream::connect(&running.webhooks).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        // The end is the companion's doing: this side never closes. A limit that is not ours would be 30 s.
        let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut heard)).await;
        ended.expect("an end before anybody else's limit").unwrap();
        let heard = String::from_utf8(heard).unwrap();
        assert!(heard.starts_with(expected), "{said:?}: {heard:?}");
        assert!(!heard.contains("200 OK"), "{said:?}: {heard:?}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_and_what_follows_it_is_not_read() {
    let platform = Platform::start().await;
    let running = Running::start(&platform, |settings| settings.limits.request_ms = 1_000).await;
    let head = |headers: &str| format!("POST /webhooks HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    let follows = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let cases = [
        (head("content-length: 70000\r\n") + &"x".repeat(70_000), 413),
        (head("transfer-encoding: chunked\r\n") + "11170\r\n" + &"x".repeat(70_000) + "\r\n0\r\n\r\n", 413),
        (head("content-length: 3\r\ncontent-length: 4\r\n") + "abcd" + follows, 400),
        (head("content-length: 3\r\ntransfer-encoding: chunked\r\n") + "0\r\n\r\n" + follows, 400),
        (head("transfer-encoding: chunked\r\ncontent-length: 3\r\n") + "0\r\n\r\n" + follows, 400),
        ("POST /webhooks HTTP/1.1\nhost: x\n\n".to_owned() + follows, 400),
        (head("transfer-encoding: chunked\r\n") + "0\r\n\r\n" + follows, 401),
        (head("transfer-encoding: gzip\r\n") + follows, 400),
        (head("x: a\r\n b\r\n") + follows, 400),
        (head("x : a\r\n") + follows, 400),
        (head("x: a\0b\r\n") + follows, 400),
        (head(&"x: y\r\n".repeat(101)) + follows, 431),
        (head(&format!("x: {}\r\n", "y".repeat(17 * 1024))) + follows, 431),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n{follows}", "x".repeat(17 * 1024)), 431),
    ];
    for (said, expected) in cases {
        let mut stream = TcpStream::connect(&running.webhooks).await.unwrap();
        let (mut reads, mut writes) = stream.split();
        let mut heard = Vec::new();
        // What is refused early may not be taken to its end, and a reset is an end too.
        let exchange = async { tokio::join!(writes.write_all(said.as_bytes()), reads.read_to_end(&mut heard)) };
        let _ = tokio::time::timeout(PATIENCE, exchange).await.expect("an end");
        let heard = String::from_utf8(heard).unwrap();
        assert!(heard.starts_with(&format!("HTTP/1.1 {expected}")), "{said:?}: {heard:?}");
        assert_eq!(heard.matches("HTTP/1.1").count(), 1, "{said:?}: {heard:?}");
        assert_eq!(running.post(completed("one", "1")).await.status(), 200, "others are served");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_says_it_is_too_long_is_refused_before_it_is_sent() {
    let platform = Platform::start().await;
    let running = Running::start(&platform, |settings| settings.limits.request_ms = 3_600_000).await;
    let post = |path: &str, length: usize| {
        format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: text/csv\r\ncontent-length: {length}\r\n\r\n")
    };
    for (address, head) in [
        (&running.webhooks, post("/webhooks", 64 * 1024 + 1)),
        (&running.api, post("/people", 16 * 1024 * 1024 + 1)),
        (&running.api, post("/unmatched/1/link", 16 * 1024 + 1)),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        tokio::time::timeout(PATIENCE, stream.read_exact(&mut status)).await.expect("an answer to the head").unwrap();
        assert_eq!(str::from_utf8(&status).unwrap(), "HTTP/1.1 413", "{head}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_does_not_wait_for_idle_connections() {
    let platform = Platform::start().await;
    let running = Running::start(&platform, |settings| {
        // Far longer than the patience of this test.
        settings.limits.request_ms = 3_600_000;
        settings.limits.stop_ms = 3_600_000;
    })
    .await;
    let mut idle = TcpStream::connect(&running.webhooks).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    running.stop().await;
}

#[tokio::test]
async fn people_are_not_shown_to_a_network_without_a_token() {
    let folder = TempDir::new().unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let config = config(folder.path().join("companion.db"), "http://127.0.0.1:1", None);
    let error = companion::serve(config, listener, CancellationToken::new()).await.unwrap_err().to_string();
    assert!(
        error.starts_with("api_token: /completions, /people and /retirements would be open to everybody"),
        "{error}"
    );
}

#[tokio::test]
async fn an_address_that_is_taken_and_a_folder_that_is_not_there_are_named() {
    let folder = TempDir::new().unwrap();
    let (taken, address) = listen().await;
    let mut first = config(folder.path().join("companion.db"), "http://127.0.0.1:1", None);
    first.settings.api_listen = Some(address.parse().unwrap());
    let error = companion::serve(first, listen().await.0, CancellationToken::new()).await.unwrap_err().to_string();
    assert_eq!(error, format!("listening on {address} for the reader API (api_listen)"));
    drop(taken);
    let nowhere = config(folder.path().join("nowhere/companion.db"), "http://127.0.0.1:1", None);
    let error = companion::serve(nowhere, listen().await.0, CancellationToken::new()).await.unwrap_err().to_string();
    assert!(error.starts_with("opening the inbox \"") && error.ends_with("nowhere/companion.db\""), "{error}");
}
