//! S16: our own description of the API, tried by a program that knows nothing else of it.
//!
//! Schemathesis makes requests that the description allows and requests that it forbids, follows ids from one answer to the next
//! request, and compares every answer with what is described. What is let off, and why, is in `schemathesis/schemathesis.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use crate::binary::{Environment, Platform};
use crate::dice::Dice;
use crate::receiver::{Manner, Receiver};
use crate::world::World;

/// How long one caller may take.
const RUN_WITHIN: Duration = Duration::from_secs(1_800);
/// How long installing it may take.
const INSTALLED_WITHIN: Duration = Duration::from_secs(300);
/// What ends the credentials of a whole run is tried in a run of its own.
const ENDS_THE_CALLER: &str = r"^/(oauth/revoke|client/\{id\})$";
/// Where a description that is wrong is tried.
const SOME_PATHS: [&str; 2] = ["--include-path-regex", "^/webhooks"];
/// Of all operations at most so many, in tenths, may never have been carried out by anybody.
const NEVER_DONE_TENTHS_MAX: usize = 1;
/// How often a value that leads somewhere is taken, where there is one.
const KNOWN_PROBABILITY: f32 = 0.7;
/// Values that fields take.
const FIELDS: &[(&str, &[&str])] = &[
    ("body.grant_type", &["client_credentials"]),
    ("body.enrollment_type", &["assigned", "self-directed"]),
    ("body.status", &["completed", "in-progress", "active"]),
    ("body.event_type", &["enrollment.complete"]),
    ("body.event_types[*]", &["enrollment.complete", "content.decommission", "content.add"]),
    ("body.email", &["ada@example.com", "grace@example.com", "edsger@example.com"]),
    ("body.roles[*]", &["Learner", "Manager"]),
    ("body.domain", &["one.example.com", "two.example.com"]),
    ("body.timezone", &["UTC", "Australia/Brisbane"]),
    ("body.scope", &["failed", "all", "webhook.read"]),
];
/// What a client that only reads may do.
const READS: &str = "lo.read enrollment.read webhook.read portal.read user.read app.read account.read";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn s16_the_description_is_true_for_every_kind_of_caller() {
    let tool = Tool::install().await;
    let stage = Stage::set().await;
    let seed = Dice::new().below(u64::from(u32::MAX)).to_string();
    let document = stage.document().await;
    let callers = [
        (
            "a partner's administrator",
            Some(stage.token("/partner", None).await),
            ["--exclude-path-regex", ENDS_THE_CALLER],
        ),
        (
            "a customer's administrator",
            Some(stage.token("/customers/0", None).await),
            ["--exclude-path-regex", ENDS_THE_CALLER],
        ),
        (
            "a client that only reads",
            Some(stage.token("/customers/0", Some(READS)).await),
            ["--exclude-path-regex", ENDS_THE_CALLER],
        ),
        ("a client that ends itself", Some(stage.spare_token().await), ["--include-path-regex", "^/client"]),
        ("nobody", None, ["--exclude-path-regex", "^$"]),
    ];
    let (mut cases, mut done) = (0, Vec::new());
    for (who, token, paths) in callers {
        let report = tool.run(&stage, &document, token.as_deref(), &paths, &seed).await;
        assert!(report.held(), "as {who}: {}", report.printed);
        let accepted = report.accepted();
        if token.is_none() {
            let open = accepted.iter().filter(|operation| is_open(&document, operation)).count();
            assert_eq!(open, accepted.len(), "nobody did {accepted:?}");
        }
        eprintln!("{who}: {} cases; {} operations carried out", report.cases(), accepted.len());
        cases += report.cases();
        done.extend(accepted);
    }
    done.sort_unstable();
    done.dedup();
    let missed: Vec<String> = operations(&document).filter(|operation| !done.contains(operation)).collect();
    let all = operations(&document).count();
    eprintln!("never carried out: {missed:?}");
    assert!(missed.len() * 10 <= all * NEVER_DONE_TENTHS_MAX, "nobody carried out {missed:?}");
    assert!(cases >= proof::size(5_000, 50_000), "only {cases} cases");
    let progress = format!("0 failures, seed {seed}; {} of {all} operations carried out", done.len());
    proof::held("S16", "requests made of our own description, as every kind of caller", cases, progress);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn s16_a_description_that_is_wrong_is_found_out() {
    let tool = Tool::install().await;
    let stage = Stage::set().await;
    let token = stage.token("/partner", None).await;
    let whole = stage.document().await;
    assert!(tool.run(&stage, &whole, Some(&token), &SOME_PATHS, "1").await.held(), "the true one holds");

    let mut wrong = whole.clone();
    wrong["components"]["schemas"]["Webhook"]["required"].as_array_mut().unwrap().push("horn".into());
    check_found(&tool, &stage, &wrong, &token, "JsonSchemaError").await;

    let mut wrong = whole.clone();
    wrong["paths"]["/webhooks/{id}"]["get"]["responses"].as_object_mut().unwrap().remove("404").unwrap();
    check_found(&tool, &stage, &wrong, &token, "UndefinedStatusCode").await;

    let mut wrong = whole;
    let header = json!({ "name": "Horn", "in": "header", "required": true, "schema": { "type": "string" } });
    wrong["paths"]["/webhooks"]["get"]["parameters"].as_array_mut().unwrap().push(header);
    check_found(&tool, &stage, &wrong, &token, "MissingHeaderNotRejected").await;
}

async fn check_found(tool: &Tool, stage: &Stage, document: &Value, token: &str, expected: &str) {
    let report = tool.run(stage, document, Some(token), &SOME_PATHS, "1").await;
    assert!(!report.held(), "{expected} is not found: {}", report.printed);
    let failures = report.report["failures"].as_array().unwrap();
    assert!(failures.iter().any(|failure| failure["type"] == expected), "{expected} is not among {failures:?}");
}

/// Every operation, as `GET /webhooks`.
fn operations(document: &Value) -> impl Iterator<Item = String> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    })
}

