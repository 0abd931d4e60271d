//! The accept loop and its limits, over real connections.

use std::future::pending;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use gateway::serve::{Limits, serve};
use http_body_util::BodyExt;
use scorm::testing::course;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Nothing takes this long unless it hangs.
const HANGS: Duration = Duration::from_secs(20);

struct Server {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits, app: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(listener, app, limits, shutdown.clone()));
        Server { address, shutdown, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends this and reads until the connection is closed.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(HANGS, stream.read_to_end(&mut bytes)).await.expect("the connection hangs");
    // A reset is an end too.
    let _ = read;
    String::from_utf8(bytes).unwrap()
}

async fn read_some(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(HANGS, stream.read(&mut bytes)).await.expect("the connection hangs").unwrap();
    String::from_utf8(bytes[..read].to_vec()).unwrap()
}

fn app() -> Router {
    let echo = async |request: Request| request.into_body().collect().await.unwrap().to_bytes();
    Router::new().route("/", get(async || "hello")).route("/echo", post(echo)).route("/never", get(pending::<()>))
}

fn short() -> Limits {
    Limits { head_for: Duration::from_millis(50), request_for: Duration::from_millis(50), ..Limits::default() }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn requests_are_answered() {
    let server = Server::start(Limits::default(), app()).await;
    let answer = server.exchange(GET_AND_CLOSE).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = Server::start(short(), app()).await;
    assert_eq!(server.exchange("").await, "");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_closed() {
    let server = Server::start(short(), app()).await;
    let answer = server.exchange("GET / HTTP/1.1\r\nHost:").await;
    assert!(!answer.contains("200"), "{answer}");
}

#[tokio::test]
async fn a_connection_that_is_idle_between_requests_is_closed() {
    let server = Server::start(short(), app()).await;
    let answer = server.exchange(GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_end_is_408() {
    let server = Server::start(short(), app()).await;
    let answer = server.exchange("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("took too long"), "{answer}");
}

#[tokio::test]
async fn an_upload_may_take_longer_than_other_requests() {
    let app = App::new().await;
    let (token, lo) = (&app.partner.token, app.as_(&app.partner).content("Fire safety").await);
    let limits = Limits { request_for: Duration::from_millis(500), ..Limits::default() };
    let server = Server::start(limits, app.router.clone()).await;
    let zip = course(&[]);
    let request = |line: &str, bytes: usize| {
        let headers = format!("Host: x\r\nApi-Version: 2025-01-01\r\nAuthorization: {token}\r\nConnection: close");
        format!("{line} HTTP/1.1\r\n{headers}\r\nContent-Length: {bytes}\r\n\r\n")
    };
    let mut upload = server.connect().await;
    let head = request(&format!("PUT /learning-objects/{}/package", lo.lo_id), zip.len());
    upload.write_all(&[head.as_bytes(), &zip[..10]].concat()).await.unwrap();
    // One that begins later is given up before the upload goes on.
    let other = server.exchange(&format!("{}{{", request("POST /learning-objects", 10))).await;
    assert!(other.starts_with("HTTP/1.1 408"), "{other}");
    upload.write_all(&zip[10..]).await.unwrap();
    let answer = read_to_end(&mut upload).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"edition\":\"1.2\""), "{answer}");
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_408() {
    let server = Server::start(short(), app()).await;
    let answer = server.exchange("GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn more_headers_or_longer_ones_are_refused() {
    let server = Server::start(Limits { headers_max: 10, ..Limits::default() }, app()).await;
    let headers = |count: usize| "X: y\r\n".repeat(count);
    let request = |headers: String| format!("GET / HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
    assert!(server.exchange(&request(headers(9))).await.starts_with("HTTP/1.1 200"));
    assert!(server.exchange(&request(headers(10))).await.starts_with("HTTP/1.1 431"));
    let long = format!("X: {}\r\n", "y".repeat(40 * 1024));
    assert!(server.exchange(&request(long)).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_path_without_end_is_refused() {
    let server = Server::start(Limits::default(), app()).await;
    let answer = server.exchange(&format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(16 * 1024))).await;
    assert!(answer.starts_with("HTTP/1.1 414"), "{answer}");
}

#[tokio::test]
async fn requests_of_two_lengths_end_their_connection() {
    let server = Server::start(Limits::default(), app()).await;
    let two = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd";
    assert!(server.exchange(two).await.starts_with("HTTP/1.1 400"));
    // Nor is what follows the body taken for a request.
    let smuggled = format!(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{GET}"
    );
    let answer = server.exchange(&smuggled).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

#[tokio::test]
async fn only_so_many_connections_are_served_at_once() {
    let (started, mut has_started) = mpsc::channel::<()>(1);
    let (finish, may_finish) = mpsc::channel::<()>(1);
    let may_finish = std::sync::Arc::new(tokio::sync::Mutex::new(may_finish));
    let slow = async move || {
        started.send(()).await.unwrap();
        may_finish.lock().await.recv().await;
        "finished"
    };
    let limits = Limits { connections_max: 1, ..Limits::default() };
    let server = Server::start(limits, app().route("/slow", get(slow))).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    has_started.recv().await.unwrap();
    // The second waits while the first is busy.
    let mut second = server.connect().await;
    second.write_all(GET_AND_CLOSE.as_bytes()).await.unwrap();
    tokio::task::yield_now().await;
    let mut byte = [0];
    assert!(second.try_read(&mut byte).is_err(), "the second connection is served beside the first");
    finish.send(()).await.unwrap();
    assert!(read_to_end(&mut first).await.ends_with("finished"));
    assert!(read_to_end(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_that_waits_gives_way_to_the_next() {
    let server = Server::start(Limits { connections_max: 2, ..Limits::default() }, app()).await;
    let mut asked = server.connect().await;
    asked.write_all(GET.as_bytes()).await.unwrap();
    assert!(read_some(&mut asked).await.starts_with("HTTP/1.1 200"));
    // One that never asked goes before one that did, however long that waits.
    for _ in 0..3 {
        let mut idle = server.connect().await;
        idle.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        assert!(server.exchange(GET_AND_CLOSE).await.starts_with("HTTP/1.1 200"));
        assert_eq!(read_to_end(&mut idle).await, "");
    }
    asked.write_all(GET.as_bytes()).await.unwrap();
    assert!(read_some(&mut asked).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_stop_lets_requests_finish_and_closes_what_is_idle() {
    let (started, mut has_started) = mpsc::channel::<()>(1);
    let (finish, may_finish) = mpsc::channel::<()>(1);
    let may_finish = std::sync::Arc::new(tokio::sync::Mutex::new(may_finish));
    let slow = async move || {
        started.send(()).await.unwrap();
        may_finish.lock().await.recv().await;
        "finished"
    };
    let server = Server::start(Limits::default(), app().route("/slow", get(slow))).await;
    let mut idle = server.connect().await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    assert!(read_some(&mut idle).await.starts_with("HTTP/1.1 200"));
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    has_started.recv().await.unwrap();

    server.shutdown.cancel();
    assert_eq!(read_to_end(&mut idle).await, "");
    finish.send(()).await.unwrap();
    assert!(read_to_end(&mut busy).await.ends_with("finished"));
    tokio::time::timeout(HANGS, server.task).await.expect("the server does not stop").unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let limits = Limits { drain_for: Duration::from_millis(50), ..Limits::default() };
    let (started, mut has_started) = mpsc::channel::<()>(1);
    let stuck = async move || {
        started.send(()).await.unwrap();
        pending::<()>().await;
    };
    let server = Server::start(limits, app().route("/stuck", get(stuck))).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    has_started.recv().await.unwrap();
    let asked = Instant::now();
    server.shutdown.cancel();
    tokio::time::timeout(HANGS, server.task).await.expect("the server does not stop").unwrap();
    assert!(asked.elapsed() < Limits::default().request_for);
    assert_eq!(read_to_end(&mut stream).await, "");
}
