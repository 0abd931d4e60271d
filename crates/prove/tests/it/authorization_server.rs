//! Deliveries with OAuth2 (decision 28), through an authorization server that is not ours.
//!
//! It is the certified provider that `authorization-server/` pins. The receiver believes no token: it asks that server about each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::binary::{Environment, PATIENCE, Platform};
use crate::world::World;

/// How long installing it may take.
const INSTALLED_WITHIN: Duration = Duration::from_secs(300);
/// Has what Basic must encode, and a form too.
const SECRET: &str = "a:b c%+/=&";
/// What is asked for, as webhooks write it, and as the server understands it.
const SCOPE: (&str, &str) = ("events.read+events.write", "events.read events.write");
/// Seconds for which most tokens are good, and those of the client `brief`. The engine asks anew after half of so short a life.
const LIFE_S: (u64, u64) = (600, 4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn deliveries_carry_tokens_of_a_real_authorization_server() {
    let mut town = Town::make().await;
    one_token_does_for_many(&town).await;
    an_end_that_was_announced_refuses_nobody(&town).await;
    one_that_was_not_costs_an_attempt(&town).await;
    a_wrong_secret_sends_nothing(&town).await;
    a_server_that_is_away_is_waited_for(&mut town).await;
    town.platform.kill().await;
    let all = town.receiver.all();
    let accepted = all.iter().filter(|one| one.status == 204).count();
    let tokens = tokens(&all).len();
    // The control: a receiver that believes every token would have refused none.
    assert!(all.len() > accepted, "no token was refused, so none was looked at");
    let progress = format!("{accepted} delivered with {tokens} tokens, {} refused", all.len() - accepted);
    proof::held("OAUTH", "deliveries with tokens of a certified authorization server", all.len() as u64, progress);
}

/// The clients are registered for one way of authentication each, and the platform is not told which.
async fn one_token_does_for_many(town: &Town) {
    for client in ["basic", "post"] {
        let webhook = town.subscribe(client, SECRET).await;
        let came = town.deliver(&webhook, proof::size(5, 100)).await;
        assert!(came.iter().all(|one| one.number == 1 && one.status == 204), "{client}: {came:?}");
        assert!(came.iter().all(|one| one.scope == SCOPE.1), "{client}: {came:?}");
        assert_eq!(tokens(&came).len(), 1, "{client}: {came:?}");
        town.unsubscribe(&webhook).await;
    }
}

async fn an_end_that_was_announced_refuses_nobody(town: &Town) {
    let webhook = town.subscribe("brief", SECRET).await;
    let first = town.deliver(&webhook, 1).await.remove(0);
    let started_at = Instant::now();
    loop {
        let next = town.deliver(&webhook, 1).await.remove(0);
        assert_eq!((next.number, next.status), (1, 204), "{next:?}");
        if next.token != first.token {
            break;
        }
        assert!(started_at.elapsed() < Duration::from_secs(LIFE_S.1), "the first token is still used: {next:?}");
    }
    town.unsubscribe(&webhook).await;
}

/// A token that its server revoked: the next attempt has another (decision record 0008).
async fn one_that_was_not_costs_an_attempt(town: &Town) {
    let webhook = town.subscribe("post", SECRET).await;
    let first = town.deliver(&webhook, 1).await.remove(0);
    town.server.revoke(&first.token).await;
    check_renewed(&first, &town.deliver(&webhook, 1).await);
    town.unsubscribe(&webhook).await;
}

#[track_caller]
fn check_renewed(before: &Received, came: &[Received]) {
    let told: Vec<(u64, u16)> = came.iter().map(|one| (one.number, one.status)).collect();
    assert_eq!(told, [(1, 401), (2, 204)], "{came:?}");
    assert_eq!(came[0].token, before.token);
    assert_ne!(came[1].token, before.token);
}

async fn a_wrong_secret_sends_nothing(town: &Town) {
    for client in ["basic", "post"] {
        let webhook = town.subscribe(client, "wrong").await;
        let (enrollment, detail) = town.fail(&webhook).await;
        assert!(detail.contains("401 invalid_client") && !detail.contains("wrong"), "{detail}");
        assert!(town.received(&enrollment).is_empty(), "nothing goes out without a token");
        let body = json!({ "oauth2": town.credentials(client, SECRET) });
        town.call(Method::PATCH, &format!("/webhooks/{webhook}"), Some(&body)).await;
        let came = town.arrive(&enrollment).await;
        assert!(came[0].number > 1 && came[0].status == 204, "{came:?}");
        town.unsubscribe(&webhook).await;
    }
}

/// When it comes back, it has no memory of the tokens that it gave.
async fn a_server_that_is_away_is_waited_for(town: &mut Town) {
    let webhook = town.subscribe("post", SECRET).await;
    town.server.stop().await;
    let (enrollment, detail) = town.fail(&webhook).await;
    assert!(detail.contains("connect"), "{detail}");
    town.server.start().await;
    let came = town.arrive(&enrollment).await;
    assert!(came[0].number > 1 && came[0].status == 204, "{came:?}");
    town.server.stop().await;
    town.server.start().await;
    check_renewed(&came[0], &town.deliver(&webhook, 1).await);
}

fn tokens(came: &[Received]) -> BTreeSet<&str> {
    came.iter().map(|one| one.token.as_str()).collect()
}

/// Everybody that takes part.
struct Town {
    world: World,
    platform: Platform,
    server: Server,
    receiver: Receiver,
    token: String,
    customer: String,
}

impl Town {
    async fn make() -> Self {
        let mut server = Server::install().await;
        server.start().await;
        let world = World::make("retry_delays_s = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]").await;
        let platform = world.serve(&Environment::new()).await;
        let token = world.token(platform.url(), "/partner").await.expect("a token");
        let customer = world.token(platform.url(), "/customers/0").await.expect("a token");
        let receiver = Receiver::start(server.url.clone()).await;
        Town { world, platform, server, receiver, token, customer }
    }

    fn credentials(&self, client: &str, secret: &str) -> Value {
        json!({
            "grant_type": "client_credentials", "client_id": client, "client_secret": secret,
            "authentication_server_url": format!("{}/token", self.server.url), "scope": SCOPE.0,
        })
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let url = format!("{}{path}", self.platform.url());
        let (status, answer) = self.world.call(method, &url, &self.token, body).await.expect("an answer");
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// A webhook whose receiver wants tokens of this client.
    async fn subscribe(&self, client: &str, secret: &str) -> String {
        let body = json!({
            "url": self.receiver.url, "event_types": ["enrollment.complete"], "auth_type": "oauth2",
            "oauth2": self.credentials(client, secret),
        });
        self.call(Method::POST, "/webhooks", Some(&body)).await["id"].as_str().unwrap().to_owned()
    }

    async fn unsubscribe(&self, webhook: &str) {
        self.call(Method::DELETE, &format!("/webhooks/{webhook}"), None).await;
    }

    /// Something happens; gives the enrollment that it happened to.
    async fn complete(&self) -> String {
        let body = json!({
            "user_account_id": self.world.text("/customers/0/user_account_ids/0"),
            "lo_id": self.world.text("/learning_objects/0/lo_id"),
            "enrollment_type": "self-directed", "status": "completed",
        });
        let url = format!("{}/enrollments?re-enroll=true", self.platform.url());
        let answer = self.world.call(Method::POST, &url, &self.customer, Some(&body)).await;
        let (status, enrollment) = answer.expect("an answer");
        assert_eq!(status, 201, "{enrollment}");
        enrollment["id"].as_str().unwrap().to_owned()
    }

    /// So many events, one after the other; gives the requests that they came in.
    async fn deliver(&self, webhook: &str, count: usize) -> Vec<Received> {
        let mut came = Vec::new();
        for _ in 0..count {
            let enrollment = self.complete().await;
            came.extend(self.arrive(&enrollment).await);
        }
        assert!(came.iter().all(|one| one.webhook == webhook), "{came:?}");
        came
    }

    /// The requests about an enrollment, once one of them was accepted.
    async fn arrive(&self, enrollment: &str) -> Vec<Received> {
        let wait = async {
            loop {
                let arrives = self.receiver.inner.arrived.notified();
                let came = self.received(enrollment);
                if came.iter().any(|one| one.status == 204) {
                    return came;
                }
                arrives.await;
            }
        };
        let came = timeout(PATIENCE, wait).await;
        came.unwrap_or_else(|_| panic!("{enrollment} did not arrive; {}", self.platform.last_lines()))
    }

    fn received(&self, enrollment: &str) -> Vec<Received> {
        self.receiver.all().into_iter().filter(|one| one.enrollment == enrollment).collect()
    }

    /// Something happens that cannot be told; gives the enrollment, and what is recorded of the first attempt.
    async fn fail(&self, webhook: &str) -> (String, String) {
        let enrollment = self.complete().await;
        let started_at = Instant::now();
        loop {
            let page = self.call(Method::GET, &format!("/deliveries?webhook_id={webhook}"), None).await;
            let delivery = page["hits"][0]["id"].as_str().expect("it has a delivery").to_owned();
            let delivery = self.call(Method::GET, &format!("/deliveries/{delivery}"), None).await;
            if let Some(attempt) = delivery["attempts"].get(0) {
                assert_eq!(attempt["failure"], "token", "{attempt}");
                return (enrollment, attempt["detail"].as_str().unwrap().to_owned());
            }
            assert!(started_at.elapsed() < PATIENCE, "no attempt is recorded: {delivery}");
        }
    }
}

/// The authorization server, and where it is installed.
struct Server {
    folder: PathBuf,
    url: String,
    child: Option<Child>,
}

impl Server {
    /// Installs what is pinned, once, beside what cargo builds.
    async fn install() -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("authorization-server");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("authorization-server");
        std::fs::create_dir_all(&folder).unwrap();
        let wanted = std::fs::read_to_string(source.join("package-lock.json")).unwrap();
        let mark = folder.join("installed.json");
        for file in ["package.json", "package-lock.json", "server.mjs"] {
            std::fs::copy(source.join(file), folder.join(file)).unwrap();
        }
        if !std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).stdin(Stdio::null());
            let output = timeout(INSTALLED_WITHIN, npm.output()).await.expect("it installs in time").unwrap();
            assert!(output.status.success(), "npm: {}", String::from_utf8_lossy(&output.stderr));
            std::fs::write(&mark, wanted).unwrap();
        }
        Server { folder, url: String::new(), child: None }
    }

    /// Starts it where it was before, with no memory of the tokens that it gave.
    async fn start(&mut self) {
        let client = |id: &str, method: &str, life: u64| {
            json!({
                "client_id": id, "client_secret": SECRET, "life_s": life,
                "token_endpoint_auth_method": format!("client_secret_{method}"),
            })
        };
        let clients = json!([
            client("basic", "basic", LIFE_S.0),
            client("post", "post", LIFE_S.0),
            client("brief", "post", LIFE_S.1),
            client("receiver", "post", LIFE_S.0),
        ]);
        let port = self.url.rsplit(':').next().filter(|port| !port.is_empty()).unwrap_or("0").to_owned();
        let mut command = Command::new("node");
        command.args(["server.mjs", &port, &clients.to_string()]).current_dir(&self.folder).kill_on_drop(true);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = loop {
            let line = timeout(PATIENCE, lines.next_line()).await.expect("it starts").unwrap().expect("it listens");
            if let Some(url) = line.strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        (self.url, self.child) = (url, Some(child));
    }

    async fn stop(&mut self) {
        self.child.take().expect("it runs").kill().await.unwrap();
    }

    async fn revoke(&self, token: &str) {
        let form = [("client_id", "post"), ("client_secret", SECRET), ("token", token)];
        let request = reqwest::Client::new().post(format!("{}/token/revocation", self.url)).form(&form);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

/// One request.
#[derive(Clone, Debug)]
struct Received {
    webhook: String,
    enrollment: String,
    number: u64,
    token: String,
    /// What the server says that the token is good for.
    scope: String,
    /// What it was answered.
    status: u16,
}

/// Asks the authorization server about every token, and answers 204 or 401.
struct Receiver {
    url: String,
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    server: String,
    received: Mutex<Vec<Received>>,
    arrived: Notify,
}

impl Receiver {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let http = reqwest::Client::new();
        let inner = Arc::new(Inner { http, server, received: Mutex::default(), arrived: Notify::new() });
        let app = Router::new().route("/events", post(receive)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { url, inner }
    }

    fn all(&self) -> Vec<Received> {
        self.inner.received.lock().unwrap().clone()
    }
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let envelope: Value = serde_json::from_slice(&body).unwrap();
    let value = headers.get("authorization").map(|value| value.to_str().unwrap()).unwrap_or_default();
    let token = value.strip_prefix("Bearer ").unwrap_or_default().to_owned();
    let form = [("client_id", "receiver"), ("client_secret", SECRET), ("token", &token)];
    let about = match inner.http.post(format!("{}/token/introspection", inner.server)).form(&form).send().await {
        Ok(answer) => answer.json().await.unwrap_or(Value::Null),
        Err(_) => Value::Null,
    };
    let status = if about["active"] == true { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    inner.received.lock().unwrap().push(Received {
        webhook: text(&envelope["webhook_id"]),
        enrollment: text(&envelope["data"]["id"]),
        number: envelope["attempt_number"].as_u64().unwrap(),
        token,
        scope: text(&about["scope"]),
        status: status.as_u16(),
    });
    inner.arrived.notify_waiters();
    status
}