/// Whether an operation asks for no token.
fn is_open(document: &Value, operation: &str) -> bool {
    let (method, path) = operation.split_once(' ').unwrap();
    document["paths"][path][method.to_lowercase()]["security"].is_null()
}

/// The program, where it is installed.
struct Tool {
    folder: PathBuf,
}

/// What came of a run.
struct Report {
    ended_well: bool,
    printed: String,
    report: Value,
}

impl Tool {
    /// Installs what is pinned, once, beside what cargo builds.
    async fn install() -> Self {
        let pinned = sources().join("requirements.txt");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
        let mark = folder.join("installed.txt");
        let wanted = std::fs::read_to_string(&pinned).unwrap();
        if !std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
            let _ = std::fs::remove_dir_all(&folder);
            let mut pip = Command::new("pip3");
            pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]).arg(&pinned);
            let output = finish(pip.arg("--target").arg(&folder), INSTALLED_WITHIN).await;
            assert!(output.status.success(), "pip3: {}", String::from_utf8_lossy(&output.stderr));
            std::fs::write(&mark, wanted).unwrap();
        }
        Tool { folder }
    }

    async fn run(&self, stage: &Stage, document: &Value, token: Option<&str>, paths: &[&str], seed: &str) -> Report {
        let folder = TempDir::new().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(file("openapi.json"), document.to_string()).unwrap();
        std::fs::write(file("config.toml"), stage.config()).unwrap();
        let mut command = Command::new(self.folder.join("bin/schemathesis"));
        command.env("PYTHONPATH", &self.folder);
        command.args([
            "--config-file",
            &file("config.toml"),
            "run",
            &file("openapi.json"),
            "--url",
            stage.platform.url(),
        ]);
        command.args(["--mode", "all", "--continue-on-failure", "--seed", seed]);
        command.args([
            "--max-examples",
            proof::size("10", "250"),
            "--generation-database",
            "none",
            "--warnings",
            "off",
        ]);
        command.args(["--report", "json", "--report-json-path", &file("report.json"), "--no-color"]).args(paths);
        if let Some(token) = token {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        let output = finish(command.current_dir(folder.path()), RUN_WITHIN).await;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let report = std::fs::read(file("report.json")).unwrap_or_else(|error| panic!("no report, {error}: {printed}"));
        Report { ended_well: output.status.success(), printed, report: serde_json::from_slice(&report).unwrap() }
    }
}

impl Report {
    /// Whether it went to its end and found nothing.
    fn held(&self) -> bool {
        let is_complete = self.report["complete"] == true && self.report["operations"]["errored"] == 0;
        self.ended_well && is_complete && self.report["failures"].as_array().is_none_or(Vec::is_empty)
    }

    fn cases(&self) -> u64 {
        self.report["test_cases"]["generated"].as_u64().unwrap()
    }

