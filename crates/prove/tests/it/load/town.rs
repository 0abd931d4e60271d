//! A partner with many customers, each with learners who complete courses, and a platform in front of them: the released one.

use std::ffi::OsString;
use std::fmt::Display;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sqlite::rusqlite::{Connection, params};
use tempfile::TempDir;

use super::released;
use super::sink::Sink;
use crate::binary::{Environment, PATIENCE, Platform};

/// The folder, whom it knows, and the platform that serves it.
pub(crate) struct Town {
    folder: TempDir,
    program: Vec<OsString>,
    http: Client,
    partner: String,
    pub(crate) platform: Platform,
    pub(crate) portals: Vec<Portal>,
}

/// A customer.
pub(crate) struct Portal {
    pub(crate) id: i64,
    token: String,
    /// Learners and courses: each pair is a request that completes an enrollment.
    pairs: Vec<(String, String)>,
}

impl Town {
    /// Makes the partner, and serves. `config` is added to what is configured by default, `through` is a program that starts the
    /// platform, with its arguments.
    pub(crate) async fn found(config: &str, through: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("schoolbell.toml"), config).unwrap();
        let program: Vec<OsString> = through.iter().map(OsString::from).chain([released()]).collect();
        let sandbox =
            Command::new(released()).args(["sandbox", "--json", "--data"]).arg(folder.path().join("data")).output();
        let made: Value = serde_json::from_slice(&sandbox.unwrap().stdout).unwrap();
        let platform = serve(&folder, &program).await;
        let http = Client::builder().timeout(PATIENCE).build().unwrap();
        let mut town = Town { folder, program, http, partner: String::new(), platform, portals: Vec::new() };
        let credentials = json!({
            "grant_type": "client_credentials",
            "client_id": made["partner"]["client_id"],
            "client_secret": made["partner"]["client_secret"],
        });
        town.partner = text(&town.call(Method::POST, "/oauth/token", "", credentials).await["access_token"]);
        town
    }

    /// Where the platform listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.platform.url().strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Stops the platform as its operator would, does something, and starts it again.
    pub(crate) async fn while_stopped(&mut self, act: impl FnOnce(&Connection)) {
        self.platform.signal("TERM").await;
        self.platform.ended(PATIENCE).await.expect("it stops");
        act(&Connection::open(self.folder.path().join("data/schoolbell.db")).unwrap());
        self.platform = serve(&self.folder, &self.program).await;
    }

    /// Makes a customer with as many learners and courses as give `pairs` pairs, and gives its place among all.
    pub(crate) async fn settle(&mut self, pairs: usize) -> usize {
        let number = self.portals.len();
        let portal = json!({
            "name": format!("Portal {number}"), "domain": format!("portal{number}.town.example"), "country": "NL", "industry": "education",
        });
        let portal = self.call(Method::POST, "/portals", &self.partner, portal).await;
        let token = text(&portal["user_account"]["oauth_token"]["access_token"]);
        let (learners, mut pairs_made) = (pairs.isqrt().max(1), Vec::with_capacity(pairs));
        let mut courses = Vec::new();
        for n in 0..pairs.div_ceil(learners) {
            let course = json!({ "core": { "title": format!("Course {n}") } });
            courses.push(text(&self.call(Method::POST, "/learning-objects", &token, course).await["lo_id"]));
        }
        for n in 0..learners {
            let learner = json!({
                "email": format!("l{n}@portal{number}.town.example"), "given_name": "Learner", "family_name": n.to_string(),
            });
            let learner = text(&self.call(Method::POST, "/user-accounts", &token, learner).await["id"]);
            pairs_made.extend(courses.iter().map(|course| (learner.clone(), course.clone())));
        }
        self.portals.push(Portal { id: text(&portal["id"]).parse().unwrap(), token, pairs: pairs_made });
        number
    }

    /// Makes a webhook of a customer for completions, and gives its id. Its path ends with `path`.
    pub(crate) async fn subscribe(&self, portal: usize, sink: &Sink, path: impl Display, status: &str) -> String {
        let webhook = json!({
            "url": format!("http://{}/{path}", sink.address), "secret_key": "MyS3cretK#y",
            "event_types": ["enrollment.complete"], "status": status,
        });
        text(&self.call(Method::POST, "/webhooks", &self.portals[portal].token, webhook).await["id"])
    }

    /// Makes a webhook `active` or `paused`.
    pub(crate) async fn turn(&self, portal: usize, webhook: &str, status: &str) {
        let change = json!({ "status": status });
        self.call(Method::PATCH, &format!("/webhooks/{webhook}"), &self.portals[portal].token, change).await;
    }

    /// Requests that complete enrollments, of these customers in turn.
    pub(crate) fn completions(&self, portals: &[usize]) -> Arc<Vec<Vec<u8>>> {
        let most = portals.iter().map(|portal| self.portals[*portal].pairs.len()).max().unwrap();
        let turns = (0..most).flat_map(|n| portals.iter().map(move |portal| (portal, n)));
        Arc::new(turns.filter_map(|(portal, n)| self.portals[*portal].completion(n, self.address())).collect())
    }

    async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.platform.url()));
        let answer = request.header("Api-Version", "2022-07-01").bearer_auth(token).json(&body).send().await.unwrap();
        let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert!([StatusCode::OK, StatusCode::CREATED].contains(&status), "{path}: {status} {body}");
        body
    }
}

async fn serve(folder: &TempDir, program: &[OsString]) -> Platform {
    let (data, config) = (folder.path().join("data"), folder.path().join("schoolbell.toml"));
    let platform = Platform::start_as(program, &data, &config, &Environment::new()).await;
    assert!(platform.url.is_some(), "it does not serve; {}", platform.last_lines());
    platform
}

impl Portal {
    /// The request that completes the `n`th pair's enrollment, a new one.
    fn completion(&self, n: usize, address: SocketAddr) -> Option<Vec<u8>> {
        let (learner, course) = self.pairs.get(n)?;
        let body = json!({
            "user_account_id": learner, "lo_id": course, "enrollment_type": "self-directed", "status": "completed",
        });
        let (body, token) = (body.to_string(), &self.token);
        let head = format!(
            "POST /enrollments?re-enroll=true HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Api-Version: 2022-07-01\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Some([head, body].concat().into_bytes())
    }
}

/// Makes so many deliveries of a portal to its one webhook due, each of an event of its own.
pub(crate) fn make_due(connection: &Connection, portal: i64, webhook: &str, count: usize) {
    let events = "
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
        INSERT INTO events (id, portal_id, event_type, subject_id, data, occurred_at, created_at)
        SELECT printf('%05d%07d', ?1 % 100000, n), ?1, 'enrollment.complete', n,
            printf('{\"id\":\"%d\"}', n), unixepoch() * 1000, unixepoch() * 1000
        FROM n";
    connection.execute(events, params![portal, count as i64]).unwrap();
    let deliveries = "
        INSERT INTO deliveries (portal_id, webhook_no, event_no, state, due_at, attempt_number, failures)
        SELECT ?1, (SELECT no FROM webhooks WHERE id = ?2), no, 'pending', unixepoch() * 1000, 0, 0
        FROM events
        WHERE portal_id = ?1";
    assert_eq!(connection.execute(deliveries, params![portal, webhook]).unwrap(), count);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text but {value}")).to_owned()
}

/// How long nobody waits for what was accepted to arrive.
pub(crate) const ALL_WITHIN: Duration = Duration::from_secs(120);
