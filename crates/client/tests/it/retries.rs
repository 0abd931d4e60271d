//! Patience: what is asked again, and when it ends. The delays are unit-tested beside their function.

use client::platform::config::Config;
use client::platform::error::Error;
use client::platform::{Platform, retry::RetryPolicy};
use contract::api::webhook::{CreateWebhook, UpdateWebhook};

use crate::server::{Answer, Server, json, token};

const PAGE: &str = r#"{"total":0,"hits":[]}"#;

fn busy() -> Answer {
    Answer::With(503, "retry-after: 0", r#"{"message":"busy"}"#.to_owned())
}

fn broken() -> Answer {
    json(500, r#"{"message":"broken"}"#)
}

#[tokio::test]
async fn a_busy_platform_is_asked_again() {
    let server = Server::start([token("one"), busy(), Answer::Hangup, json(200, PAGE)]).await;
    server.platform().webhooks().await.unwrap();
    server.check_asked(&["POST /oauth/token", "GET /webhooks", "GET /webhooks", "GET /webhooks"]);
}

#[tokio::test]
async fn retry_after_sets_the_delay() {
    // With the default policy the delay without the header would be an eighth of a second or more; the policy here
    // would wait for an hour.
    let server = Server::start([token("one"), busy(), json(200, PAGE)]).await;
    let hour = std::time::Duration::from_secs(3600);
    let patient = RetryPolicy { attempts_max: 2, delay_first: hour, delay_max: hour, retry_after_max: hour };
    let platform = Platform::new(server.config().with_retry(patient)).unwrap();
    platform.webhooks().await.unwrap();
    server.check_asked(&["POST /oauth/token", "GET /webhooks", "GET /webhooks"]);
}

#[tokio::test]
async fn patience_ends() {
    let server = Server::start([token("one"), busy(), broken(), broken()]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    assert_eq!(error.to_string(), "GET /webhooks answered 500: broken");
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    server.check_asked(&["POST /oauth/token", "GET /webhooks", "GET /webhooks", "GET /webhooks"]);

    let many = || Answer::With(429, "retry-after: 7", r#"{"message":"slower"}"#.to_owned());
    let server = Server::start([token("one"), many(), many(), many()]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    let Error::RateLimited(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.retry_after, Some(std::time::Duration::from_secs(7)));

    let server = Server::start([token("one"), Answer::Hangup, Answer::Hangup, Answer::Hangup]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    assert_eq!(error.to_string(), "GET /webhooks: no answer");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_change_is_repeated_and_a_creation_only_when_nothing_was_done() {
    let not_found = || json(404, r#"{"message":"none"}"#);
    let server = Server::start([token("one"), broken(), Answer::Hangup, not_found()]).await;
    let error = server.platform().update_webhook("a", &UpdateWebhook::default()).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    server.check_asked(&["POST /oauth/token", "PATCH /webhooks/a", "PATCH /webhooks/a", "PATCH /webhooks/a"]);

    let server = Server::start([token("one"), busy(), broken()]).await;
    let error = server.platform().create_webhook(&CreateWebhook::default()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    server.check_asked(&["POST /oauth/token", "POST /webhooks", "POST /webhooks"]);

    let server = Server::start([token("one"), Answer::Hangup]).await;
    let error = server.platform().create_webhook(&CreateWebhook::default()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    server.check_asked(&["POST /oauth/token", "POST /webhooks"]);
}

/// A token of a platform that honours keys.
fn keyed_token() -> Answer {
    let body = r#"{"token_type":"Bearer","expires_in":43200,"access_token":"one"}"#;
    Answer::With(200, "content-type: application/json\r\naccept-idempotency-key: 86400", body.to_owned())
}

const WEBHOOK: &str = r#"{"id":"xUjKifleke4u","portal_id":"1","url":"https://a.example","event_types":[],"status":"active","created_by":"1",
    "updated_by":"1","created_time":"2022-03-29T01:29:36.000Z","updated_time":"2022-03-29T01:29:36.000Z"}"#;

/// The keys of the requests that have one.
fn keys(server: &Server) -> Vec<String> {
    let key =
        |headers: String| headers.lines().find_map(|line| Some(line.strip_prefix("idempotency-key: ")?.to_owned()));
    server.asked().into_iter().filter_map(|asked| key(asked.headers)).collect()
}

#[tokio::test]
async fn a_creation_is_repeated_with_its_key_where_keys_are_honoured() {
    let in_use = || json(409, r#"{"error_code":"idempotency_key_in_use","message":"wait"}"#);
    let server = Server::start([keyed_token(), Answer::Hangup, in_use(), json(201, WEBHOOK), json(201, WEBHOOK)]).await;
    let platform = server.platform();
    platform.create_webhook(&CreateWebhook::default()).await.unwrap();
    platform.create_webhook(&CreateWebhook::default()).await.unwrap();
    let keys = keys(&server);
    let [first, again, once_more, other] = keys.as_slice() else { panic!("{keys:?}") };
    assert!(first == again && again == once_more && first != other, "{keys:?}");
    assert_eq!(first.len(), 32);

    // Another conflict is the answer.
    let server = Server::start([keyed_token(), broken(), json(409, r#"{"message":"enrolled already"}"#)]).await;
    let error = server.platform().create_webhook(&CreateWebhook::default()).await.unwrap_err();
    assert!(matches!(error, Error::Conflict(_)), "{error:?}");
}

#[tokio::test]
async fn a_key_is_no_reason_to_repeat_where_nobody_said_that_it_is_honoured() {
    let server = Server::start([token("one"), broken()]).await;
    server.platform().create_webhook(&CreateWebhook::default()).await.unwrap_err();
    assert_eq!(keys(&server).len(), 1);

    // Another server than the one that said so.
    let auth = Server::start([keyed_token()]).await;
    let gateway = Server::start([Answer::Hangup]).await;
    let platform = Platform::new(auth.config().with_gateway_url(&gateway.url).unwrap()).unwrap();
    platform.create_webhook(&CreateWebhook::default()).await.unwrap_err();
    gateway.check_asked(&["POST /webhooks"]);
    assert_eq!(keys(&auth), Vec::<String>::new());
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    // The port was free a moment ago and is closed again.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let retry = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
    let platform = Platform::new(Config::new(&url, "id", "secret").unwrap().with_retry(retry)).unwrap();
    let error = platform.webhooks().await.unwrap_err();
    assert_eq!(error.to_string(), "POST /oauth/token: no answer");
    assert!(matches!(error, Error::Unreachable { .. }));
}
