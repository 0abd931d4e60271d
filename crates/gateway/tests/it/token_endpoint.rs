//! What the token endpoint gives away to those who guess: nothing, neither by what it answers nor by how long it takes.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::oauth::Scopes;
use futures_util::future::join_all;
use gateway::gateway::Settings;
use gateway::limit::{FAILURES_PER_MIN, LimitSettings};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::answer::Answer;
use crate::app::App;

async fn unlimited() -> App {
    let limits = LimitSettings { failures_per_min: None, ..LimitSettings::default() };
    App::with(Settings { limits, ..Settings::default() }).await
}

/// How credentials may be sent.
#[derive(Clone, Copy, Debug)]
enum Way {
    Basic,
    Urlencoded,
    Json,
    Multipart,
}

const WAYS: [Way; 4] = [Way::Basic, Way::Urlencoded, Way::Json, Way::Multipart];

fn request(way: Way, grant_type: &str, id: &str, secret: &str) -> Request<Body> {
    let fields = [("grant_type", grant_type), ("client_id", id), ("client_secret", secret)];
    let (content_type, body) = match way {
        Way::Basic => ("application/x-www-form-urlencoded", format!("grant_type={grant_type}")),
        Way::Urlencoded => {
            let pairs = fields.map(|(name, value)| format!("{name}={value}"));
            ("application/x-www-form-urlencoded", pairs.join("&"))
        }
        Way::Json => {
            let object = fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
            ("application/json", Value::Object(object).to_string())
        }
        Way::Multipart => {
            let part =
                |(name, value)| format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            ("multipart/form-data; boundary=part", fields.map(part).concat() + "--part--\r\n")
        }
    };
    let mut request = Request::builder().method(Method::POST).uri("/oauth/token").header("Content-Type", content_type);
    if let Way::Basic = way {
        request = request.header("Authorization", format!("Basic {}", BASE64.encode(format!("{id}:{secret}"))));
    }
    request.body(Body::from(body)).unwrap()
}

/// The answer without what names it alone.
fn without_reference(answer: Answer) -> (u16, Vec<(String, String)>, Value) {
    let mut body = answer.json();
    if let Some(reference) = body.get_mut("ref") {
        *reference = json!("…");
    }
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (answer.status, headers, body)
}

#[tokio::test]
async fn whatever_is_wrong_with_the_credentials_the_answer_is_the_same() {
    let app = unlimited().await;
    let (id, secret) = (app.customer.client_id.as_str(), app.customer.client_secret.as_str());
    let (revoked, revoked_secret) =
        app.client(app.customer.portal_id, app.customer.administrator_id, Scopes::all()).await;
    app.as_(&app.customer).delete(&format!("/client/{revoked}")).await.expect_nothing(204);
    let (wrong, longer) = ("0".repeat(40), secret.repeat(20));
    let guesses = [
        (id, wrong.as_str()),
        (id, app.sibling.client_secret.as_str()),
        (id, &secret[..39]),
        (id, longer.as_str()),
        (wrong.as_str(), secret),
        ("0", secret),
        ("not-an-id", "x"),
        (revoked.as_str(), revoked_secret.as_str()),
        (revoked.as_str(), wrong.as_str()),
    ];
    let (mut refused, mut given) = (0, 0);
    for way in WAYS {
        let mut answers = Vec::new();
        for (id, secret) in guesses {
            answers.push(without_reference(app.send(request(way, "client_credentials", id, secret)).await));
            refused += 1;
        }
        assert_eq!((answers[0].0, &answers[0].2["error"]), (400, &json!("invalid_client")), "{way:?}");
        answers.dedup();
        assert_eq!(answers.len(), 1, "{way:?}: {answers:#?}");
        // The control: the same way, with what is right.
        assert_eq!(app.send(request(way, "client_credentials", id, secret)).await.status, 200, "{way:?}");
        given += 1;
        for grant_type in [
            "password",
            "authorization_code",
            "implicit",
            "device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "CLIENT_CREDENTIALS",
        ] {
            let answer = app.send(request(way, grant_type, id, secret)).await;
            assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("unsupported_grant_type")));
            refused += 1;
        }
    }
    proof::held("S7", "requests for a token that get none", refused, format!("{given} with the right secret got one"));
}

