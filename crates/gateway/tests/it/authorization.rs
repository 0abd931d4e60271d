//! Who may do what: every operation of the description, met by everybody who should and should not.
//!
//! What is asked for belongs to the customer. The table says what each caller gets; an operation that is not in it fails
//! the test.

use std::collections::BTreeMap;

use axum::http::Method;
use domain::clock::Clock;
use domain::id::ClientId;
use domain::oauth::{Scope, Scopes, Token, TokenKind};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::keyring::ACCESS_TOKEN;

use crate::answer::Answer;
use crate::app::{App, Tenant, enrollment};
use crate::notices::gone;

/// What callers get: nobody, one with an expired token, the customer's sibling, its partner, another partner, and the
/// customer itself without the scope and with nothing but the scope.
#[derive(Clone, Copy)]
struct Expected {
    operation: &'static str,
    nobody: u16,
    expired: u16,
    sibling: u16,
    partner: u16,
    other_partner: u16,
    without_scope: u16,
    owner: u16,
}

/// One row: sibling, partner, other partner, owner. Nobody, an expired token and a missing scope are 401.
const fn row(operation: &'static str, [sibling, partner, other_partner, owner]: [u16; 4]) -> Expected {
    Expected { operation, nobody: 401, expired: 401, sibling, partner, other_partner, without_scope: 401, owner }
}

/// One row of an operation that wants no token.
const fn open(operation: &'static str, status: u16) -> Expected {
    Expected {
        operation,
        nobody: status,
        expired: status,
        sibling: status,
        partner: status,
        other_partner: status,
        without_scope: status,
        owner: status,
    }
}

/// A list that everybody has of their own portal, and what is made in it: nobody sees or names what is the customer's.
const OWN: [u16; 4] = [200, 200, 200, 200];
/// A thing of the customer that nobody else finds.
const CUSTOMERS: [u16; 4] = [404, 404, 404, 200];
/// What concerns the customer's webhooks and those of its partner.
const CUSTOMERS_AND_PARTNERS: [u16; 4] = [404, 200, 404, 200];
/// Only its own portal's people and content can be named in a body.
const NAMES_CUSTOMERS: [u16; 4] = [400, 400, 400, 201];

const EXPECTED: &[Expected] = &[
    // The credentials are in the body.
    open("POST /oauth/token", 200),
    open("POST /oauth/revoke", 204),
    open("GET /healthz", 200),
    open("GET /readyz", 200),
    Expected { nobody: 403, expired: 403, without_scope: 200, ..row("GET /oauth/validate", OWN) },
    row("GET /client", OWN),
    row("POST /client", [404, 201, 404, 201]),
    row("DELETE /client/{id}", [404, 404, 404, 204]),
    row("GET /webhooks", OWN),
    row("POST /webhooks", [201, 201, 201, 201]),
    row("GET /webhooks/{id}", CUSTOMERS),
    row("PATCH /webhooks/{id}", CUSTOMERS),
    row("DELETE /webhooks/{id}", [404, 404, 404, 204]),
    row("POST /webhooks/{id}/test", [404, 404, 404, 201]),
    row("GET /deliveries", OWN),
    row("GET /deliveries/{id}", CUSTOMERS),
    row("POST /deliveries/{id}/replay", [404, 404, 404, 409]),
    row("GET /events", OWN),
    row("GET /events/{id}", CUSTOMERS_AND_PARTNERS),
    row("GET /enrollments/{id}/events", CUSTOMERS_AND_PARTNERS),
    row("POST /replays", [404, 404, 404, 201]),
    row("GET /replays/{id}", CUSTOMERS),
    row("GET /notices", OWN),
    row("GET /notices/{id}", CUSTOMERS),
    row("GET /portals", [403, 200, 200, 403]),
    row("POST /portals", [403, 201, 201, 403]),
    row("GET /portals/{id}", [404, 200, 404, 200]),
    row("PATCH /portals/{id}", [404, 200, 404, 200]),
    row("GET /user-accounts", OWN),
    row("POST /user-accounts", [201, 201, 201, 201]),
    row("GET /user-accounts/{id}", CUSTOMERS),
    row("PATCH /user-accounts/{id}", CUSTOMERS),
    row("GET /learning-objects", OWN),
    row("POST /learning-objects", [201, 201, 201, 201]),
    row("GET /learning-objects/{id}", CUSTOMERS),
    row("POST /learning-objects/{id}/set", CUSTOMERS),
    row("GET /learning-objects/{id}/alternatives", CUSTOMERS),
    row("GET /learning-objects/{id}/impact", CUSTOMERS),
    row("GET /enrollments", OWN),
    row("POST /enrollments", NAMES_CUSTOMERS),
    row("GET /enrollments/{id}", CUSTOMERS),
    row("PATCH /enrollments/{id}", CUSTOMERS),
    row("DELETE /enrollments/{id}", [404, 404, 404, 204]),
    row("GET /v2/enrollments", OWN),
    row("GET /v2/enrolments", OWN),
    row("GET /v2/enrollments/{id}", [404, 403, 404, 200]),
    row("GET /v2/learning-activity", [404, 403, 404, 200]),
    row("GET /v2/users", OWN),
    row("POST /v2/users", [201, 201, 201, 201]),
    row("GET /v2/users/{id}", CUSTOMERS),
    row("GET /v2/user-accounts/{id}", CUSTOMERS),
    row("GET /v2/learning-objects", OWN),
    row("GET /v2/learning-objects/{id}", CUSTOMERS),
    row("POST /v2/collections/{collection}/items/add", [400, 400, 400, 204]),
    row("POST /v2/collections/{collection}/items/remove", [400, 400, 400, 204]),
    row("GET /v2/account", OWN),
];

