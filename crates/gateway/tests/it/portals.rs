//! Portals: contract, sections 6 and 10.

use contract::api::page::Page;
use contract::api::portal::Portal;
use serde_json::{Value, json};

use crate::app::App;

fn asked(domain: &str) -> Value {
    json!({"name": "Acme", "domain": domain, "country": "AU", "industry": "Mining"})
}

#[tokio::test]
async fn a_partner_makes_a_customer_and_gets_a_token_of_it() {
    let app = App::new().await;
    let mut asked = asked("Acme.example.com");
    asked["timezone"] = json!("Australia/Brisbane");
    asked["company_size"] = json!(50);
    asked["external_customer_id"] = json!("crm-7");
    asked["settings"] = json!({"child_enrollment_events": true, "notifications": false});
    asked["user_account"] = json!({"email": "ada@acme.example.com", "given_name": "Ada", "family_name": "Lovelace"});
    let made: Portal = app.as_(&app.partner).post("/portals", asked).await.expect(201);
    assert_eq!(made.domain, "acme.example.com");
    assert_eq!(made.kind, "customer");
    assert_eq!(made.partner_portal_id, Some(app.partner.portal_id.to_string()));
    assert_eq!(made.timezone, "Australia/Brisbane");
    assert!(made.settings.child_enrollment_events);

    let administrator = made.user_account.clone().unwrap();
    let token = &administrator.oauth_token;
    assert_eq!((token.token_type.as_str(), token.expires_in), ("Bearer", 43_200));
    assert!(token.refresh_token.is_some());
    let inside = app.with_token(&token.access_token);
    let account: Value = inside.get(&format!("/user-accounts/{}", administrator.id)).await.expect(200);
    assert_eq!(account["account_guid"], administrator.account_guid);
    assert_eq!(account["user"]["email"], "ada@acme.example.com");
    assert_eq!(account["roles"][0]["name"], "Administrator");

    let read: Portal = app.as_(&app.partner).get(&format!("/portals/{}", made.id)).await.expect(200);
    assert_eq!(read, Portal { user_account: None, ..made.clone() });
    let own: Portal = inside.get(&format!("/portals/{}", made.id)).await.expect(200);
    assert_eq!(own, read);
}

#[tokio::test]
async fn without_a_user_account_the_caller_is_the_first_administrator() {
    let app = App::new().await;
    let made: Portal = app.as_(&app.partner).post("/portals", asked("acme.example.com")).await.expect(201);
    assert_eq!(made.timezone, "UTC");
    let administrator = made.user_account.unwrap();
    let inside = app.with_token(&administrator.oauth_token.access_token);
    let account: Value = inside.get(&format!("/user-accounts/{}", administrator.id)).await.expect(200);
    assert_eq!(account["user"]["email"], "administrator@partner.example.com");
}

#[tokio::test]
async fn only_a_partner_has_customers() {
    let app = App::new().await;
    let refusal =
        app.as_(&app.customer).post("/portals", asked("a.example.com")).await.expect_refusal(403, "partner portal");
    assert_eq!(refusal["error_code"], "PORTAL_ACCESS_UNAUTHORIZED");
    app.as_(&app.customer).get("/portals").await.expect_refusal(403, "partner portal");
}

#[tokio::test]
async fn errors_are_the_published_ones() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let taken =
        partner.post("/portals", asked("CUSTOMER.example.com")).await.expect_refusal(400, "customer.example.com");
    assert_eq!(taken["error_code"], "PORTAL_ALREADY_EXIST");
    let bad = partner.post("/portals", asked("no host name")).await.expect_refusal(400, "host name");
    assert_eq!(bad["error_code"], "INVALID_DOMAIN");
    for path in [format!("/portals/{}", app.stranger.portal_id), "/portals/999".into()] {
        let missing = partner.get(&path).await.expect_refusal(404, "no portal");
        assert_eq!(missing["error_code"], "PORTAL_NOT_FOUND");
    }
    partner.get("/portals/x").await.expect_refusal(404, "portal id");
    for field in ["name", "domain", "country", "industry"] {
        let mut asked = asked("acme.example.com");
        asked[field] = Value::Null;
        partner.post("/portals", asked).await.expect_field(field, "is required");
    }
    let mut nameless = asked("acme.example.com");
    nameless["user_account"] = json!({"given_name": "Ada"});
    partner.post("/portals", nameless).await.expect_field("user_account.email", "required");
    let mut elsewhere = asked("acme.example.com");
    elsewhere["timezone"] = json!("+10:00");
    partner.post("/portals", elsewhere).await.expect_field("timezone", "time zone");
    assert_eq!(partner.get("/portals").await.expect::<Page<Portal>>(200).total, 2);
}

#[tokio::test]
async fn customers_are_listed_by_keyword_and_id() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let names = async |query: &str| {
        let page: Page<Portal> = partner.get(&format!("/portals{query}")).await.expect(200);
        (page.total, page.hits.into_iter().map(|hit| hit.name).collect::<Vec<_>>())
    };
    assert_eq!(names("?order=asc").await, (2, vec!["customer".into(), "sibling".into()]));
    assert_eq!(names("?keyword=SIBL").await, (1, vec!["sibling".into()]));
    let ids = format!("?id[]={}&id[]={}", app.customer.portal_id, app.stranger.portal_id);
    assert_eq!(names(&ids).await, (1, vec!["customer".into()]));
    assert_eq!(names("?limit=0").await, (2, vec![]));
    partner.get("/portals?limit=101").await.expect_field("limit", "at most 100");
    partner.get("/portals?order=up").await.expect_field("order", "asc or desc");
    partner.get("/portals?sort=name").await.expect_field("sort", "created_time");
}

#[tokio::test]
async fn a_portal_changes_but_its_domain_does_not() {
    let app = App::new().await;
    let path = format!("/portals/{}", app.customer.portal_id);
    let changes = json!({
        "name": "Renamed",
        "domain": "customer.example.com",
        "timezone": "Europe/Berlin",
        "settings": {"child_enrollment_events": true},
    });
    let changed: Portal = app.as_(&app.partner).patch(&path, changes).await.expect(200);
    assert_eq!((changed.name.as_str(), changed.domain.as_str()), ("Renamed", "customer.example.com"));
    assert!(changed.settings.child_enrollment_events);
    let same: Portal =
        app.as_(&app.customer).patch(&path, json!({"settings": {"notifications": true}})).await.expect(200);
    assert_eq!(same, changed);
    app.as_(&app.customer)
        .patch(&path, json!({"domain": "other.example.com"}))
        .await
        .expect_field("domain", "cannot change");
    app.as_(&app.customer).patch(&path, json!({"name": ""})).await.expect_field("name", "1 to 255");
    app.as_(&app.sibling).patch(&path, json!({"name": "x"})).await.expect_refusal(404, "no portal");
}
