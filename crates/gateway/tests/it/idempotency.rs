//! `Idempotency-Key`: the same key, the same answer, and nothing twice.

use std::collections::BTreeSet;

use axum::http::Method;
use contract::api::learning_object::LearningObject;
use contract::api::page::Page;
use contract::api::webhook::Webhook;
use futures_util::future::join_all;
use gateway::gateway::Settings;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlite::rusqlite::Connection;
use tower::ServiceExt;

use crate::answer::Answer;
use crate::app::{App, Caller, Tenant, enrollment};
use crate::authorization;

const SECRET: &str = "MyS3cretK#y";

fn webhook() -> Value {
    json!({"url": "https://receiver.example.com/go1", "event_types": ["enrollment.complete"], "secret_key": SECRET})
}

/// The customer, whose requests have this key.
fn keyed<'a>(app: &'a App, key: &str) -> Caller<'a> {
    keyed_as(app, &app.customer, key)
}

fn keyed_as<'a>(app: &'a App, tenant: &Tenant, key: &str) -> Caller<'a> {
    app.as_(tenant).header("Idempotency-Key", key)
}

async fn webhooks(app: &App) -> usize {
    app.as_(&app.customer).get("/webhooks").await.expect::<Page<Webhook>>(200).hits.len()
}

/// The other answer is the first one again.
#[track_caller]
fn check_again(first: &Answer, other: &Answer) {
    assert_eq!((other.status, &other.text), (first.status, &first.text));
    assert_eq!(other.header("content-type"), first.header("content-type"));
    assert_eq!(first.header("idempotent-replayed"), None, "{first:?}");
    assert_eq!(other.header("idempotent-replayed"), Some("true"), "{other:?}");
}

#[track_caller]
fn check_refused(answer: Answer, status: u16, error_code: &str) {
    let refusal = answer.expect_refusal(status, "Idempotency-Key");
    assert_eq!(refusal["error_code"], error_code);
}

/// The database as another process sees it.
fn file(app: &App) -> Connection {
    Connection::open(app.folder.path().join("schoolbell.db")).unwrap()
}

/// From now on the writer meets an error at this statement, until the trigger is dropped.
fn break_at(file: &Connection, at: &str) {
    file.execute_batch(&format!("CREATE TRIGGER broken BEFORE {at} BEGIN SELECT RAISE(ABORT, 'broken'); END")).unwrap();
}

fn mend(file: &Connection) {
    file.execute_batch("DROP TRIGGER broken").unwrap();
}

#[tokio::test]
async fn a_request_that_comes_again_is_answered_as_the_first() {
    let app = App::new().await;
    let first = keyed(&app, "k").post("/webhooks", webhook()).await;
    assert_eq!(first.status, 201);
    app.clock.advance(SignedDuration::from_hours(1));
    for _ in 0..3 {
        check_again(&first, &keyed(&app, "k").post("/webhooks", webhook()).await);
    }
    assert_eq!(webhooks(&app).await, 1);
    let other = keyed(&app, "K").post("/webhooks", webhook()).await;
    assert_eq!((other.status, other.header("idempotent-replayed")), (201, None));
    assert_eq!(webhooks(&app).await, 2);
}

#[tokio::test]
async fn every_post_with_a_token_takes_a_key() {
    let app = App::new().await;
    let mut requests = authorization::requests(&app).await;
    let description = serde_json::to_value(gateway::router::openapi()).unwrap();
    let mut tried = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let offers = parameters.filter(|parameter| parameter["name"] == "Idempotency-Key").count();
            let takes = method == "post" && operation["security"].is_array();
            assert_eq!(offers, usize::from(takes), "{method} {path}");
            if !takes {
                continue;
            }
            let name = format!("{} {path}", method.to_uppercase());
            let request = requests.remove(name.as_str()).unwrap_or_else(|| panic!("no request for {name}"));
            let body = if request.body.is_null() { String::new() } else { request.body.to_string() };
            let body = body.replace("\"[new]\"", &format!("\"new{tried}@example.com\""));
            let ask = async || {
                keyed(&app, &name.replace(' ', "")).send(request.method.clone(), &request.path, body.clone()).await
            };
            check_again(&ask().await, &ask().await);
            tried += 1;
        }
    }
    assert!(tried >= 10, "{tried}");
}

