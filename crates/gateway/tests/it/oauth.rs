//! Tokens: contract, sections 5.1 and 12.1 (decision 31).

use axum::body::Body;
use axum::http::Request;
use contract::api::oauth::{TokenInfo, TokenResponse};
use domain::oauth::{ACCESS_TOKEN_FOR, REFRESH_RACE_FOR, REFRESH_TOKEN_FOR};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::App;

async fn ask(app: &App, content_type: &str, authorization: Option<String>, body: String) -> Answer {
    let mut request = Request::builder().method("POST").uri("/oauth/token").header("Content-Type", content_type);
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    app.send(request.body(Body::from(body)).unwrap()).await
}

#[track_caller]
fn refused(answer: Answer, error: &str, message: &str) {
    let body: Value = answer.expect(400);
    assert_eq!(body["error"], error, "{body}");
    assert_eq!(body["message"], body["error_description"]);
    assert!(body["message"].as_str().unwrap().contains(message), "{body}");
}

#[tokio::test]
async fn a_token_is_had_in_every_encoding() {
    let app = App::new().await;
    let (id, secret) = (&app.customer.client_id, &app.customer.client_secret);
    let urlencoded = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let json = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret}).to_string();
    let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let multipart: String = fields
        .map(|(name, value)| format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .concat()
        + "--part--\r\n";
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", urlencoded.clone()),
        ("application/x-www-form-urlencoded; charset=utf-8", urlencoded.clone()),
        ("", urlencoded),
        ("application/json", json.clone()),
        ("Application/JSON; charset=utf-8", json.clone()),
        ("application/x-www-form-urlencoded", json),
        ("multipart/form-data; boundary=part", multipart),
    ] {
        let answer = ask(&app, content_type, None, body).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let token: TokenResponse = answer.expect(200);
        assert_eq!((token.token_type.as_str(), token.expires_in), ("Bearer", 43_200), "{content_type}");
        assert_eq!(token.refresh_token, None);
        assert_eq!(token.access_token.len(), 64);
        app.with_token(&token.access_token).get("/webhooks").await.expect::<Value>(200);
    }
}

#[tokio::test]
async fn a_client_may_authenticate_by_basic() {
    use base64::Engine;
    let app = App::new().await;
    let credentials = format!("{}:{}", app.customer.client_id, app.customer.client_secret);
    let header = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
    let form = "application/x-www-form-urlencoded";
    ask(&app, form, Some(header), "grant_type=client_credentials".into()).await.expect::<TokenResponse>(200);
}

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_get_the_same() {
    let app = App::new().await;
    let (id, secret) = (&app.customer.client_id, &app.customer.client_secret);
    let (revoked, revoked_secret) =
        app.client(app.customer.portal_id, app.customer.administrator_id, domain::oauth::Scopes::all()).await;
    app.as_(&app.customer).delete(&format!("/client/{revoked}")).await.expect_nothing(204);
    let wrong = "0".repeat(40);
    let mut answers = Vec::new();
    for (id, secret) in [(id, &wrong), (&wrong, secret), (&"?".to_owned(), secret), (&revoked, &revoked_secret)] {
        let asked = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
        let answer = app.anybody().post("/oauth/token", asked).await;
        answers.push((answer.status, answer.text.clone()));
        refused(answer, "invalid_client", "Client authentication failed");
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn what_is_missing_or_not_supported_is_said() {
    let app = App::new().await;
    let (id, secret) = (&app.customer.client_id, &app.customer.client_secret);
    let form = "application/x-www-form-urlencoded";
    for (body, error, message) in [
        (String::new(), "invalid_request", "grant_type"),
        ("grant_type=client_credentials".into(), "invalid_request", "client_id"),
        (format!("grant_type=client_credentials&client_id={id}"), "invalid_request", "client_secret"),
        ("grant_type=password&username=x".into(), "unsupported_grant_type", "password"),
        (format!("grant_type=refresh_token&client_id={id}&client_secret={secret}"), "invalid_request", "refresh_token"),
        ("{\"grant_type\": 1}".into(), "invalid_request", "grant_type"),
        ("{\"grant_type\"".into(), "invalid_request", "line 1 column"),
    ] {
        refused(ask(&app, form, None, body).await, error, message);
    }
    refused(ask(&app, "multipart/form-data", None, "x".into()).await, "invalid_request", "form");
    refused(ask(&app, "multipart/form-data; boundary=b", None, "--b\r\nx".into()).await, "invalid_request", "form");
    let long = format!("grant_type={}", "x".repeat(16 * 1024));
    ask(&app, form, None, long).await.expect_refusal(413, "16384 bytes");
}

#[tokio::test]
async fn a_scope_must_be_within_the_clients() {
    let app = App::new().await;
    let scopes = domain::oauth::Scopes::read("webhook.read enrollment.read").unwrap();
    let (id, secret) = app.client(app.customer.portal_id, app.customer.administrator_id, scopes).await;
    let ask = async |scope: &str| {
        let asked =
            json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret, "scope": scope});
        app.anybody().post("/oauth/token", asked).await
    };
    refused(ask("webhook.read webhook.write").await, "invalid_scope", "webhook.write");
    refused(ask("everything").await, "invalid_scope", "everything");
    let token: TokenResponse = ask("enrolment.read").await.expect(200);
    let info: TokenInfo = app.with_token(&token.access_token).get("/oauth/validate").await.expect(200);
    assert_eq!(info.scopes, ["enrollment.read"]);
    assert_eq!(info.client_id, id);
    assert_eq!(info.user_id, app.customer.administrator_id.to_string());
    let token: TokenResponse = ask("").await.expect(200);
    let info: TokenInfo = app.with_token(&token.access_token).get("/oauth/validate").await.expect(200);
    assert_eq!(info.scopes, ["enrollment.read", "webhook.read"]);
}

