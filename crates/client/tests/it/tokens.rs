//! The token: how it is asked for, shared, renewed and given up.

use client::platform::error::Error;

use crate::server::{Server, json, token};

const PAGE: &str = r#"{"total":0,"hits":[]}"#;

#[tokio::test]
async fn a_token_is_asked_for_once_by_all_clones() {
    let server = Server::start([token("one"), json(200, PAGE), json(200, PAGE), json(200, PAGE)]).await;
    let platform = server.platform();
    let other = platform.clone();
    let (first, second) = tokio::join!(platform.webhooks(), other.webhooks());
    first.and(second).unwrap();
    other.webhooks().await.unwrap();
    server.check_asked(&["POST /oauth/token", "GET /webhooks", "GET /webhooks", "GET /webhooks"]);

    let asked = server.asked();
    assert!(asked[0].headers.contains("content-type: application/x-www-form-urlencoded\n"));
    assert!(!asked[0].headers.contains("authorization"));
    assert_eq!(asked[0].body, "client_id=the-id&client_secret=the-secret%26more&grant_type=client_credentials");
    assert!(asked[1..].iter().all(|asked| asked.headers.contains("authorization: Bearer one\n")));
}

#[tokio::test]
async fn other_credentials_have_a_token_of_their_own() {
    let server = Server::start([token("one"), json(200, PAGE), token("two"), json(200, PAGE)]).await;
    let platform = server.platform();
    platform.webhooks().await.unwrap();
    platform.with_credentials("customer", "s").webhooks().await.unwrap();
    let asked = server.asked();
    assert!(asked[2].body.contains("client_id=customer&client_secret=s&"));
    assert!(asked[3].headers.contains("authorization: Bearer two\n"));
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let refused = || json(401, r#"{"message":"Invalid token"}"#);
    let server = Server::start([token("old"), refused(), token("new"), json(200, PAGE), json(200, PAGE)]).await;
    let platform = server.platform();
    platform.webhooks().await.unwrap();
    platform.webhooks().await.unwrap();
    let calls = ["POST /oauth/token", "GET /webhooks", "POST /oauth/token", "GET /webhooks", "GET /webhooks"];
    server.check_asked(&calls);
    assert!(server.asked()[3].headers.contains("authorization: Bearer new\n"));

    let server = Server::start([token("old"), refused(), token("new"), refused()]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    server.check_asked(&calls[..4]);
}

#[tokio::test]
async fn a_post_whose_token_is_refused_is_made_again() {
    // The platform refused it before it acted.
    let refused = json(401, r#"{"message":"Invalid token"}"#);
    let invalid = json(400, r#"{"message":"url is required"}"#);
    let server = Server::start([token("old"), refused, token("new"), invalid]).await;
    let error = server.platform().create_webhook(&Default::default()).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error:?}");
    server.check_asked(&["POST /oauth/token", "POST /webhooks", "POST /oauth/token", "POST /webhooks"]);
}

#[tokio::test]
async fn a_missing_scope_asks_for_no_new_token() {
    let server = Server::start([token("one"), json(401, r#"{"message":"Missing scopes"}"#)]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    assert!(matches!(error, Error::MissingScopes(_)), "{error:?}");
    server.check_asked(&["POST /oauth/token", "GET /webhooks"]);
}

#[tokio::test]
async fn a_token_that_has_ended_is_renewed_before_the_call() {
    let short = || json(200, r#"{"token_type":"Bearer","expires_in":0,"access_token":"short"}"#);
    let server = Server::start([short(), json(200, PAGE), short(), json(200, PAGE)]).await;
    let platform = server.platform();
    platform.webhooks().await.unwrap();
    platform.webhooks().await.unwrap();
    server.check_asked(&["POST /oauth/token", "GET /webhooks", "POST /oauth/token", "GET /webhooks"]);
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_an_error_of_their_own() {
    let refused = json(400, r#"{"error":"invalid_client","message":"Client authentication failed"}"#);
    let server = Server::start([refused]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the client id or secret is not accepted: POST /oauth/token answered 400: Client authentication failed"
    );
    let Error::Credentials(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.error.error_code, "invalid_client");
}

#[tokio::test]
async fn the_token_endpoint_is_asked_again_like_any_other() {
    let busy = json(503, r#"{"message":"busy"}"#);
    let broken = json(500, r#"{"message":"broken"}"#);
    let server = Server::start([busy, broken, token("one")]).await;
    assert_eq!(server.platform().access_token().await.unwrap(), "one");
    server.check_asked(&["POST /oauth/token"; 3]);
}

#[tokio::test]
async fn a_token_that_fits_into_no_header_is_refused() {
    let server = Server::start([token("a\\nb")]).await;
    let error = server.platform().webhooks().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
    assert!(!error.to_string().contains("a\nb"));
}
