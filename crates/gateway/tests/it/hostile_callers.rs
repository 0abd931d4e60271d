//! Callers that misbehave, against the accept loop with the whole API behind it.

use std::cell::Cell;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::join_all;
use gateway::gateway::Settings;
use gateway::limit::LimitSettings;
use gateway::serve::{Limits, serve};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Every limit in time of the loop.
const LIMIT: Duration = Duration::from_secs(1);
/// How much later than its limit a connection may be found closed on a machine that does other things.
const LATE: Duration = Duration::from_secs(4);
/// How often one who drips sends a byte.
const DRIP: Duration = Duration::from_millis(20);
/// What the settings say besides.
const BODY_BYTES_MAX: usize = 64 * 1024;

struct Api {
    address: SocketAddr,
    token: String,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    _app: App,
}

impl Api {
    async fn start(limits: Limits) -> Self {
        let failures_per_min = NonZeroU32::new(1_000_000);
        let limit = LimitSettings { failures_per_min, ..LimitSettings::default() };
        let app = App::with(Settings { body_bytes_max: BODY_BYTES_MAX, limits: limit, ..Settings::default() }).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(listener, app.router.clone(), limits, shutdown.clone()));
        Api { address, token: app.customer.token.clone(), shutdown, task, _app: app }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A request that is carried out if nothing is wrong with what is between.
    fn post(&self, headers: &str, body: &str) -> String {
        format!(
            "POST /webhooks HTTP/1.1\r\nHost: x\r\nApi-Version: 2025-01-01\r\nAuthorization: {}\r\n{headers}\r\n{body}",
            self.token
        )
    }

