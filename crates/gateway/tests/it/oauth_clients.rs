//! OAuth clients: contract, section 5.3.

use contract::api::oauth::{OauthClient, TokenInfo};
use contract::api::page::Page;
use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn a_client_shows_its_secret_once_and_works() {
    let app = App::new().await;
    let made: OauthClient = app.as_(&app.customer).post("/client", json!({"client_name": "LMS"})).await.expect(201);
    let secret = made.client_secret.clone().unwrap();
    assert_eq!((made.client_id.len(), secret.len()), (40, 40));
    assert_eq!((made.portal_id, made.portal_name), (app.customer.portal_id.to_string(), "customer".to_owned()));
    let listed: Page<OauthClient> = app.as_(&app.customer).get("/client").await.expect(200);
    assert_eq!(listed.total, 2);
    assert!(listed.hits.iter().any(|client| client.client_id == made.client_id));
    assert!(listed.hits.iter().all(|client| client.client_secret.is_none()));
    let token = app.token(&made.client_id, &secret, None).await;
    app.with_token(&token).get("/webhooks").await.expect::<Value>(200);
}

#[tokio::test]
async fn a_partner_makes_clients_for_its_customers_only() {
    let app = App::new().await;
    let ask = async |portal_id: String| {
        app.as_(&app.partner).post("/client", json!({"client_name": "LMS", "portal_id": portal_id})).await
    };
    let made: OauthClient = ask(app.customer.portal_id.to_string()).await.expect(201);
    assert_eq!(made.portal_id, app.customer.portal_id.to_string());
    let token = app.token(&made.client_id, &made.client_secret.unwrap(), None).await;
    let info: TokenInfo = app.with_token(&token).get("/oauth/validate").await.expect(200);
    assert_eq!(info.user_id, app.customer.administrator_id.to_string());
    ask(app.stranger.portal_id.to_string()).await.expect_refusal(404, "no portal");
    ask("x".to_owned()).await.expect_refusal(404, "no portal");
    let by_sibling = json!({"client_name": "LMS", "portal_id": app.customer.portal_id.0});
    app.as_(&app.sibling).post("/client", by_sibling).await.expect_refusal(404, "no portal");
}

#[tokio::test]
async fn a_client_may_do_no_more_than_who_makes_it() {
    let app = App::new().await;
    let token = app.token(&app.customer.client_id, &app.customer.client_secret, Some("app.write webhook.read")).await;
    let made: OauthClient = app.with_token(&token).post("/client", json!({"client_name": "LMS"})).await.expect(201);
    let token = app.token(&made.client_id, &made.client_secret.unwrap(), None).await;
    let info: TokenInfo = app.with_token(&token).get("/oauth/validate").await.expect(200);
    assert_eq!(info.scopes, ["webhook.read", "app.write"]);
}

#[tokio::test]
async fn a_deleted_client_and_its_tokens_are_good_for_nothing() {
    let app = App::new().await;
    let made: OauthClient = app.as_(&app.customer).post("/client", json!({"client_name": "LMS"})).await.expect(201);
    let token = app.token(&made.client_id, &made.client_secret.unwrap(), None).await;
    app.with_token(&token).get("/webhooks").await.expect::<Value>(200);
    let path = format!("/client/{}", made.client_id);
    app.as_(&app.customer).delete(&path).await.expect_nothing(204);
    app.with_token(&token).get("/webhooks").await.expect_refusal(401, "Invalid credentials.");
    app.as_(&app.customer).delete(&path).await.expect_refusal(404, "no OAuth client");
}

#[tokio::test]
async fn a_name_is_required_and_a_page_has_at_most_50() {
    let app = App::new().await;
    app.as_(&app.customer).post("/client", json!({})).await.expect_field("client_name", "client_name is required");
    app.as_(&app.customer).post("/client", json!({"client_name": ""})).await.expect_field("client_name", "1 to 255");
    app.as_(&app.customer).get("/client?limit=51").await.expect_field("limit", "at most 50");
}
