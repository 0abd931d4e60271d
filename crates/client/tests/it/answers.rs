//! Answers as a platform should not give them.

use std::time::Duration;

use client::platform::Platform;
use client::platform::error::Error;
use client::platform::retry::ANSWER_BYTES_MAX;

use crate::server::{Answer, Server, json, token};

async fn answered(answer: Answer) -> Error {
    let server = Server::start([token("one"), answer]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    server.check_asked(&["POST /oauth/token", "GET /webhooks"]);
    error
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let error = answered(Answer::With(302, "location: /elsewhere", String::new())).await;
    assert_eq!(error.to_string(), "GET /webhooks answered 302: the answer says no more");
    assert!(matches!(error, Error::Unexpected(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_of_another_type_is_told_without_its_text() {
    let error = answered(json(200, r#"{"total":"someone@example.com","hits":[]}"#)).await;
    assert_eq!(error.to_string(), "GET /webhooks: the answer cannot be read (line 1, column 30)");
    answered(json(200, "")).await;
    answered(json(200, "<html>")).await;
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit() {
    let page = r#"{"total":0,"hits":[]}"#;
    let spaces = " ".repeat(ANSWER_BYTES_MAX - page.len());
    let server = Server::start([token("one"), json(200, &format!("{page}{spaces}"))]).await;
    server.platform().webhooks().await.unwrap();

    let error = answered(json(200, &format!("{page}{spaces} "))).await;
    assert!(matches!(error, Error::TooLong { bytes_max: ANSWER_BYTES_MAX, .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up() {
    // Connections are taken by the machine; nobody ever answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let retry = client::platform::retry::RetryPolicy { attempts_max: 1, ..Default::default() };
    let config = client::platform::config::Config::new(&url, "id", "secret").unwrap();
    let platform = Platform::new(config.with_retry(retry).with_timeout(Duration::from_millis(20))).unwrap();
    let error = platform.webhooks().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}