/// What is only the customer's to see.
const CUSTOMERS_EMAIL: &str = "learner-of-the-customer@example.com";
const CUSTOMERS_NEXT_EMAIL: &str = "next-learner-of-the-customer@example.com";
const CUSTOMERS_URL: &str = "https://receiver-of-the-customer.example.com";
const CUSTOMERS_TITLE: &str = "Content of the customer";

/// An operation of the customer's things, ready to be asked for.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// Makes one of everything in the customer's portal, and the request of each operation for it.
pub(crate) async fn requests(app: &App) -> BTreeMap<&'static str, Request> {
    let customer = app.as_(&app.customer);
    let learner = customer.learner(CUSTOMERS_EMAIL).await;
    let content = customer.content(CUSTOMERS_TITLE).await;
    let other_content = customer.content(CUSTOMERS_TITLE).await;
    let enrolled = customer.enroll(&learner, &content).await;
    let webhook = json!({"url": CUSTOMERS_URL, "event_types": ["enrollment.complete"]});
    let webhook: Value = customer.post("/webhooks", webhook).await.expect(201);
    let webhook = webhook["id"].as_str().unwrap();
    let told = enrollment(&learner, &customer.content(CUSTOMERS_TITLE).await);
    let told = told.as_object().unwrap().clone().into_iter().chain([("status".to_owned(), json!("completed"))]);
    customer.post("/enrollments", told.collect()).await.expect::<Value>(201);
    let deliveries: Value = customer.get("/deliveries").await.expect(200);
    let delivery = deliveries["hits"][0]["id"].as_str().unwrap();
    let event = deliveries["hits"][0]["event_id"].as_str().unwrap();
    let new_replay = json!({"webhook_id": webhook, "since": "2020-01-01T00:00:00Z"});
    let replay: Value = customer.post("/replays", new_replay.clone()).await.expect(201);
    let replay = replay["id"].as_str().unwrap();
    while app.store.expand_replays(10, app.clock.now()).await.unwrap() {}
    let client: Value = customer.post("/client", json!({"client_name": "spare"})).await.expect(201);
    let client = client["client_id"].as_str().unwrap();
    gone(app, &app.customer, CUSTOMERS_NEXT_EMAIL).await;
    let notices: Value = customer.get("/notices").await.expect(200);
    let notice = notices["hits"][0]["id"].as_str().unwrap();
    let portal = app.customer.portal_id;

    let credentials = json!({
        "grant_type": "client_credentials",
        "client_id": app.customer.client_id,
        "client_secret": app.customer.client_secret,
    });
    let new_webhook = json!({"url": "https://receiver.example.com", "event_types": ["enrollment.complete"]});
    let new_portal = json!({"name": "x", "domain": "[new]", "country": "AU", "industry": "x"});
    let enrollments = format!("?enrollment-id={}", enrolled.id);
    let items = json!({"lo": [content.lo_id]});
    let none = Value::Null;
    let rows: Vec<(&str, String, Value)> = vec![
        ("POST /oauth/token", String::new(), credentials),
        ("POST /oauth/revoke", String::new(), json!({"token": "never was one"})),
        ("GET /healthz", String::new(), none.clone()),
        ("GET /readyz", String::new(), none.clone()),
        ("GET /oauth/validate", String::new(), none.clone()),
        ("GET /client", String::new(), none.clone()),
        ("POST /client", String::new(), json!({"client_name": "x", "portal_id": portal.to_string()})),
        ("DELETE /client/{id}", client.to_owned(), none.clone()),
        ("GET /webhooks", String::new(), none.clone()),
        ("POST /webhooks", String::new(), new_webhook),
        ("GET /webhooks/{id}", webhook.to_owned(), none.clone()),
        ("PATCH /webhooks/{id}", webhook.to_owned(), json!({"name": "x"})),
        ("DELETE /webhooks/{id}", webhook.to_owned(), none.clone()),
        ("POST /webhooks/{id}/test", webhook.to_owned(), none.clone()),
        ("GET /deliveries", String::new(), none.clone()),
        ("GET /deliveries/{id}", delivery.to_owned(), none.clone()),
        ("POST /deliveries/{id}/replay", delivery.to_owned(), none.clone()),
        ("GET /events", String::new(), none.clone()),
        ("GET /events/{id}", event.to_owned(), none.clone()),
        ("GET /enrollments/{id}/events", enrolled.id.clone(), none.clone()),
        ("POST /replays", String::new(), new_replay.clone()),
        ("GET /replays/{id}", replay.to_owned(), none.clone()),
        ("GET /notices", String::new(), none.clone()),
        ("GET /notices/{id}", notice.to_owned(), none.clone()),
        ("GET /portals", String::new(), none.clone()),
        ("POST /portals", String::new(), new_portal),
        ("GET /portals/{id}", portal.to_string(), none.clone()),
        ("PATCH /portals/{id}", portal.to_string(), json!({"name": "x"})),
        ("GET /user-accounts", String::new(), none.clone()),
        ("POST /user-accounts", String::new(), json!({"email": "[new]"})),
        ("GET /user-accounts/{id}", learner.id.clone(), none.clone()),
        ("PATCH /user-accounts/{id}", learner.id.clone(), json!({"given_name": "x"})),
        ("GET /learning-objects", String::new(), none.clone()),
        ("POST /learning-objects", String::new(), json!({"core": {"title": "x"}})),
        ("GET /learning-objects/{id}", content.id.clone(), none.clone()),
        ("POST /learning-objects/{id}/set", content.id.clone(), json!({"topics": {"items": [{"name": "x"}]}})),
        ("GET /learning-objects/{id}/alternatives", content.id.clone(), none.clone()),
        ("GET /learning-objects/{id}/impact", content.id.clone(), none.clone()),
        ("GET /enrollments", String::new(), none.clone()),
        ("POST /enrollments", String::new(), enrollment(&learner, &other_content)),
        ("GET /enrollments/{id}", enrolled.id.clone(), none.clone()),
        ("PATCH /enrollments/{id}", enrolled.id.clone(), json!({"status": "in-progress"})),
        ("DELETE /enrollments/{id}", enrolled.id.clone(), none.clone()),
        ("GET /v2/enrollments", String::new(), none.clone()),
        ("GET /v2/enrolments", String::new(), none.clone()),
        ("GET /v2/enrollments/{id}", enrolled.id.clone(), none.clone()),
        ("GET /v2/learning-activity", enrollments, none.clone()),
        ("GET /v2/users", String::new(), none.clone()),
        ("POST /v2/users", String::new(), json!({"email": "[new]"})),
        ("GET /v2/users/{id}", learner.id.clone(), none.clone()),
        ("GET /v2/user-accounts/{id}", learner.id.clone(), none.clone()),
        ("GET /v2/learning-objects", String::new(), none.clone()),
        ("GET /v2/learning-objects/{id}", content.lo_id.clone(), none.clone()),
        ("POST /v2/collections/{collection}/items/add", String::new(), items.clone()),
        ("POST /v2/collections/{collection}/items/remove", String::new(), items),
        ("GET /v2/account", String::new(), none),
    ];
    rows.into_iter().map(|(operation, id, body)| (operation, request(operation, &id, body))).collect()
}