#[tokio::test]
async fn a_token_ends_after_twelve_hours() {
    let app = App::new().await;
    app.clock.advance(ACCESS_TOKEN_FOR - SignedDuration::from_millis(1));
    app.as_(&app.customer).get("/webhooks").await.expect::<Value>(200);
    app.clock.advance(SignedDuration::from_millis(1));
    app.as_(&app.customer).get("/webhooks").await.expect_refusal(401, "Invalid credentials.");
    app.as_(&app.customer).get("/oauth/validate").await.expect_refusal(403, "Invalid credentials.");
}

#[tokio::test]
async fn a_revoked_token_ends_at_once() {
    let app = App::new().await;
    app.as_(&app.customer).get("/webhooks").await.expect::<Value>(200);
    app.as_(&app.customer).post("/oauth/revoke", json!({})).await.expect_nothing(204);
    app.as_(&app.customer).get("/webhooks").await.expect_refusal(401, "Invalid credentials.");

    let token = &app.sibling.token;
    app.as_(&app.sibling).get("/webhooks").await.expect::<Value>(200);
    app.anybody().post("/oauth/revoke", json!({"token": token})).await.expect_nothing(204);
    app.as_(&app.sibling).get("/webhooks").await.expect_refusal(401, "Invalid credentials.");
    app.anybody().post("/oauth/revoke", json!({"token": "never was one"})).await.expect_nothing(204);
    refused(app.anybody().post("/oauth/revoke", json!({})).await, "invalid_request", "no token");
}

/// The refresh token that comes with a new portal.
async fn refresh_token(app: &App) -> String {
    let asked = json!({"name": "New", "domain": "new.example.com", "country": "AU", "industry": "Mining"});
    let portal: Value = app.as_(&app.partner).post("/portals", asked).await.expect(201);
    portal["user_account"]["oauth_token"]["refresh_token"].as_str().unwrap().to_owned()
}

async fn refresh(app: &App, refresh_token: &str) -> Answer {
    let asked = json!({
        "grant_type": "refresh_token",
        "client_id": app.partner.client_id,
        "client_secret": app.partner.client_secret,
        "refresh_token": refresh_token,
    });
    app.anybody().post("/oauth/token", asked).await
}

#[tokio::test]
async fn a_refresh_token_gives_another_pair_once() {
    let app = App::new().await;
    let first = refresh_token(&app).await;
    let second: TokenResponse = refresh(&app, &first).await.expect(200);
    let next = second.refresh_token.unwrap();
    assert_ne!(next, first);
    app.with_token(&second.access_token).get("/webhooks").await.expect::<Value>(200);
    app.clock.advance(REFRESH_RACE_FOR + SignedDuration::from_millis(1));
    refused(refresh(&app, &first).await, "invalid_grant", "refresh token");
    refresh(&app, &next).await.expect::<TokenResponse>(200);
}

#[tokio::test]
async fn two_uses_that_race_give_the_same_pair() {
    let app = App::new().await;
    let first = refresh_token(&app).await;
    let (one, other) = tokio::join!(refresh(&app, &first), refresh(&app, &first));
    let one: TokenResponse = one.expect(200);
    assert_eq!(one, other.expect(200));
    app.clock.advance(REFRESH_RACE_FOR - SignedDuration::from_millis(1));
    assert_eq!(one, refresh(&app, &first).await.expect(200));
    app.with_token(&one.access_token).get("/webhooks").await.expect::<Value>(200);
}

#[tokio::test]
async fn a_refresh_token_is_good_for_90_days_and_its_own_client() {
    let app = App::new().await;
    let first = refresh_token(&app).await;
    let asked = json!({
        "grant_type": "refresh_token",
        "client_id": app.stranger.client_id,
        "client_secret": app.stranger.client_secret,
        "refresh_token": first,
    });
    refused(app.anybody().post("/oauth/token", asked).await, "invalid_grant", "refresh token");
    refused(refresh(&app, "never was one").await, "invalid_grant", "refresh token");

    let app = App::new().await;
    let first = refresh_token(&app).await;
    app.clock.advance(REFRESH_TOKEN_FOR);
    refused(refresh(&app, &first).await, "invalid_grant", "refresh token");
}

#[tokio::test]
async fn a_revoked_refresh_token_gives_nothing() {
    let app = App::new().await;
    let first = refresh_token(&app).await;
    app.anybody().post("/oauth/revoke", json!({"token": first})).await.expect_nothing(204);
    refused(refresh(&app, &first).await, "invalid_grant", "refresh token");
}

#[tokio::test]
async fn a_refresh_that_is_refused_spends_nothing() {
    let app = App::new().await;
    let first = refresh_token(&app).await;
    let misspelt = json!({
        "grant_type": "refresh_token",
        "client_id": app.partner.client_id,
        "client_secret": app.partner.client_secret,
        "refresh_token": first,
        "scope": "webhok.read",
    });
    refused(app.anybody().post("/oauth/token", misspelt).await, "invalid_scope", "webhok");
    app.clock.advance(REFRESH_RACE_FOR + SignedDuration::from_millis(1));
    refresh(&app, &first).await.expect::<TokenResponse>(200);
}