    fn post_json(&self, body: &str) -> String {
        self.post(&format!("Content-Length: {}\r\n", body.len()), body)
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

fn limits() -> Limits {
    Limits { head_for: LIMIT, request_for: LIMIT, write_for: LIMIT, ..Limits::default() }
}

/// One whose requests are in order: on a connection that stays, and on a new one for each.
struct Healthy {
    address: SocketAddr,
    request: String,
    stays: TcpStream,
}

impl Healthy {
    async fn new(api: &Api) -> Self {
        let request = format!(
            "GET /webhooks HTTP/1.1\r\nHost: x\r\nApi-Version: 2025-01-01\r\nAuthorization: {}\r\n\r\n",
            api.token
        );
        Healthy { address: api.address, request, stays: api.connect().await }
    }

    /// Asks in both ways; how long the slower took.
    async fn ask(&mut self) -> Duration {
        let started = Instant::now();
        exchange(&mut self.stays, &self.request).await;
        let on_the_same = started.elapsed();
        let started = Instant::now();
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        exchange(&mut stream, &self.request).await;
        on_the_same.max(started.elapsed())
    }
}

async fn exchange(stream: &mut TcpStream, request: &str) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let mut piece = [0; 4096];
        let read = timeout(LATE, stream.read(&mut piece)).await.expect("a healthy client waits").unwrap();
        assert!(read > 0, "a healthy client is cut off");
        answer.extend_from_slice(&piece[..read]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

/// What is read until the connection is closed, and how long that took; none if it is not.
async fn read_to_end(stream: &mut TcpStream) -> Option<(String, Duration)> {
    let started = Instant::now();
    let mut answer = Vec::new();
    // A reset is an end too.
    let read = timeout(LIMIT + LATE, stream.read_to_end(&mut answer)).await.ok()?;
    drop(read);
    Some((String::from_utf8_lossy(&answer).into_owned(), started.elapsed()))
}

/// The statuses of the answers, and none for a connection that was closed without one.
fn statuses(answers: &str) -> Vec<u16> {
    answers.split("HTTP/1.").skip(1).map(|answer| answer[2..5].parse().unwrap()).collect()
}

/// What is sent at once, and the statuses that it gets.
fn malformed(api: &Api) -> Vec<(&'static str, String, &'static [u16])> {
    let json = r#"{"url":"https://r.example.com","event_types":["enrollment.complete"]}"#;
    let chunked = |body: &str| format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let many = |count: usize| "X: y\r\n".repeat(count);
    let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let smuggled = "GET /v2/account HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = format!("Content-Length: {}\r\n", json.len());
    let long = "x".repeat(BODY_BYTES_MAX + 1);
    vec![
        ("a body that says it is too long", api.post("Content-Length: 9999999\r\n", ""), &[413]),
        ("a body that is too long", api.post("Transfer-Encoding: chunked\r\n", &chunked(&long)), &[413]),
        ("a length that is no number", api.post("Content-Length: 3x\r\n", "abc"), &[400]),
        ("a length below nothing", api.post("Content-Length: -1\r\n", ""), &[400]),
        ("a length of twenty-one digits", api.post("Content-Length: 999999999999999999999\r\n", ""), &[400]),
        ("two different lengths", api.post(&format!("{length}Content-Length: 3\r\n"), json), &[400]),
        ("a list of lengths", api.post("Content-Length: 3, 4\r\n", "abc"), &[400]),
        (
            "length, then chunks",
            api.post(&format!("{length}Transfer-Encoding: chunked\r\n"), &(chunked(json) + smuggled)),
            &[400],
        ),
        (
            "chunks, then length",
            api.post(&format!("Transfer-Encoding: chunked\r\n{length}"), &(chunked(json) + smuggled)),
            &[400],
        ),
        (
            "chunks and length in the third request",
            format!(
                "{get}{get}{}",
                api.post(&format!("transfer-encoding:chunked\r\n{length}"), &(chunked(json) + smuggled))
            ),
            &[200, 200, 400],
        ),
        ("an encoding that is not the last", api.post("Transfer-Encoding: chunked, gzip\r\n", &chunked(json)), &[400]),
        ("a request behind chunks", api.post("Transfer-Encoding: chunked\r\n", &(chunked(json) + get)), &[201]),
        ("chunks of no size", api.post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"), &[400]),
        ("too many headers", format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", many(100)), &[431]),
        ("far too many headers", format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", many(10_000)), &[431]),
        ("a header too long", format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(33_000)), &[431]),
        (
            "a header far too long",
            format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(1_000_000)),
            &[431],
        ),
        ("a path too long", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(17_000)), &[414]),
        ("a path far too long", format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1_000_000)), &[431]),
        ("a folded header", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n".to_owned(), &[400]),
        ("a space before the colon", "GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n".to_owned(), &[400]),
        ("lines without CR", "GET /healthz HTTP/1.1\nHost: x\n\n".to_owned(), &[400]),
        ("one line without CR", "GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n".to_owned(), &[400]),
        ("CR within a line", "GET /healthz HTTP/1.1\r\nX: a\rb\r\n\r\n".to_owned(), &[400]),
        ("NUL in a header", "GET /healthz HTTP/1.1\r\nX: a\0b\r\n\r\n".to_owned(), &[400]),
        ("NUL in the path", "GET /health\0z HTTP/1.1\r\n\r\n".to_owned(), &[400]),
        ("NUL in a body", api.post_json("{\"url\": \"https://r.example.com/\0\"}"), &[400]),
        (
            "an absolute target",
            "GET http://elsewhere.example.com/healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
            &[200],
        ),
        (
            "an absolute target without a path",
            "GET http://elsewhere.example.com HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
            &[404],
        ),
        ("an asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[404]),
        ("a tunnel", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[404]),
        (
            "an upgrade",
            "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n".to_owned(),
            &[200],
        ),
        ("HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n".to_owned(), &[200]),
        (
            "chunks in HTTP/1.0",
            "POST /webhooks HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            &[400],
        ),
        ("HTTP/0.9", "GET /healthz\r\n\r\n".to_owned(), &[400]),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), &[]),
        ("a version that is none", "GET /healthz HTTP/9.9\r\n\r\n".to_owned(), &[400]),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned(), &[400]),
        ("many at once", get.repeat(50), &[200; 50]),
        (
            "JSON too deep",
            api.post_json(&format!(r#"{{"headers":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000))),
            &[400],
        ),
        (
            "JSON too deep where nobody looks",
            api.post_json(&format!(r#"{{"x":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000))),
            &[400],
        ),
        ("a number that is huge", api.post_json(&json.replacen('{', "{\"rate_limit\":1e999999,", 1)), &[400]),
        (
            "a number of many digits",
            api.post_json(&json.replacen('{', &format!("{{\"rate_limit\":{},", "9".repeat(50_000)), 1)),
            &[400],
        ),
        (
            "a key that is there twice",
            api.post_json(&json.replacen('{', "{\"url\":\"https://r.example.com\",", 1)),
            &[400],
        ),
    ]
}

/// What is sent slowly or not at all, in two parts: at once, and byte by byte for ever.
fn slow(api: &Api) -> Vec<(&'static str, String, Option<u8>, &'static [u16])> {
    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ";
    vec![
        ("nothing at all", String::new(), None, &[]),
        ("half a head", head.to_owned(), None, &[]),
        ("a head in drips", head.to_owned(), Some(b'x'), &[]),
        ("empty lines in drips", String::new(), Some(b'\n'), &[]),
        ("nothing after a request", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), None, &[200]),
        (
            "a head in drips after a request",
            format!("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n{head}"),
            Some(b'x'),
            &[200],
        ),
        ("half a body", api.post("Content-Length: 1000\r\n", "{"), None, &[408]),
        ("a body in drips", api.post("Content-Length: 1000\r\n", "{"), Some(b' '), &[408]),
        ("a chunk in drips", api.post("Transfer-Encoding: chunked\r\n", "3e8\r\n{"), Some(b' '), &[408]),
        (
            "a body after being told to go on",
            api.post("Content-Length: 1000\r\nExpect: 100-continue\r\n", ""),
            None,
            &[100, 408],
        ),
    ]
}

/// What is answered until the connection is closed, and how long that took; none if it is not closed.
async fn misbehave(stream: &mut TcpStream, begin: &str, byte: Option<u8>) -> Option<(String, Duration)> {
    let (mut reads, mut writes) = stream.split();
    let writing = async {
        // What is refused early is not taken to its end.
        let mut taken = writes.write_all(begin.as_bytes()).await.is_ok();
        let mut drips = tokio::time::interval(DRIP);
        while let (Some(byte), true) = (byte, taken) {
            drips.tick().await;
            taken = writes.write_all(&[byte]).await.is_ok();
        }
        std::future::pending::<()>().await;
    };
    let started = Instant::now();
    let mut answer = Vec::new();
    tokio::select! {
        _ = reads.read_to_end(&mut answer) => {}
        () = writing => {}
        () = tokio::time::sleep(LIMIT + LATE) => return None,
    }
    Some((String::from_utf8_lossy(&answer).into_owned(), started.elapsed()))
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_and_who_does_not_go_on_is_closed() {
    let api = Api::start(limits()).await;
    let mut healthy = Healthy::new(&api).await;
    let malformed = malformed(&api).into_iter().map(|(name, request, expected)| (name, request, None, expected));
    let (tried, mut asked) = (Cell::new(0), 0);
    let hostile = join_all(malformed.chain(slow(&api)).map(async |(name, begin, byte, expected)| {
        let mut stream = api.connect().await;
        let ended = misbehave(&mut stream, &begin, byte).await;
        let (answers, took) = ended.unwrap_or_else(|| panic!("{name}: not closed within {LIMIT:?}"));
        assert_eq!(statuses(&answers), expected, "{name}: {answers}");
        assert!(took <= LIMIT + LATE, "{name}: closed after {took:?}");
        tried.set(tried.get() + 1);
    }));
    let is_over = Cell::new(false);
    let beside = async {
        while !is_over.get() {
            healthy.ask().await;
            asked += 2;
        }
    };
    tokio::join!(hostile.map(|_| is_over.set(true)), beside);
    let tried = tried.get();
    assert!(asked > tried);
    api.stop().await;
    let progress = format!("all {asked} requests of a healthy client served meanwhile");
    proof::held("S13", "ways to misbehave, each refused or closed", tried, progress);
}

#[tokio::test]
async fn one_who_never_reads_is_closed() {
    let api = Api::start(limits()).await;
    let mut healthy = Healthy::new(&api).await;
    let stream = api.connect().await;
    let many = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(400);
    let mut sent = 0;
    let closed = async {
        // Not even the requests are taken any more, until the connection breaks.
        while sent < many.len() && !stream.ready(Interest::WRITABLE | Interest::ERROR).await.unwrap().is_error() {
            sent += stream.try_write(&many.as_bytes()[sent..]).unwrap_or(0);
        }
        while !stream.ready(Interest::ERROR).await.unwrap().is_error() {}
    };
    let healthy = async {
        loop {
            healthy.ask().await;
        }
    };
    tokio::select! {
        ended = timeout(LIMIT + LATE, closed) => ended.expect("one who never reads is not closed"),
        () = healthy => {}
    }
    api.stop().await;
}

#[tokio::test]
async fn without_limits_the_slow_stay() {
    let long = Duration::from_secs(3600);
    let drain_for = Duration::ZERO;
    let api =
        Api::start(Limits { head_for: long, request_for: long, write_for: long, drain_for, ..Limits::default() }).await;
    let requests = slow(&api);
    let mut streams = Vec::new();
    for (_, begin, _, _) in &requests {
        let mut stream = api.connect().await;
        stream.write_all(begin.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    tokio::time::sleep(2 * LIMIT).await;
    for ((name, _, _, answered), stream) in requests.iter().zip(&mut streams) {
        let mut answer = vec![0; 4096];
        let read = stream.try_read(&mut answer).map_or(0, |read| {
            assert!(read > 0, "{name}: closed although there is no limit");
            read
        });
        let early: Vec<u16> = answered.iter().copied().filter(|status| *status != 408).collect();
        assert_eq!(statuses(&String::from_utf8_lossy(&answer[..read])), early, "{name}");
    }
    api.stop().await;
}

#[tokio::test]
async fn what_is_refused_before_any_route_is_logged_and_has_the_shape_of_any_refusal() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _metrics = metrics::set_default_local_recorder(&recorder);
    let api = Api::start(limits()).await;
    let long = "x".repeat(17_000);
    for (request, error_code) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), "uri_too_long"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(101)), "too_many_headers"),
        (format!("GET / HTTP/1.1\r\nX: {long}{long}\r\n\r\n"), "headers_too_large"),
        ("GET / HTTP/1.1\nHost: x\n\n".to_owned(), "ambiguous_head"),
        (api.post("Content-Length: 9\r\n", "{"), "request_timeout"),
        // Answered with a status alone, but logged.
        ("GET / HTTP/1.1\r\nX : y\r\n\r\n".to_owned(), ""),
        (format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", long.repeat(6)), ""),
    ] {
        let mut stream = api.connect().await;
        let _ = stream.write_all(request.as_bytes()).await;
        let (answer, _) = read_to_end(&mut stream).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.to_ascii_lowercase().contains("connection: close"), "{answer}");
        if !error_code.is_empty() {
            assert!(head.contains("content-type: application/json\r\n"), "{answer}");
            let refusal: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(refusal["error_code"], error_code);
            assert!(refusal["ref"].is_string() && refusal["message"].is_string());
        }
    }
    api.stop().await;
    let metrics = recorder.handle().render();
    for line in [
        r#"http_requests_total{path="unknown",status="400"} 2"#,
        r#"http_requests_total{path="unknown",status="408"} 1"#,
        r#"http_requests_total{path="unknown",status="414"} 1"#,
        r#"http_requests_total{path="unknown",status="431"} 3"#,
    ] {
        assert!(metrics.lines().any(|metric| metric == line), "{line} not in {metrics}");
    }
}

fn p99(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() * 99 / 100]
}

