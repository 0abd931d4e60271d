//! User accounts: contract, section 10.

use contract::api::page::Page;
use contract::api::user_account::UserAccount;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn an_account_is_made_found_and_changed() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let asked = json!({
        "email": "Grace@customer.example.com",
        "given_name": "Grace",
        "family_name": "Hopper",
        "username": "grace",
        "roles": ["Manager", "rol_01G3PZS7NZ0CF95J340P55FSZH"],
        "standard_fields": {"external_user_id": "hr-7"},
    });
    let made: UserAccount = customer.post("/user-accounts", asked).await.expect(201);
    assert_eq!(made.portal_id, app.customer.portal_id.to_string());
    assert_eq!(made.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["Learner", "Manager"]);
    assert!(made.status && made.account_guid.starts_with("acc_"));

    let by_email = "/user-accounts?email=grace@CUSTOMER.example.com&include[]=standard_fields";
    let found: Page<UserAccount> = customer.get(by_email).await.expect(200);
    assert_eq!(found, Page { total: 1, hits: vec![made.clone()] });

    let path = format!("/user-accounts/{}", made.id);
    let changes = json!({"status": false, "roles": ["learner"], "standard_fields": {"external_user_id": "hr-8"}});
    let changed: UserAccount = customer.patch(&path, changes).await.expect(200);
    assert!(!changed.status && !changed.user.status);
    assert_eq!(changed.standard_fields.as_ref().unwrap().external_user_id.as_deref(), Some("hr-8"));
    assert_eq!(changed.user.given_name, "Grace");
    assert_eq!(changed, customer.get(&path).await.expect(200));
}

#[tokio::test]
async fn an_account_is_a_learners_unless_said_otherwise() {
    let app = App::new().await;
    let made: UserAccount =
        app.as_(&app.customer).post("/user-accounts", json!({"email": "a@b.example"})).await.expect(201);
    assert_eq!(made.roles[0].name, "Learner");
    assert_eq!(made.user.username, "a@b.example");
}

#[tokio::test]
async fn an_address_is_a_portals_own_and_taken_once() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    customer.learner("grace@example.com").await;
    let again = json!({"email": "GRACE@example.com"});
    customer.post("/user-accounts", again.clone()).await.expect_refusal(409, "email is taken");
    app.as_(&app.sibling).post("/user-accounts", again).await.expect::<UserAccount>(201);
    let other = customer.learner("other@example.com").await;
    let path = format!("/user-accounts/{}", other.id);
    customer.patch(&path, json!({"email": "grace@example.com"})).await.expect_refusal(409, "email is taken");
}

#[tokio::test]
async fn what_an_account_cannot_be_names_the_field() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let made = customer.learner("grace@example.com").await;
    customer.post("/user-accounts", json!({})).await.expect_field("email", "email is required");
    for (field, value, at, message) in [
        ("email", json!("no address"), "email", "an address"),
        ("roles", json!(["Learner", "King"]), "roles[1]", "King"),
        ("given_name", json!("x".repeat(256)), "given_name", "at most 255"),
        ("roles", json!("Learner"), "roles", "expected a list"),
    ] {
        let mut asked = json!({"email": "a@b.example"});
        asked[field] = value.clone();
        customer.post("/user-accounts", asked).await.expect_field(at, message);
        customer.patch(&format!("/user-accounts/{}", made.id), json!({field: value})).await.expect_field(at, message);
    }
    let nothing = json!({"roles": []});
    customer.patch(&format!("/user-accounts/{}", made.id), nothing).await.expect_field("roles", "at least one");
}