#[tokio::test]
async fn a_key_is_one_clients_and_for_one_request() {
    let app = App::new().await;
    let first = keyed(&app, "k").post("/webhooks", webhook()).await;
    let mut other = webhook();
    other["name"] = json!("another");
    check_refused(keyed(&app, "k").post("/webhooks", other).await, 422, "idempotency_key_reused");
    check_refused(keyed(&app, "k").post("/webhooks?a=b", webhook()).await, 422, "idempotency_key_reused");
    let content = json!({"core": {"title": "x"}});
    check_refused(keyed(&app, "k").post("/learning-objects", content).await, 422, "idempotency_key_reused");
    for version in [None, Some("1999-01-01")] {
        let asked = keyed(&app, "k").version(version).post("/webhooks", webhook()).await;
        check_refused(asked, 422, "idempotency_key_reused");
    }
    check_again(&first, &keyed(&app, "k").post("/webhooks", webhook()).await);
    assert_eq!(webhooks(&app).await, 1);
    let stranger = keyed_as(&app, &app.stranger, "k").post("/webhooks", webhook()).await;
    assert_eq!((stranger.status, stranger.header("idempotent-replayed")), (201, None));
}

#[tokio::test]
async fn a_key_in_another_portal_is_another_request() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let portal = json!({"name": "x", "domain": "new.example.com", "country": "AU", "industry": "x"});
    let portal: Value = partner.post("/portals", portal).await.expect(201);
    keyed_as(&app, &app.partner, "k").post("/webhooks", webhook()).await.expect::<Value>(201);
    // A token of the same client.
    let token = portal["user_account"]["oauth_token"]["access_token"].as_str().unwrap();
    let there = app.with_token(token).header("Idempotency-Key", "k");
    check_refused(there.post("/webhooks", webhook()).await, 422, "idempotency_key_reused");
}

#[tokio::test]
async fn an_answer_is_not_for_whoever_may_not_ask() {
    let app = App::new().await;
    keyed(&app, "k").post("/webhooks", webhook()).await.expect::<Value>(201);
    let Tenant { client_id, client_secret, .. } = &app.customer;
    let reader = app.token(client_id, client_secret, Some("webhook.read")).await;
    let reader = app.with_token(&reader).header("Idempotency-Key", "k");
    reader.post("/webhooks", webhook()).await.expect_refusal(401, "Missing scopes");
    let nobody = app.anybody().header("Idempotency-Key", "k");
    nobody.post("/webhooks", webhook()).await.expect_refusal(401, "Invalid credentials.");
}

#[tokio::test]
async fn what_is_no_key_is_refused_by_the_name_of_the_header() {
    let app = App::new().await;
    for bad in ["", "two words", &"k".repeat(256)] {
        keyed(&app, bad).post("/webhooks", webhook()).await.expect_field("Idempotency-Key", "1 to 255 visible ASCII");
    }
    let two = keyed(&app, "a").header("Idempotency-Key", "b");
    two.post("/webhooks", webhook()).await.expect_field("Idempotency-Key", "one text");
    assert_eq!(webhooks(&app).await, 0);
    keyed(&app, &"k".repeat(255)).post("/webhooks", webhook()).await.expect::<Value>(201);
}