/// How much slower the healthy client may be for those who are idle.
const SLOWER: u32 = 2;
/// How often the healthy client asks, in both ways, to know that.
const REQUESTS: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn idle_connections_take_no_room_from_who_asks() {
    let idle = proof::size(2_000, 10_000);
    // Fewer than there will be, so that some must go.
    let limits = Limits { connections_max: idle / 2, head_for: Duration::from_secs(600), ..Limits::default() };
    let (crowded, quiet) = (Api::start(limits.clone()).await, Api::start(limits).await);
    let (mut beside, mut alone) = (Healthy::new(&crowded).await, Healthy::new(&quiet).await);
    let mut connections = Vec::new();
    for opened in 0..idle {
        connections.push(crowded.connect().await);
        if opened % 10 == 0 {
            beside.ask().await;
        }
    }
    // In turns, so that whatever else the machine does is the same for both.
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..REQUESTS {
        with.push(beside.ask().await);
        without.push(alone.ask().await);
    }
    let (with, without) = (p99(with), p99(without));
    // Whoever was let go reads an end.
    let is_open = |connection: &&TcpStream| connection.try_read(&mut [0]).is_err();
    let open = connections.iter().filter(is_open).count();
    assert!(open >= idle / 4 && open <= idle / 2, "{open} of {idle} are open");
    assert!(with <= without * SLOWER, "p99 {with:?} beside {idle} idle connections, {without:?} without");
    drop(connections);
    crowded.stop().await;
    quiet.stop().await;
    let progress = format!(
        "all {} requests beside them served, p99 {with:.1?}, without them {without:.1?}",
        2 * REQUESTS + idle / 5
    );
    proof::held("S13", "idle connections, of which half may be open", idle as u64, progress);
}
