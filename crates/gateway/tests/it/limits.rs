//! How often callers may ask.

use std::num::NonZeroU32;
use std::time::Duration;

use contract::api::oauth::TokenError;
use domain::oauth::Scopes;
use gateway::gateway::Settings;
use gateway::limit::LimitSettings;
use gateway::serve::{Limits, serve};
use jiff::SignedDuration;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::app::{App, Tenant};

fn count(count: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(count)
}

async fn limited(limits: LimitSettings) -> App {
    App::with(Settings { limits, ..Settings::default() }).await
}

/// Limit, remaining and seconds until all is there again, as the headers say.
fn standing(answer: &Answer) -> [Option<&str>; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name))
}

#[track_caller]
fn check_limited(answer: Answer, of: &str, retry_after: &str) {
    assert_eq!(answer.header("retry-after"), Some(retry_after), "{answer:?}");
    assert_eq!(answer.header("ratelimit-remaining"), Some("0"));
    let refusal = answer.expect_refusal(429, of);
    assert_eq!(refusal["error_code"], "rate_limited");
}

/// The same at the token endpoint, in the shape that OAuth clients read.
#[track_caller]
fn check_token_limited(answer: Answer, of: &str, retry_after: &str) {
    assert_eq!(answer.header("retry-after"), Some(retry_after), "{answer:?}");
    assert_eq!(answer.header("ratelimit-remaining"), Some("0"));
    let refusal: TokenError = answer.expect(429);
    assert_eq!((refusal.error.as_str(), &refusal.error_description), ("rate_limited", &refusal.message));
    assert!(refusal.message.contains(of), "{refusal:?}");
}