    /// The operations that were carried out at least once.
    fn accepted(&self) -> Vec<String> {
        let statistics = self.report["valid_rates"].as_object().expect("it counts for each operation");
        let accepted = |phases: &Value| {
            phases.as_object().unwrap().values().any(|phase| phase["accepted"].as_u64().is_some_and(|count| count > 0))
        };
        statistics.iter().filter(|(_, phases)| accepted(phases)).map(|(operation, _)| operation.clone()).collect()
    }
}

/// A platform in which there is one of everything.
struct Stage {
    world: World,
    platform: Platform,
    receiver: Receiver,
    /// Values that lead somewhere, by the path whose id they are or by the place of the field that takes them.
    known: BTreeMap<String, Vec<String>>,
}

impl Stage {
    async fn set() -> Self {
        // Guesses are part of it, so nobody is kept from guessing.
        let world = World::make("[limits]\nfailures_per_min = 0").await;
        let platform = world.serve(&Environment::new()).await;
        let receiver = Receiver::start(Manner::default(), Dice::loaded()).await;
        let mut stage = Stage { world, platform, receiver, known: BTreeMap::new() };
        for portal in ["/partner", "/customers/0"] {
            stage.make_what_a_portal_has(portal).await;
        }
        stage.make_an_enrollment().await;
        stage.know_what_the_sandbox_has();
        stage
    }

    async fn make_what_a_portal_has(&mut self, portal: &str) {
        let token = self.token(portal, None).await;
        let body = json!({ "url": self.receiver.url, "event_types": ["enrollment.complete"], "secret_key": "s" });
        let webhook = self.make(&token, "/webhooks", &body, "id").await;
        let replay = json!({ "webhook_id": webhook, "since": "2022-03-29T01:29:36.000Z" });
        let replay = self.make(&token, "/replays", &replay, "id").await;
        let client = self.make(&token, "/client", &json!({ "client_name": "another" }), "client_id").await;
        self.make(&token, &format!("/webhooks/{webhook}/test"), &json!({}), "event_id").await;
        let deliveries = self.get(&token, "/deliveries").await;
        let delivery = deliveries["hits"][0]["id"].as_str().expect("a test is a delivery");
        self.know(&["/deliveries/{id}", "/deliveries/{id}/replay"], [delivery]);
        self.know(&["/replays/{id}"], [&replay]);
        self.know(&["/client/{id}"], [&client]);
        self.know(&["/webhooks/{id}", "/webhooks/{id}/test", "query.webhook_id", "body.webhook_id"], [&webhook]);
    }

    async fn make_an_enrollment(&mut self) {
        let token = self.token("/customers/0", None).await;
        let body = json!({
            "user_account_id": self.world.text("/customers/0/user_account_ids/0"),
            "lo_id": self.world.text("/learning_objects/0/lo_id"),
            "enrollment_type": "self-directed",
            "status": "completed",
        });
        let enrollment = self.make(&token, "/enrollments", &body, "id").await;
        let events = self.get(&token, "/events").await;
        let event = events["hits"][0]["id"].as_str().expect("what was completed is an event");
        self.know(&["/events/{id}"], [event]);
        let paths = ["/enrollments/{id}", "/enrollments/{id}/events", "/v2/enrollments/{id}", "query.enrollment-id"];
        self.know(&paths, [&enrollment]);
    }

    fn know_what_the_sandbox_has(&mut self) {
        let text = |pointer: &str| self.world.text(pointer).to_owned();
        let learner = text("/customers/0/user_account_ids/1");
        let portals = ["/partner", "/customers/0"].map(|who| text(&format!("{who}/portal_id")));
        let contents = ["id", "lo_id"].map(|id| text(&format!("/learning_objects/1/{id}")));
        let [id, secret] = ["client_id", "client_secret"].map(|part| text(&format!("/customers/1/{part}")));
        let url = self.receiver.url.clone();
        self.know(
            &["/user-accounts/{id}", "/v2/users/{id}", "/v2/user-accounts/{id}", "body.user_account_id"],
            [&learner],
        );
        self.know(&["/learning-objects/{id}", "/v2/learning-objects/{id}", "body.lo_id", "body.lo[*]"], &contents);
        self.know(&["/portals/{id}"], &portals);
        self.know(&["body.url"], [&url]);
        self.know(&["body.client_id"], [&id]);
        self.know(&["body.client_secret"], [&secret]);
        for (field, values) in FIELDS {
            self.know(&[field], *values);
        }
    }