#[tokio::test]
async fn a_token_is_refused_within_a_second_of_its_end_by_every_node() {
    let app = unlimited().await;
    let other = app.another_node(Settings::default());
    let ask = async |node: &Router, token: &str| {
        let request = app.with_token(token).request(Method::GET, "/webhooks", "");
        Answer::read(node.clone().oneshot(request).await.unwrap()).await.status
    };
    let (mut ended, mut served) = (0, 0);
    for by_client in [false, true] {
        let (id, secret) = app.client(app.customer.portal_id, app.customer.administrator_id, Scopes::all()).await;
        let token = app.token(&id, &secret, None).await;
        for node in [&app.router, &other] {
            assert_eq!(ask(node, &token).await, 200);
            served += 1;
        }
        if by_client {
            app.as_(&app.customer).delete(&format!("/client/{id}")).await.expect_nothing(204);
        } else {
            app.anybody().post("/oauth/revoke", json!({"token": token})).await.expect_nothing(204);
        }
        assert_eq!(ask(&app.router, &token).await, 401, "where it was ended, at once");
        app.clock.advance(SignedDuration::from_secs(1));
        for node in [&app.router, &other] {
            assert_eq!(ask(node, &token).await, 401);
            ended += 1;
        }
    }
    proof::held(
        "S7",
        "tokens that were ended, asked with at two nodes",
        ended,
        format!("{served} requests served before"),
    );
}

#[tokio::test]
async fn guessing_is_limited_unless_the_operator_says_otherwise() {
    let app = App::with(Settings::default()).await;
    let guess = async || {
        let asked =
            json!({"grant_type": "client_credentials", "client_id": app.customer.client_id, "client_secret": "x"});
        app.anybody().from("192.0.2.1").post("/oauth/token", asked).await.status
    };
    for _ in 0..FAILURES_PER_MIN.get() {
        assert_eq!(guess().await, 400);
    }
    assert_eq!(guess().await, 429);
}

/// Two kinds of requests, by how long each took, in nanoseconds.
struct Samples([Vec<f64>; 2]);

/// How the two differ.
#[derive(Debug)]
struct Difference {
    /// Of the medians, as a part of the first.
    of_medians: f64,
    welch_t: f64,
}

/// What may be told apart, by either measure.
const MEDIANS_MAX: f64 = 0.05;
const WELCH_T_MAX: f64 = 4.5;
/// How often two that cannot be told apart may look as if they could.
const ROUNDS_MAX: usize = 3;
/// Which part of the samples is looked at: the slowest were interrupted.
const KEPT: f64 = 0.9;

impl Samples {
    /// Asks in turns, first with the one and then with the other, and the next time the other way round.
    async fn take(app: &App, count: usize, requests: [&dyn Fn() -> Request<Body>; 2], delay: Duration) -> Samples {
        let mut samples = Samples([Vec::with_capacity(count), Vec::with_capacity(count)]);
        for turn in 0..2 * count {
            let kind = (turn + turn / 2) % 2;
            let request = requests[kind]();
            let router = app.router.clone();
            let started = Instant::now();
            let answer = Answer::read(router.oneshot(request).await.unwrap()).await;
            if kind == 1 {
                spin(delay);
            }
            let took = started.elapsed();
            assert_eq!(answer.status, 400);
            samples.0[kind].push(took.as_nanos() as f64);
        }
        samples
    }