#[tokio::test]
async fn without_a_limit_nothing_is_said_of_one() {
    let app = App::new().await;
    for _ in 0..100 {
        let answer = app.as_(&app.customer).get("/webhooks").await;
        assert_eq!((answer.status, standing(&answer)), (200, [None; 3]));
    }
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_ask_again() {
    let app = limited(LimitSettings { client_per_s: count(2), ..LimitSettings::default() }).await;
    let customer = app.as_(&app.customer);
    for (remaining, reset) in [("3", "1"), ("2", "1"), ("1", "2"), ("0", "2")] {
        let answer = customer.get("/webhooks").await;
        assert_eq!((answer.status, standing(&answer)), (200, [Some("4"), Some(remaining), Some(reset)]));
    }
    check_limited(customer.get("/webhooks").await, "this OAuth client", "1");
    // Every operation counts, also one that fails.
    check_limited(customer.post("/webhooks", json!({})).await, "this OAuth client", "1");
    let (id, secret) = app.client(app.customer.portal_id, app.customer.administrator_id, Scopes::all()).await;
    let other = app.token(&id, &secret, None).await;
    assert_eq!(app.with_token(&other).get("/webhooks").await.status, 200);
    app.clock.advance(SignedDuration::from_millis(500));
    assert_eq!(customer.get("/no/such/route").await.status, 404);
    assert_eq!(customer.get("/webhooks").await.status, 200);
    check_limited(customer.get("/webhooks").await, "this OAuth client", "1");
}

#[tokio::test]
async fn a_portal_is_shared_by_its_clients() {
    let app = limited(LimitSettings { portal_per_s: count(1), ..LimitSettings::default() }).await;
    let (id, secret) = app.client(app.customer.portal_id, app.customer.administrator_id, Scopes::all()).await;
    let other = app.token(&id, &secret, None).await;
    assert_eq!(app.as_(&app.customer).get("/webhooks").await.status, 200);
    assert_eq!(app.with_token(&other).get("/webhooks").await.status, 200);
    check_limited(app.as_(&app.customer).get("/webhooks").await, "this portal", "1");
    check_limited(app.with_token(&other).get("/webhooks").await, "this portal", "1");
    assert_eq!(app.as_(&app.sibling).get("/webhooks").await.status, 200);
}

#[tokio::test]
async fn a_request_with_a_key_counts_once_and_a_refusal_is_not_kept() {
    let app = limited(LimitSettings { client_per_s: count(1), ..LimitSettings::default() }).await;
    let webhook = json!({"url": "https://receiver.example.com", "event_types": ["enrollment.complete"]});
    let ask =
        async |key| app.as_(&app.customer).header("Idempotency-Key", key).post("/webhooks", webhook.clone()).await;
    assert_eq!(standing(&ask("a").await), [Some("2"), Some("1"), Some("1")]);
    assert_eq!(ask("a").await.header("idempotent-replayed"), Some("true"));
    check_limited(ask("b").await, "this OAuth client", "1");
    app.clock.advance(SignedDuration::from_secs(1));
    let carried_out = ask("b").await;
    assert_eq!((carried_out.status, carried_out.header("idempotent-replayed")), (201, None));
}

/// Asks for a token with this secret.
async fn ask_token(app: &App, tenant: &Tenant, secret: &str, address: &str) -> Answer {
    let asked = json!({"grant_type": "client_credentials", "client_id": tenant.client_id, "client_secret": secret});
    app.anybody().from(address).post("/oauth/token", asked).await
}

#[tokio::test]
async fn guessing_secrets_is_slow_and_locks_nobody_out() {
    let app = limited(LimitSettings { failures_per_min: count(3), ..LimitSettings::default() }).await;
    let secret = &app.customer.client_secret;
    for _ in 0..100 {
        assert_eq!(ask_token(&app, &app.customer, secret, "192.0.2.1").await.status, 200, "successes are not counted");
    }
    for _ in 0..3 {
        let refused = ask_token(&app, &app.customer, "a guess", "192.0.2.1").await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_client")));
    }
    check_token_limited(ask_token(&app, &app.customer, "a guess", "192.0.2.1").await, "this address", "20");
    check_token_limited(ask_token(&app, &app.customer, secret, "192.0.2.1").await, "this address", "20");
    check_token_limited(
        ask_token(&app, &app.stranger, &app.stranger.client_secret, "192.0.2.1").await,
        "this address",
        "20",
    );
    // The client has had its failures too, but whoever has none is not made to pay for them, once.
    assert_eq!(ask_token(&app, &app.customer, secret, "192.0.2.2").await.status, 200);
    assert_eq!(ask_token(&app, &app.customer, "a guess", "192.0.2.2").await.status, 400);
    check_token_limited(ask_token(&app, &app.customer, secret, "192.0.2.2").await, "this OAuth client", "20");
    assert_eq!(ask_token(&app, &app.stranger, &app.stranger.client_secret, "192.0.2.2").await.status, 200);
    app.clock.advance(SignedDuration::from_secs(20));
    assert_eq!(ask_token(&app, &app.customer, secret, "192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn whether_a_client_exists_cannot_be_told_from_its_limit() {
    let app = limited(LimitSettings { failures_per_min: count(3), ..LimitSettings::default() }).await;
    let nobody = Tenant { client_id: "0".repeat(40), ..app.customer.clone() };
    for tenant in [&app.customer, &nobody] {
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            assert_eq!(ask_token(&app, tenant, "a guess", address).await.status, 400);
        }
        check_token_limited(ask_token(&app, tenant, "a guess", "192.0.2.1").await, "this OAuth client", "20");
    }
}

#[tokio::test]
async fn guessing_tokens_is_slow_and_good_ones_are_not_concerned() {
    let app = limited(LimitSettings { failures_per_min: count(2), ..LimitSettings::default() }).await;
    let guess = async |address| app.with_token("guess").from(address).get("/webhooks").await;
    for _ in 0..2 {
        guess("2001:db8::1").await.expect_refusal(401, "Invalid credentials.");
    }
    // Another address of the same site.
    check_limited(guess("2001:db8::2").await, "this address", "30");
    assert_eq!(app.as_(&app.customer).from("2001:db8::1").get("/webhooks").await.status, 200);
    app.anybody().from("2001:db8::1").get("/webhooks").await.expect_refusal(401, "Invalid credentials.");
    guess("2001:db8:0:1::1").await.expect_refusal(401, "Invalid credentials.");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_caller_counts() {
    let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let app = limited(LimitSettings { failures_per_min: count(1), trusted_proxies, ..LimitSettings::default() }).await;
    let guess = async |peer, forwarded| {
        app.with_token("guess").from(peer).header("X-Forwarded-For", forwarded).get("/webhooks").await.status
    };
    assert_eq!(guess("10.0.0.1", "198.51.100.7").await, 401);
    assert_eq!(guess("10.0.0.2", "1.1.1.1, 198.51.100.7").await, 429);
    assert_eq!(guess("10.0.0.1", "198.51.100.8").await, 401);
    // Who is no proxy cannot pretend to be somebody else.
    assert_eq!(guess("192.0.2.1", "198.51.100.9").await, 401);
    assert_eq!(guess("192.0.2.1", "198.51.100.10").await, 429);
}

#[tokio::test]
async fn the_address_is_that_of_the_connection() {
    let app = limited(LimitSettings { failures_per_min: count(2), ..LimitSettings::default() }).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve(listener, app.router.clone(), Limits::default(), shutdown.clone()));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "GET /v2/account HTTP/1.1\r\nHost: x\r\nAuthorization: guess\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        statuses.push(answer["HTTP/1.1 ".len()..][..3].to_owned());
    }
    assert_eq!(statuses, ["401", "401", "429"]);
    shutdown.cancel();
    server.await.unwrap();
}

#[tokio::test]
async fn what_is_refused_is_counted() {
    let limits = LimitSettings { client_per_s: count(1), failures_per_min: count(1), ..LimitSettings::default() };
    let app = limited(limits).await;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _metrics = metrics::set_default_local_recorder(&recorder);
    for _ in 0..5 {
        app.as_(&app.customer).get("/webhooks").await;
        app.with_token("guess").from("192.0.2.1").get("/webhooks").await;
    }
    let metrics = recorder.handle().render();
    for line in [r#"requests_limited_total{limit="client"} 3"#, r#"requests_limited_total{limit="address"} 4"#] {
        assert!(metrics.lines().any(|metric| metric == line), "{line} not in {metrics}");
    }
}