#[tokio::test]
async fn other_methods_and_the_token_endpoint_take_no_key() {
    let app = App::new().await;
    for _ in 0..2 {
        let listed = keyed(&app, "not a key").get("/webhooks").await;
        assert_eq!((listed.status, listed.header("idempotent-replayed")), (200, None));
    }
    let Tenant { client_id, client_secret, .. } = &app.customer;
    let credentials =
        json!({"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret});
    let token = async || app.anybody().header("Idempotency-Key", "k").post("/oauth/token", credentials.clone()).await;
    let (first, second) = (token().await, token().await);
    assert_eq!(first.header("accept-idempotency-key"), Some("86400"));
    assert_ne!(first.text, second.text);
}

#[tokio::test]
async fn what_was_not_decided_may_be_sent_again() {
    let app = App::with(Settings { body_bytes_max: 500, ..Settings::default() }).await;
    // Wrong in itself: corrected under the same key.
    keyed(&app, "k").post("/webhooks", json!({})).await.expect_field("url", "required");
    keyed(&app, "k").post("/webhooks", json!({"name": "x".repeat(500)})).await.expect_refusal(413, "500 bytes");
    keyed(&app, "k").version(None).post("/webhooks", webhook()).await.expect_refusal(400, "Api-Version");
    // Trouble here.
    let file = file(&app);
    break_at(&file, "INSERT ON webhooks");
    keyed(&app, "k").post("/webhooks", webhook()).await.expect_refusal(500, "something is wrong");
    mend(&file);
    assert_eq!(webhooks(&app).await, 0);
    let first = keyed(&app, "k").post("/webhooks", webhook()).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
    check_again(&first, &keyed(&app, "k").post("/webhooks", webhook()).await);
    assert_eq!(webhooks(&app).await, 1);
}

#[tokio::test]
async fn what_was_decided_stays_decided() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let (learner, content) = (customer.learner("grace@example.com").await, customer.content("Fire safety").await);
    let enrolled = customer.enroll(&learner, &content).await;
    let ask = async || keyed(&app, "k").post("/enrollments", enrollment(&learner, &content)).await;
    let refused = ask().await;
    assert_eq!(refused.json()["error_code"], "enrollment_exists");
    // It could be carried out now, but it was answered.
    customer.delete(&format!("/enrollments/{}", enrolled.id)).await.expect_nothing(204);
    let again = ask().await;
    assert_eq!(again.json()["ref"], refused.json()["ref"]);
    check_again(&refused, &again);

    let replay = json!({"webhook_id": "xUjKifleke4u", "since": "2020-01-01T00:00:00Z"});
    let ask = async || keyed(&app, "none").post("/replays", replay.clone()).await;
    let none = ask().await;
    assert_eq!(none.status, 404);
    check_again(&none, &ask().await);

    let items = json!({"lo": [content.lo_id]});
    let ask = async || keyed(&app, "empty").post("/v2/collections/default/items/add", items.clone()).await;
    let nothing = ask().await;
    assert_eq!((nothing.status, nothing.text.as_str(), nothing.header("content-type")), (204, "", None));
    check_again(&nothing, &ask().await);
}

#[tokio::test]
async fn answers_outlive_the_process_and_end_with_their_day() {
    let app = App::new().await;
    let first = keyed(&app, "k").post("/webhooks", webhook()).await;
    let ask = async |router: axum::Router, token: &str| {
        let caller = app.with_token(token).header("Idempotency-Key", "k");
        let request = caller.request(Method::POST, "/webhooks", webhook().to_string());
        Answer::read(router.oneshot(request).await.unwrap()).await
    };
    let restarted = app.another_node(Settings::default());
    check_again(&first, &ask(restarted.clone(), &app.customer.token).await);

    app.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    let Tenant { client_id, client_secret, .. } = &app.customer;
    let token = app.token(client_id, client_secret, None).await;
    check_again(&first, &ask(restarted.clone(), &token).await);
    app.clock.advance(SignedDuration::from_secs(1));
    let anew = ask(restarted.clone(), &token).await;
    assert_eq!((anew.status, anew.header("idempotent-replayed")), (201, None));
    check_again(&anew, &ask(restarted, &token).await);
    assert_eq!(app.with_token(&token).get("/webhooks").await.expect::<Page<Webhook>>(200).total, 2);
}

/// Sends the request under each key to all of the routers at once, `times` times each; checks that each key was carried out once.
async fn check_once(app: &App, routers: &[axum::Router], keys: usize, times: usize) {
    let ask = |router: &axum::Router, key: usize| {
        let request = keyed(app, &key.to_string()).request(Method::POST, "/webhooks", webhook().to_string());
        let router = router.clone();
        tokio::spawn(async move { Answer::read(router.oneshot(request).await.unwrap()).await })
    };
    for key in 0..keys {
        let asked = (0..times).flat_map(|_| routers.iter().map(|router| ask(router, key)));
        let answers: Vec<Answer> = join_all(asked.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
        let (made, others): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|answer| answer.status == 201 && answer.header("idempotent-replayed").is_none());
        assert_eq!(made.len(), 1, "{others:?}");
        for other in others {
            match other.status {
                201 => check_again(&made[0], &other),
                _ => {
                    let refusal = other.json();
                    assert_eq!(refusal["error_code"], "idempotency_key_in_use");
                    assert_eq!((other.status, other.header("retry-after")), (409, Some("1")), "{other:?}");
                }
            }
        }
    }
    assert_eq!(webhooks(app).await, keys);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_carried_out() {
    let app = App::new().await;
    check_once(&app, std::slice::from_ref(&app.router), 20, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_to_two_nodes_one_is_carried_out() {
    let app = App::new().await;
    let nodes = [app.router.clone(), app.another_node(Settings::default())];
    check_once(&app, &nodes, 20, 4).await;
}

#[tokio::test]
async fn a_client_that_goes_away_finds_its_answer_later() {
    let app = App::new().await;
    let file = file(&app);
    // While somebody else writes, the handler waits.
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    let request = keyed(&app, "k").request(Method::POST, "/webhooks", webhook().to_string());
    let mut asked = Box::pin(app.router.clone().oneshot(request));
    assert!(futures_util::poll!(&mut asked).is_pending());
    drop(asked);
    let second = keyed(&app, "k").post("/webhooks", webhook()).await;
    assert_eq!(second.header("retry-after"), Some("1"));
    check_refused(second, 409, "idempotency_key_in_use");
    let mut other = webhook();
    other["name"] = json!("another");
    check_refused(keyed(&app, "k").post("/webhooks", other).await, 422, "idempotency_key_reused");
    file.execute_batch("ROLLBACK").unwrap();

    let answer = loop {
        let answer = keyed(&app, "k").post("/webhooks", webhook()).await;
        match answer.status {
            409 => tokio::task::yield_now().await,
            _ => break answer,
        }
    };
    assert_eq!((answer.status, answer.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(webhooks(&app).await, 1);
}

#[tokio::test]
async fn what_was_cut_off_is_never_carried_out_again() {
    let app = App::new().await;
    let file = file(&app);
    // The work is stored and its answer is not, as if the process had been killed in between.
    break_at(&file, "UPDATE OF status ON idempotency_keys WHEN NEW.status IS NOT NULL");
    let portal = json!({"name": "x", "domain": "new.example.com", "country": "AU", "industry": "x"});
    let ask = async || keyed_as(&app, &app.partner, "k").post("/portals", portal.clone()).await;
    assert_eq!(ask().await.status, 201, "what is true is said all the same");
    mend(&file);
    for _ in 0..3 {
        check_refused(ask().await, 409, "idempotency_outcome_unknown");
    }
    let portals: Page<Value> = app.as_(&app.partner).get("/portals?keyword=new.example.com").await.expect(200);
    assert_eq!(portals.total, 1);
}

#[tokio::test]
async fn an_answer_that_was_foretold_is_stored_with_the_work() {
    let app = App::new().await;
    let file = file(&app);
    // No later verb could keep it.
    break_at(&file, "UPDATE OF status ON idempotency_keys");
    let customer = app.as_(&app.customer);
    let (learner, content) = (customer.learner("grace@example.com").await, customer.content("Fire safety").await);
    let made: Webhook = customer.post("/webhooks", webhook()).await.expect(201);
    for (path, body) in [
        ("/webhooks", webhook()),
        ("/client", json!({"client_name": "spare"})),
        ("/user-accounts", json!({"email": "alan@example.com"})),
        ("/v2/users", json!({"email": "ada@example.com"})),
        ("/learning-objects", json!({"core": {"title": "x"}})),
        ("/enrollments", enrollment(&learner, &content)),
        ("/replays", json!({"webhook_id": made.id, "since": "2020-01-01T00:00:00Z"})),
    ] {
        let ask = async || keyed(&app, path).post(path, body.clone()).await;
        let first = ask().await;
        assert_eq!(first.status, 201, "{path}: {first:?}");
        check_again(&first, &ask().await);
    }
}

#[tokio::test]
async fn what_was_carried_out_in_part_is_never_carried_out_again() {
    let app = App::new().await;
    let file = file(&app);
    break_at(&file, "INSERT ON tokens");
    let portal = json!({"name": "x", "domain": "new.example.com", "country": "AU", "industry": "x"});
    let ask = async || keyed_as(&app, &app.partner, "k").post("/portals", portal.clone()).await;
    ask().await.expect_refusal(500, "something is wrong");
    mend(&file);
    check_refused(ask().await, 409, "idempotency_outcome_unknown");
    let portals: Page<Value> = app.as_(&app.partner).get("/portals?keyword=new.example.com").await.expect(200);
    assert_eq!(portals.total, 1);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_kept_and_the_work_is_done_once() {
    let app = App::new().await;
    let ask = async |key: &str, length: usize| {
        let content = json!({"core": {"title": "x", "description": "y".repeat(length)}});
        keyed(&app, key).post("/learning-objects", content).await
    };
    let long = ask("long", 65_536).await;
    assert_eq!(long.status, 201);
    check_refused(ask("long", 65_536).await, 409, "idempotency_answer_not_kept");
    // The longest that is kept.
    let length = 65_536 - (long.text.len() - 65_536);
    let kept = ask("kept", length).await;
    assert_eq!(kept.text.len(), 65_536);
    check_again(&kept, &ask("kept", length).await);
    let listed: Page<LearningObject> = app.as_(&app.customer).get("/learning-objects").await.expect(200);
    assert_eq!(listed.total, 2);
}

#[tokio::test]
async fn neither_keys_nor_secrets_are_in_the_file() {
    let app = App::new().await;
    let key = "8e03978e-40d5-43e8-bc93-6894a57f9324";
    keyed(&app, key).post("/webhooks", webhook()).await.expect::<Value>(201);
    let client: Value = keyed(&app, "client").post("/client", json!({"client_name": "spare"})).await.expect(201);
    let client_secret = client["client_secret"].as_str().unwrap();
    let again: Value = keyed(&app, "client").post("/client", json!({"client_name": "spare"})).await.expect(201);
    assert_eq!(again, client);
    // The store is still open, so the WAL is among the files.
    let contents: Vec<u8> = std::fs::read_dir(app.folder.path())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let holds = |text: &str| contents.windows(text.len()).any(|window| window == text.as_bytes());
    for secret in [key, SECRET, client_secret] {
        assert!(!holds(secret), "{secret}");
    }
    assert!(holds("receiver.example.com"), "the control: what is not sealed is found");
    let kept: i64 = file(&app)
        .query_row("SELECT count(*) FROM idempotency_keys WHERE content IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 2, "the control: there are answers in it");
}

#[tokio::test]
async fn what_becomes_of_keys_is_counted() {
    let app = App::new().await;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _metrics = metrics::set_default_local_recorder(&recorder);
    keyed(&app, "k").post("/webhooks", webhook()).await.expect::<Value>(201);
    keyed(&app, "k").post("/webhooks", webhook()).await.expect::<Value>(201);
    keyed(&app, "k").post("/webhooks", json!({})).await.expect_refusal(422, "another request");
    let metrics = recorder.handle().render();
    let became: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.strip_prefix("idempotent_requests_total{became=")).collect();
    assert_eq!(became, BTreeSet::from([r#""carried_out"} 1"#, r#""replayed"} 1"#, r#""reused"} 1"#]));
}
