//! User accounts that are blocked, and the programs that act through them.

use contract::api::oauth::{TokenError, TokenResponse};
use domain::change::Change;
use domain::id::UserAccountId;
use domain::oauth::Scopes;
use domain::user_account::Role;
use gateway::gateway::Settings;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::answer::Answer;
use crate::app::{App, Tenant};

/// A second administrator of the customer, and a client that acts through them.
async fn second(app: &App) -> Tenant {
    let account = app.as_(&app.customer).learner("second@example.com").await;
    let id: UserAccountId = account.id.parse().unwrap();
    let mut account = app.store.find_user_account(app.customer.portal_id, id).await.unwrap().unwrap();
    account.roles = vec![Role::Administrator];
    app.store.save_user_account(Change::silent(account)).await.unwrap();
    let (client_id, client_secret) = app.client(app.customer.portal_id, id, Scopes::all()).await;
    let token = app.token(&client_id, &client_secret, None).await;
    Tenant { administrator_id: id, client_id, client_secret, token, ..app.customer.clone() }
}

async fn let_in(app: &App, tenant: &Tenant, active: bool) {
    // Whoever is let in again must not be so in the same instant: an instant is as fine as tokens are told apart.
    app.clock.advance(SignedDuration::from_millis(1));
    let path = format!("/user-accounts/{}", tenant.administrator_id);
    app.as_(&app.customer).patch(&path, json!({"status": active})).await.expect::<Value>(200);
    app.clock.advance(SignedDuration::from_millis(1));
}

async fn status(app: &App, tenant: &Tenant) -> u16 {
    app.as_(tenant).get("/webhooks").await.status
}

async fn ask_token(app: &App, tenant: &Tenant, secret: &str) -> Answer {
    let asked = json!({"grant_type": "client_credentials", "client_id": tenant.client_id, "client_secret": secret});
    app.anybody().post("/oauth/token", asked).await
}

#[tokio::test]
async fn a_blocked_account_ends_its_tokens_at_once() {
    let app = App::new().await;
    let mut second = second(&app).await;
    // Asked twice, so that the token is one that was found good a moment ago.
    assert_eq!((status(&app, &second).await, status(&app, &second).await), (200, 200));
    let_in(&app, &second, false).await;
    assert_eq!(status(&app, &second).await, 401);
    assert_eq!(status(&app, &app.customer).await, 200, "nobody else is concerned");
    let refused: TokenError = ask_token(&app, &second, &second.client_secret).await.expect(400);
    assert_eq!((refused.error.as_str(), refused.hint.is_some()), ("invalid_client", true));
    let guessed: TokenError = ask_token(&app, &second, "a guess").await.expect(400);
    assert_eq!((guessed.error.as_str(), guessed.hint), ("invalid_client", None), "that is not for everybody to know");

    let_in(&app, &second, true).await;
    assert_eq!(status(&app, &second).await, 401, "what was ended stays so");
    second.token = ask_token(&app, &second, &second.client_secret).await.expect::<TokenResponse>(200).access_token;
    assert_eq!(status(&app, &second).await, 200);
}

#[tokio::test]
async fn a_blocked_account_ends_its_refresh_tokens() {
    let app = App::new().await;
    let new = json!({"name": "x", "domain": "x.example.com", "country": "AU", "industry": "x"});
    let made: Value = app.as_(&app.partner).post("/portals", new).await.expect(201);
    let pair = &made["user_account"]["oauth_token"];
    let [access, refresh] = ["access_token", "refresh_token"].map(|name| pair[name].as_str().unwrap());
    let id: UserAccountId = made["user_account"]["id"].as_str().unwrap().parse().unwrap();
    let portal_id = made["id"].as_str().unwrap().parse().unwrap();
    let exchange = async || {
        let asked = json!({
            "grant_type": "refresh_token", "refresh_token": refresh,
            "client_id": app.partner.client_id, "client_secret": app.partner.client_secret,
        });
        app.anybody().post("/oauth/token", asked).await
    };
    // For a minute its second use gives the same as its first.
    exchange().await.expect::<TokenResponse>(200);
    let mut account = app.store.find_user_account(portal_id, id).await.unwrap().unwrap();
    account.active = false;
    account.updated_at += SignedDuration::from_millis(1);
    app.store.save_user_account(Change::silent(account)).await.unwrap();
    assert_eq!(exchange().await.expect::<TokenError>(400).error, "invalid_grant");
    assert_eq!(app.with_token(access).get("/webhooks").await.status, 401);
}

#[tokio::test]
async fn another_node_hears_of_it_within_a_second() {
    let app = App::new().await;
    let second = second(&app).await;
    let node = app.another_node(Settings::default());
    let ask = async || {
        let request = app.as_(&second).request(axum::http::Method::GET, "/webhooks", "");
        Answer::read(node.clone().oneshot(request).await.unwrap()).await.status
    };
    assert_eq!(ask().await, 200);
    let_in(&app, &second, false).await;
    app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(ask().await, 401);
}