    fn know<T: ToString>(&mut self, places: &[&str], values: impl IntoIterator<Item = T>) {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        for place in places {
            self.known.entry((*place).to_owned()).or_default().extend(values.clone());
        }
    }

    /// What is let off, and what is known.
    fn config(&self) -> String {
        let mut text = std::fs::read_to_string(sources().join("schemathesis.toml")).unwrap();
        let mut fields = String::from("\n[parameters]\n");
        for (number, (place, values)) in self.known.iter().enumerate() {
            let bound = format!("{{ dictionary = \"known{number}\", probability = {KNOWN_PROBABILITY} }}");
            let _ = write!(text, "\n[dictionaries.known{number}]\nvalues = {values:?}\n");
            if place.starts_with('/') {
                let _ = write!(text, "\n[[operations]]\ninclude-path = {place:?}\nparameters.\"path.id\" = {bound}\n");
            } else {
                let _ = writeln!(fields, "{place:?} = {bound}");
            }
        }
        text + &fields
    }

    /// Our description, as it is served, with a body that is good here beside those of the descriptions that have many rules.
    async fn document(&self) -> Value {
        let answer = reqwest::get(format!("{}/openapi.json", self.platform.url())).await.unwrap();
        let mut document: Value = answer.json().await.unwrap();
        for (path, body) in self.examples() {
            let contents = document["paths"][path]["post"]["requestBody"]["content"].as_object_mut().unwrap();
            for content in contents.values_mut() {
                content["example"] = body.clone();
            }
        }
        document
    }

    fn examples(&self) -> [(&'static str, Value); 5] {
        let text = |pointer: &str| self.world.text(pointer);
        let enrollment = json!({
            "user_account_id": text("/customers/0/user_account_ids/1"), "lo_id": text("/learning_objects/2/lo_id"),
            "enrollment_type": "assigned", "status": "not-started",
        });
        let token = json!({
            "grant_type": "client_credentials", "client_id": text("/customers/1/client_id"),
            "client_secret": text("/customers/1/client_secret"),
        });
        [
            ("/enrollments", enrollment),
            ("/oauth/token", token),
            (
                "/portals",
                json!({ "name": "Three", "domain": "three.example.com", "country": "AU", "industry": "Bells" }),
            ),
            ("/v2/users", json!({ "email": "barbara@example.com", "first_name": "Barbara" })),
            ("/webhooks", json!({ "url": self.receiver.url, "event_types": ["content.add"], "name": "A third" })),
        ]
    }

    /// A token of a portal; with `scope`, one for these alone.
    async fn token(&self, portal: &str, scope: Option<&str>) -> String {
        let (id, secret) = (format!("{portal}/client_id"), format!("{portal}/client_secret"));
        self.token_of(self.world.text(&id), self.world.text(&secret), scope).await
    }

    /// A token of credentials that nobody else uses.
    async fn spare_token(&self) -> String {
        let token = self.token("/partner", None).await;
        let body = json!({ "client_name": "spare" });
        let (_, client) = self.call(&token, Method::POST, "/client", Some(&body)).await;
        self.token_of(client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap(), None).await
    }

    async fn token_of(&self, id: &str, secret: &str, scope: Option<&str>) -> String {
        let body = json!({
            "grant_type": "client_credentials", "client_id": id, "client_secret": secret, "scope": scope,
        });
        let (_, answer) = self.call("", Method::POST, "/oauth/token", Some(&body)).await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn call(&self, token: &str, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.platform.url());
        self.world.call(method, &url, token, body).await.expect("an answer")
    }

    /// Makes something, and gives a field of it.
    async fn make(&self, token: &str, path: &str, body: &Value, field: &str) -> String {
        let (status, made) = self.call(token, Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "{path}: {made}");
        made[field].as_str().unwrap_or_else(|| panic!("{path}: no {field} in {made}")).to_owned()
    }

    async fn get(&self, token: &str, path: &str) -> Value {
        self.call(token, Method::GET, path, None).await.1
    }
}

/// The folder of what is run.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis")
}

async fn finish(command: &mut Command, within: Duration) -> Output {
    let child = command.stdin(Stdio::null()).kill_on_drop(true).output();
    timeout(within, child).await.expect("it ends in time").expect("it starts")
}