fn request(operation: &'static str, id: &str, body: Value) -> Request {
    let (method, path) = operation.split_once(' ').unwrap();
    let path = if path.contains("{id}") { path.replace("{id}", id) } else { format!("{path}{id}") };
    Request { method: method.parse().unwrap(), path: path.replace("{collection}", "default"), body }
}

impl Request {
    /// Asks with a token; what must be new is new each time.
    async fn ask(&self, app: &App, token: Option<&str>) -> Answer {
        let caller = token.map_or_else(|| app.anybody(), |token| app.with_token(token));
        let mut body = self.body.clone();
        for (field, end) in [("domain", ".example.com"), ("email", "@example.com")] {
            if body[field] == "[new]" {
                body[field] = json!(format!("{}{end}", app.random.hex(8)));
            }
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        caller.send(self.method.clone(), &self.path, text).await
    }
}

/// A token of the tenant with exactly these scopes.
async fn token_for(app: &App, tenant: &Tenant, scopes: Scopes) -> String {
    let text = app.random.hex(64);
    let now = app.clock.now();
    save(app, tenant, &text, scopes, now + SignedDuration::from_hours(1)).await;
    text
}

async fn save(app: &App, tenant: &Tenant, text: &str, scopes: Scopes, expires_at: jiff::Timestamp) {
    let token = Token {
        digest: app.keyring.digest(ACCESS_TOKEN, text),
        kind: TokenKind::Access,
        client_id: tenant.client_id.parse::<ClientId>().unwrap(),
        portal_id: tenant.portal_id,
        user_account_id: tenant.administrator_id,
        scopes,
        created_at: app.clock.now(),
        expires_at,
    };
    app.store.save_tokens(vec![token]).await.unwrap();
}

/// The scope that the description of an operation names, if it names one.
fn scope_of(operation: &Value) -> Option<Scope> {
    let scopes = operation["security"][0]["oauth2"].as_array()?;
    assert!(scopes.len() <= 1, "{operation}");
    scopes.first().map(|scope| Scope::read(scope.as_str().unwrap()).unwrap())
}

#[track_caller]
fn check(expected: &Expected, caller: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{} as {caller}: {}", expected.operation, answer.text);
    if status == 401 {
        let message = &answer.json()["message"];
        let wanted = if caller == "the owner without the scope" { "Missing scopes" } else { "Invalid credentials." };
        assert_eq!(message, wanted, "{} as {caller}", expected.operation);
    }
}

async fn meet(expected: &Expected, description: &Value) {
    let app = App::new().await;
    let mut requests = requests(&app).await;
    let request =
        requests.remove(expected.operation).unwrap_or_else(|| panic!("no request for {}", expected.operation));

    check(expected, "nobody", &request.ask(&app, None).await, expected.nobody);
    let expired = app.random.hex(64);
    save(&app, &app.customer, &expired, Scopes::all(), app.clock.now()).await;
    check(expected, "an expired token", &request.ask(&app, Some(&expired)).await, expected.expired);
    for (caller, tenant, status) in [
        ("the sibling", &app.sibling, expected.sibling),
        ("the partner", &app.partner, expected.partner),
        ("another partner", &app.stranger, expected.other_partner),
    ] {
        let answer = request.ask(&app, Some(&tenant.token)).await;
        check(expected, caller, &answer, status);
        let open = expected.nobody < 400;
        for secret in [CUSTOMERS_EMAIL, CUSTOMERS_URL, CUSTOMERS_TITLE] {
            assert!(open || !answer.text.contains(secret), "{} shows {secret} to {caller}", expected.operation);
        }
    }
    let scope = scope_of(description);
    let others = Scope::ALL.into_iter().filter(|other| Some(*other) != scope).collect();
    let without = token_for(&app, &app.customer, others).await;
    check(expected, "the owner without the scope", &request.ask(&app, Some(&without)).await, expected.without_scope);
    let alone = token_for(&app, &app.customer, scope.into_iter().collect()).await;
    check(expected, "the owner", &request.ask(&app, Some(&alone)).await, expected.owner);
}

#[tokio::test]
async fn everybody_gets_what_the_table_says() {
    let description = serde_json::to_value(gateway::router::openapi()).unwrap();
    let mut table: BTreeMap<&str, &Expected> = EXPECTED.iter().map(|expected| (expected.operation, expected)).collect();
    assert_eq!(table.len(), EXPECTED.len());
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let expected = table.remove(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table"));
            let asks_for_token = operation["security"].is_array();
            assert_eq!(asks_for_token, expected.nobody >= 400, "{name}");
            meet(expected, operation).await;
        }
    }
    assert!(table.is_empty(), "not in the description: {:?}", table.keys());
}

#[tokio::test]
async fn the_older_spelling_of_an_enrollment_asks_for_the_same() {
    let app = App::new().await;
    let mut requests = requests(&app).await;
    let mut request = requests.remove("GET /v2/enrollments/{id}").unwrap();
    request.path = request.path.replace("enrollments", "enrolments");
    for (token, status) in [
        (None, 401),
        (Some(&app.sibling.token), 404),
        (Some(&app.partner.token), 403),
        (Some(&app.stranger.token), 404),
        (Some(&app.customer.token), 200),
    ] {
        assert_eq!(request.ask(&app, token.map(String::as_str)).await.status, status);
    }
}