    fn difference(&self) -> Difference {
        let mut all: Vec<f64> = self.0.concat();
        all.sort_by(f64::total_cmp);
        let longest = all[(all.len() as f64 * KEPT) as usize];
        let [one, other] = [0, 1].map(|kind| {
            let mut kept: Vec<f64> = self.0[kind].iter().copied().filter(|took| *took <= longest).collect();
            kept.sort_by(f64::total_cmp);
            let count = kept.len() as f64;
            let mean = kept.iter().sum::<f64>() / count;
            let variance = kept.iter().map(|took| (took - mean).powi(2)).sum::<f64>() / (count - 1.0);
            (self.median(kind), mean, variance / count)
        });
        Difference {
            of_medians: (one.0 - other.0).abs() / one.0,
            welch_t: (one.1 - other.1).abs() / (one.2 + other.2).sqrt(),
        }
    }

    fn median(&self, kind: usize) -> f64 {
        let mut sorted = self.0[kind].clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

impl Difference {
    fn is_seen(&self) -> bool {
        self.of_medians > MEDIANS_MAX || self.welch_t >= WELCH_T_MAX
    }
}

fn spin(delay: Duration) {
    let started = Instant::now();
    while started.elapsed() < delay {
        std::hint::spin_loop();
    }
}

#[tokio::test]
#[ignore = "cargo xtask prove"]
async fn an_unknown_client_takes_as_long_as_a_wrong_secret() {
    let app = unlimited().await;
    let count = proof::size(2_000, 10_000);
    let wrong = "0".repeat(40);
    let known = || request(Way::Urlencoded, "client_credentials", &app.customer.client_id, &wrong);
    let (rest, last) = app.customer.client_id.split_at(39);
    let near = format!("{rest}{}", if last == "7" { "8" } else { "7" });
    let unknown = || request(Way::Urlencoded, "client_credentials", &near, &wrong);
    Samples::take(&app, 200, [&known, &unknown], Duration::ZERO).await;
    // What can be told apart is told apart every time; what another program does meanwhile is not.
    let mut rounds = Vec::new();
    let median = loop {
        let samples = Samples::take(&app, count, [&known, &unknown], Duration::ZERO).await;
        rounds.push(samples.difference());
        if !rounds[rounds.len() - 1].is_seen() {
            break samples.median(0);
        }
        assert!(rounds.len() < ROUNDS_MAX, "{rounds:?}");
    };
    // The control: a little longer, and it is seen.
    let delay = Duration::from_nanos((median * MEDIANS_MAX) as u64);
    let delayed = Samples::take(&app, count, [&known, &known], delay).await.difference();
    assert!(delayed.is_seen(), "{delay:?} longer are not seen: {delayed:?}");
    let Difference { of_medians, welch_t } = rounds[rounds.len() - 1];
    let progress = format!(
        "median {:.1} us, apart {:.2} %, t {welch_t:.1}; {delay:.1?} longer would be seen, t {:.0}; {:.0} tokens/s/core as tests are built",
        median / 1_000.0,
        of_medians * 100.0,
        delayed.welch_t,
        tokens_per_core_second(&app, count).await
    );
    proof::held("S7", "wrong secrets and unknown clients, timed in turns", 2 * count as u64, progress);
}

/// How many tokens are given for each second of a processor's time.
async fn tokens_per_core_second(app: &App, count: usize) -> f64 {
    const AT_ONCE: usize = 64;
    let (id, secret) = (&app.customer.client_id, &app.customer.client_secret);
    let spent = processor_seconds();
    let mut given = 0;
    while given < count {
        let requests = (0..AT_ONCE).map(|_| app.send(request(Way::Urlencoded, "client_credentials", id, secret)));
        for answer in join_all(requests).await {
            assert_eq!(answer.status, 200);
        }
        given += AT_ONCE;
    }
    given as f64 / (processor_seconds() - spent)
}

/// What this process has spent so far, in hundredths of a second as the system counts them.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let [user, system] = [11, 12].map(|at| fields[at].parse::<f64>().unwrap());
    (user + system) / 100.0
}
