//! Who may do what: every operation of the description, met by everybody who should and should not.
//!
//! What is asked for belongs to the customer. The table says what each caller gets; an operation that is not in it fails
//! the test.

use std::collections::BTreeMap;

use axum::http::Method;
use domain::clock::Clock;
use domain::id::ClientId;
use domain::oauth::{Scope, Scopes, Token, TokenKind};
use gateway::gateway::Settings;
use gateway::limit::LimitSettings;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::keyring::{ACCESS_TOKEN, REFRESH_TOKEN};

use crate::answer::Answer;
use crate::app::{App, Tenant, enrollment};
use crate::notices::gone;

/// What callers get for a thing of the customer's. What the relation is between a caller and the owner of a thing decides: what its
/// sibling gets here, every sibling gets, and so on.
#[derive(Clone, Copy)]
struct Expected {
    operation: &'static str,
    /// Whoever comes without a good access token.
    nobody: u16,
    /// A customer for a thing of its sibling's.
    sibling: u16,
    /// A customer for a thing of its partner's.
    customer: u16,
    /// A partner for a thing of its customer's.
    partner: u16,
    /// Who has nothing to do with it; and anybody for a thing that is not there.
    other_partner: u16,
    /// The owner with every scope but the one that is needed.
    without_scope: u16,
    owner: u16,
}

/// One row: sibling, partner, other partner, owner. Nobody and a missing scope are 401.
const fn row(operation: &'static str, [sibling, partner, other_partner, owner]: [u16; 4]) -> Expected {
    Expected { operation, nobody: 401, sibling, customer: sibling, partner, other_partner, without_scope: 401, owner }
}

/// One row of an operation that wants no token.
const fn open(operation: &'static str, status: u16) -> Expected {
    let [nobody, sibling, customer, partner, other_partner, without_scope, owner] = [status; 7];
    Expected { operation, nobody, sibling, customer, partner, other_partner, without_scope, owner }
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
    Expected { nobody: 403, without_scope: 200, ..row("GET /oauth/validate", OWN) },
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
    row("GET /audit-entries", OWN),
    row("GET /portals", [403, 200, 200, 403]),
    row("POST /portals", [403, 201, 201, 403]),
    row("GET /portals/{id}", [404, 200, 404, 200]),
    row("PATCH /portals/{id}", [404, 200, 404, 200]),
    row("GET /user-accounts", OWN),
    row("POST /user-accounts", [201, 201, 201, 201]),
    row("GET /user-accounts/{id}", CUSTOMERS),
    row("PATCH /user-accounts/{id}", CUSTOMERS),
    row("POST /user-accounts/{id}/login", CUSTOMERS),
    row("GET /learning-objects", OWN),
    row("POST /learning-objects", [201, 201, 201, 201]),
    row("GET /learning-objects/{id}", CUSTOMERS),
    row("POST /learning-objects/{id}/set", CUSTOMERS),
    row("PUT /learning-objects/{id}/package", CUSTOMERS),
    row("GET /learning-objects/{id}/alternatives", CUSTOMERS),
    row("GET /learning-objects/{id}/impact", CUSTOMERS),
    row("GET /learning-objects/{id}/scorm", CUSTOMERS),
    row("GET /destinations", OWN),
    row("POST /destinations", [201, 201, 201, 201]),
    row("GET /destinations/{id}", CUSTOMERS),
    row("PATCH /destinations/{id}", CUSTOMERS),
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
    row("POST /v2/users/{id}/login", CUSTOMERS),
    // Everybody is somebody, but only their own portal's content can be named.
    row("POST /v2/me/login", [400, 400, 400, 200]),
    row("GET /v2/user-accounts/{id}", CUSTOMERS),
    row("GET /v2/learning-objects", OWN),
    row("GET /v2/learning-objects/{id}", CUSTOMERS),
    row("GET /v2/learning-objects/{id}/scorm", CUSTOMERS),
    // What a partner has made is offered to its customers.
    Expected { customer: 204, ..row("POST /v2/collections/{collection}/items/add", [400, 400, 400, 204]) },
    Expected { customer: 204, ..row("POST /v2/collections/{collection}/items/remove", [400, 400, 400, 204]) },
    row("GET /v2/account", OWN),
];

/// What is only its owner's to see, and has the owner's name in it.
const SECRETS: [&str; 4] = ["learner-of-", "next-learner-of-", "receiver-of-", "content-of-"];

/// An operation of somebody's things, ready to be asked for.
#[derive(PartialEq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// Stands for a body that is an uploaded package.
const PACKAGE: &str = "[package]";

/// A body as it is sent.
pub(crate) fn bytes(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) if text == PACKAGE => scorm::testing::course(&[]),
        body => body.to_string().into_bytes(),
    }
}

/// One of everything in a portal, by what names it.
#[derive(Clone)]
struct Things {
    learner: String,
    content: String,
    lo: String,
    other_lo: String,
    enrolled: String,
    webhook: String,
    delivery: String,
    event: String,
    replay: String,
    client: String,
    notice: String,
    destination: String,
    portal: String,
}

impl Things {
    /// Makes them.
    async fn make(app: &App, tenant: &Tenant, name: &str) -> Self {
        let [email, next_email, receiver, title] = SECRETS.map(|secret| format!("{secret}{name}"));
        let owner = app.as_(tenant);
        let learner = owner.learner(&format!("{email}@example.com")).await;
        let content = owner.content(&title).await;
        let other_content = owner.content(&title).await;
        let enrolled = owner.enroll(&learner, &content).await;
        let webhook = json!({"url": format!("https://{receiver}.example.com"), "event_types": ["enrollment.complete"]});
        let webhook: Value = owner.post("/webhooks", webhook).await.expect(201);
        let webhook = text(&webhook["id"]);
        let told = enrollment(&learner, &owner.content(&title).await);
        let told = told.as_object().unwrap().clone().into_iter().chain([("status".to_owned(), json!("completed"))]);
        owner.post("/enrollments", told.collect()).await.expect::<Value>(201);
        let deliveries: Value = owner.get("/deliveries").await.expect(200);
        let replay = json!({"webhook_id": webhook, "since": LONG_AGO});
        let replay: Value = owner.post("/replays", replay).await.expect(201);
        while app.store.expand_replays(10, app.clock.now()).await.unwrap() {}
        let client: Value = owner.post("/client", json!({"client_name": "spare"})).await.expect(201);
        let destination: Value = owner.post("/destinations", json!({"name": "LMS"})).await.expect(201);
        gone(app, tenant, &format!("{next_email}@example.com")).await;
        let notices: Value = owner.get("/notices").await.expect(200);
        Things {
            learner: learner.id,
            content: content.id,
            lo: content.lo_id,
            other_lo: other_content.lo_id,
            enrolled: enrolled.id,
            delivery: text(&deliveries["hits"][0]["id"]),
            event: text(&deliveries["hits"][0]["event_id"]),
            replay: text(&replay["id"]),
            client: text(&client["client_id"]),
            notice: text(&notices["hits"][0]["id"]),
            destination: text(&destination["id"]),
            portal: tenant.portal_id.to_string(),
            webhook,
        }
    }

    /// The same that are not there: their ids look alike.
    fn absent(&self) -> Self {
        let digits = |id: &str| "9".repeat(id.len().max(9));
        Things {
            learner: digits(&self.learner),
            content: absent_content(&self.content),
            lo: digits(&self.lo),
            other_lo: digits(&self.other_lo),
            enrolled: digits(&self.enrolled),
            webhook: "w".repeat(self.webhook.len()),
            delivery: digits(&self.delivery),
            event: "e".repeat(self.event.len()),
            replay: "r".repeat(self.replay.len()),
            client: "f".repeat(self.client.len()),
            notice: digits(&self.notice),
            destination: digits(&self.destination),
            portal: digits(&self.portal),
        }
    }

    fn ids(&self) -> [&str; 13] {
        let Things {
            learner,
            content,
            lo,
            other_lo,
            enrolled,
            webhook,
            delivery,
            event,
            replay,
            client,
            notice,
            destination,
            portal,
        } = self;
        [
            learner,
            content,
            lo,
            other_lo,
            enrolled,
            webhook,
            delivery,
            event,
            replay,
            client,
            notice,
            destination,
            portal,
        ]
        .map(String::as_str)
    }
}

const LONG_AGO: &str = "2020-01-01T00:00:00Z";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn absent_content(id: &str) -> String {
    id.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect()
}

/// Makes one of everything in the customer's portal, and the request of each operation for it.
pub(crate) async fn requests(app: &App) -> BTreeMap<&'static str, Request> {
    requests_for(app, &Things::make(app, &app.customer, "the-customer").await)
}

fn requests_for(app: &App, things: &Things) -> BTreeMap<&'static str, Request> {
    let credentials = json!({
        "grant_type": "client_credentials",
        "client_id": app.customer.client_id,
        "client_secret": app.customer.client_secret,
    });
    let new_webhook = json!({"url": "https://receiver.example.com", "event_types": ["enrollment.complete"]});
    let new_portal = json!({"name": "x", "domain": "[new]", "country": "AU", "industry": "x"});
    let enrollments = format!("?enrollment-id={}", things.enrolled);
    let items = json!({"lo": [things.lo]});
    let new_replay = json!({"webhook_id": things.webhook, "since": LONG_AGO});
    let new_enrollment = json!({
        "user_account_id": things.learner,
        "lo_id": things.other_lo,
        "enrollment_type": "self-directed",
        "status": "not-started",
    });
    let new_client = json!({"client_name": "x", "portal_id": things.portal});
    let none = Value::Null;
    let rows: Vec<(&str, String, Value)> = vec![
        ("POST /oauth/token", String::new(), credentials),
        ("POST /oauth/revoke", String::new(), json!({"token": "never was one"})),
        ("GET /healthz", String::new(), none.clone()),
        ("GET /readyz", String::new(), none.clone()),
        ("GET /oauth/validate", String::new(), none.clone()),
        ("GET /client", String::new(), none.clone()),
        ("POST /client", String::new(), new_client),
        ("DELETE /client/{id}", things.client.clone(), none.clone()),
        ("GET /webhooks", String::new(), none.clone()),
        ("POST /webhooks", String::new(), new_webhook),
        ("GET /webhooks/{id}", things.webhook.clone(), none.clone()),
        ("PATCH /webhooks/{id}", things.webhook.clone(), json!({"name": "x"})),
        ("DELETE /webhooks/{id}", things.webhook.clone(), none.clone()),
        ("POST /webhooks/{id}/test", things.webhook.clone(), none.clone()),
        ("GET /deliveries", String::new(), none.clone()),
        ("GET /deliveries/{id}", things.delivery.clone(), none.clone()),
        ("POST /deliveries/{id}/replay", things.delivery.clone(), none.clone()),
        ("GET /events", String::new(), none.clone()),
        ("GET /events/{id}", things.event.clone(), none.clone()),
        ("GET /enrollments/{id}/events", things.enrolled.clone(), none.clone()),
        ("POST /replays", String::new(), new_replay),
        ("GET /replays/{id}", things.replay.clone(), none.clone()),
        ("GET /notices", String::new(), none.clone()),
        ("GET /notices/{id}", things.notice.clone(), none.clone()),
        ("GET /audit-entries", String::new(), none.clone()),
        ("GET /portals", String::new(), none.clone()),
        ("POST /portals", String::new(), new_portal),
        ("GET /portals/{id}", things.portal.clone(), none.clone()),
        ("PATCH /portals/{id}", things.portal.clone(), json!({"name": "x"})),
        ("GET /user-accounts", String::new(), none.clone()),
        ("POST /user-accounts", String::new(), json!({"email": "[new]"})),
        ("GET /user-accounts/{id}", things.learner.clone(), none.clone()),
        ("PATCH /user-accounts/{id}", things.learner.clone(), json!({"given_name": "x"})),
        ("POST /user-accounts/{id}/login", things.learner.clone(), none.clone()),
        ("GET /learning-objects", String::new(), none.clone()),
        ("POST /learning-objects", String::new(), json!({"core": {"title": "x"}})),
        ("GET /learning-objects/{id}", things.content.clone(), none.clone()),
        ("POST /learning-objects/{id}/set", things.content.clone(), json!({"topics": {"items": [{"name": "x"}]}})),
        ("PUT /learning-objects/{id}/package", things.content.clone(), json!(PACKAGE)),
        ("GET /learning-objects/{id}/alternatives", things.content.clone(), none.clone()),
        ("GET /learning-objects/{id}/impact", things.content.clone(), none.clone()),
        ("GET /learning-objects/{id}/scorm", things.content.clone(), none.clone()),
        ("GET /destinations", String::new(), none.clone()),
        ("POST /destinations", String::new(), json!({"name": "x"})),
        ("GET /destinations/{id}", things.destination.clone(), none.clone()),
        ("PATCH /destinations/{id}", things.destination.clone(), json!({"name": "x"})),
        ("GET /enrollments", String::new(), none.clone()),
        ("POST /enrollments", String::new(), new_enrollment),
        ("GET /enrollments/{id}", things.enrolled.clone(), none.clone()),
        ("PATCH /enrollments/{id}", things.enrolled.clone(), json!({"status": "in-progress"})),
        ("DELETE /enrollments/{id}", things.enrolled.clone(), none.clone()),
        ("GET /v2/enrollments", String::new(), none.clone()),
        ("GET /v2/enrolments", String::new(), none.clone()),
        ("GET /v2/enrollments/{id}", things.enrolled.clone(), none.clone()),
        ("GET /v2/learning-activity", enrollments, none.clone()),
        ("GET /v2/users", String::new(), none.clone()),
        ("POST /v2/users", String::new(), json!({"email": "[new]"})),
        ("GET /v2/users/{id}", things.learner.clone(), none.clone()),
        ("POST /v2/users/{id}/login", things.learner.clone(), none.clone()),
        ("POST /v2/me/login", format!("?redirect_url=/play/{}", things.lo), none.clone()),
        ("GET /v2/user-accounts/{id}", things.learner.clone(), none.clone()),
        ("GET /v2/learning-objects", String::new(), none.clone()),
        ("GET /v2/learning-objects/{id}", things.lo.clone(), none.clone()),
        ("GET /v2/learning-objects/{id}/scorm", things.lo.clone(), none.clone()),
        ("POST /v2/collections/{collection}/items/add", String::new(), items.clone()),
        ("POST /v2/collections/{collection}/items/remove", String::new(), items),
        ("GET /v2/account", String::new(), none),
    ];
    let mut requests: BTreeMap<_, _> =
        rows.into_iter().map(|(operation, id, body)| (operation, request(operation, &id, body))).collect();
    let login = requests.get_mut("POST /v2/users/{id}/login").unwrap();
    login.path.push_str(&format!("?redirect_url=/play/{}", things.lo));
    requests
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
        let text = bytes(&body);
        caller.send(self.method.clone(), &self.path, text).await
    }
}

/// A token of the tenant with exactly these scopes.
async fn token_for(app: &App, tenant: &Tenant, scopes: Scopes) -> String {
    save(app, tenant, TokenKind::Access, scopes, app.clock.now() + SignedDuration::from_hours(1)).await
}

async fn save(app: &App, tenant: &Tenant, kind: TokenKind, scopes: Scopes, expires_at: jiff::Timestamp) -> String {
    let text = app.random.hex(64);
    let purpose = match kind {
        TokenKind::Access => ACCESS_TOKEN,
        TokenKind::Refresh => REFRESH_TOKEN,
    };
    let token = Token {
        digest: app.keyring.digest(purpose, &text),
        kind,
        client_id: tenant.client_id.parse::<ClientId>().unwrap(),
        portal_id: tenant.portal_id,
        user_account_id: tenant.administrator_id,
        scopes,
        created_at: app.clock.now(),
        expires_at,
    };
    app.store.save_tokens(vec![token]).await.unwrap();
    text
}

/// Tokens of the customer that are none, or none any more.
async fn bad_tokens(app: &App) -> Vec<(&'static str, Option<String>)> {
    let now = app.clock.now();
    let good = token_for(app, &app.customer, Scopes::all()).await;
    let tampered = |at: usize| {
        let other = if good.as_bytes()[at] == b'0' { "1" } else { "0" };
        format!("{}{other}{}", &good[..at], &good[at + 1..])
    };
    let revoked = token_for(app, &app.customer, Scopes::all()).await;
    app.anybody().post("/oauth/revoke", json!({"token": revoked})).await.expect_nothing(204);
    vec![
        ("nobody", None),
        ("an expired token", Some(save(app, &app.customer, TokenKind::Access, Scopes::all(), now).await)),
        ("a token with another first character", Some(tampered(0))),
        ("a token with another last character", Some(tampered(63))),
        ("a token that lacks its end", Some(good[..63].to_owned())),
        ("a revoked token", Some(revoked)),
        (
            "a refresh token",
            Some(
                save(app, &app.customer, TokenKind::Refresh, Scopes::all(), now + SignedDuration::from_hours(1)).await,
            ),
        ),
        ("the secret of a client", Some(app.customer.client_secret.clone())),
    ]
}

/// The scope that the description of an operation names, if it names one.
fn scope_of(operation: &Value) -> Option<Scope> {
    let scopes = operation["security"][0]["oauth2"].as_array()?;
    assert!(scopes.len() <= 1, "{operation}");
    scopes.first().map(|scope| Scope::read(scope.as_str().unwrap()).unwrap())
}

/// Somebody who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Portal {
    Customer,
    Sibling,
    Partner,
    OtherPartner,
    /// A customer of the other partner.
    Stranger,
}

const PORTALS: [Portal; 5] =
    [Portal::Stranger, Portal::OtherPartner, Portal::Partner, Portal::Sibling, Portal::Customer];

impl Portal {
    fn tenant<'a>(self, app: &'a App, stranger: &'a Tenant) -> &'a Tenant {
        match self {
            Portal::Customer => &app.customer,
            Portal::Sibling => &app.sibling,
            Portal::Partner => &app.partner,
            Portal::OtherPartner => &app.stranger,
            Portal::Stranger => stranger,
        }
    }

    fn partner(self) -> Option<Portal> {
        match self {
            Portal::Customer | Portal::Sibling => Some(Portal::Partner),
            Portal::Partner | Portal::OtherPartner => None,
            Portal::Stranger => Some(Portal::OtherPartner),
        }
    }
}

impl Expected {
    /// What a good token with the scope gets for a thing of `owner`'s; none for one that is not there.
    fn status(&self, caller: Portal, owner: Option<Portal>) -> u16 {
        let Some(owner) = owner else { return self.other_partner };
        if caller == owner {
            self.owner
        } else if owner.partner() == Some(caller) {
            self.partner
        } else if caller.partner() == Some(owner) {
            self.customer
        } else if caller.partner().is_some() && caller.partner() == owner.partner() {
            self.sibling
        } else {
            self.other_partner
        }
    }

    /// What anybody gets where nothing is named: they are no different from the customer but for being its partner.
    fn status_of_list(&self, caller: Portal) -> u16 {
        match caller {
            Portal::Customer => self.owner,
            Portal::Sibling | Portal::Stranger => self.sibling,
            Portal::Partner => self.partner,
            Portal::OtherPartner => self.other_partner,
        }
    }
}

/// Everybody and everything that there is.
struct Cast {
    app: App,
    stranger: Tenant,
    bad_tokens: Vec<(&'static str, Option<String>)>,
    read_only: String,
    /// By their owners; the last are not there.
    things: Vec<(Option<Portal>, Things)>,
    cells: u64,
    served: u64,
    compared: u64,
}

impl Cast {
    async fn new() -> Self {
        let limits = LimitSettings { failures_per_min: None, ..LimitSettings::default() };
        let app = App::with(Settings { limits, ..Settings::default() }).await;
        let stranger = app.tenant("outsider", Some(app.stranger.portal_id)).await;
        let mut things = Vec::new();
        for owner in PORTALS {
            let made = Things::make(&app, owner.tenant(&app, &stranger), &format!("{owner:?}").to_lowercase()).await;
            things.push((Some(owner), made));
        }
        things.push((None, things[0].1.absent()));
        let bad_tokens = bad_tokens(&app).await;
        let read_only = Scope::ALL.into_iter().filter(|scope| scope.as_str().ends_with(".read")).collect();
        let read_only = token_for(&app, &app.customer, read_only).await;
        Cast { app, stranger, bad_tokens, read_only, things, cells: 0, served: 0, compared: 0 }
    }

    /// Everybody asks for everybody's thing: first whoever must not have it, its owner last.
    async fn meet(&mut self, expected: &Expected, description: &Value) {
        let scope = scope_of(description);
        let others = Scope::ALL.into_iter().filter(|other| Some(*other) != scope).collect();
        let without_scope = token_for(&self.app, &self.app.customer, others).await;
        let alone: Scopes = scope.into_iter().collect();
        let is_read = scope.is_none_or(|scope| scope.as_str().ends_with(".read"));
        let things = self.things.clone();
        let (_, absent_things) = &things[things.len() - 1];
        let absent = self.request(expected.operation, absent_things);
        let names_nothing = things.iter().all(|(_, things)| self.request(expected.operation, things) == absent);
        for (owner, things) in if names_nothing { &things[..1] } else { &things[..] } {
            let request = self.request(expected.operation, things);
            let status =
                |caller| if names_nothing { expected.status_of_list(caller) } else { expected.status(caller, *owner) };
            for (caller, token) in self.bad_tokens.clone() {
                self.check(expected, caller, &request.ask(&self.app, token.as_deref()).await, expected.nobody);
            }
            let answer = request.ask(&self.app, Some(&without_scope)).await;
            let is_needed = scope.is_some();
            let lacking = if is_needed { expected.without_scope } else { status(Portal::Customer) };
            self.check(expected, "the customer without the scope", &answer, lacking);
            let answer = request.ask(&self.app, Some(&self.read_only)).await;
            let reading = if is_read { status(Portal::Customer) } else { expected.without_scope };
            self.check(expected, "the customer with scopes to read", &answer, reading);
            let mut callers = PORTALS;
            callers.sort_by_key(|caller| Some(*caller) == *owner);
            for caller in callers {
                let token = token_for(&self.app, caller.tenant(&self.app, &self.stranger), alone).await;
                // What another has and what is not there look the same, to whoever may not know of either.
                if !names_nothing && status(caller) == expected.other_partner && status(caller) >= 400 {
                    let of_absent = absent.ask(&self.app, Some(&token)).await;
                    let answer = request.ask(&self.app, Some(&token)).await;
                    assert_eq!(
                        anonymous(&answer, things),
                        anonymous(&of_absent, absent_things),
                        "{} as {caller:?} for {owner:?}",
                        expected.operation
                    );
                    self.compared += 1;
                }
                let answer = request.ask(&self.app, Some(&token)).await;
                self.check(expected, &format!("{caller:?} for a thing of {owner:?}"), &answer, status(caller));
                let is_told = expected.nobody < 400 || Some(caller) == *owner || names_nothing;
                if let (false, Some(owner)) = (is_told, owner) {
                    let name = format!("{owner:?}").to_lowercase();
                    let shown = SECRETS.iter().find(|secret| answer.text.contains(&format!("{secret}{name}")));
                    assert_eq!(shown, None, "{} to {caller:?}: {}", expected.operation, answer.text);
                }
            }
        }
    }

    fn request(&self, operation: &str, things: &Things) -> Request {
        requests_for(&self.app, things).remove(operation).unwrap_or_else(|| panic!("no request for {operation}"))
    }

    #[track_caller]
    fn check(&mut self, expected: &Expected, caller: &str, answer: &Answer, status: u16) {
        assert_eq!(answer.status, status, "{} as {caller}: {}", expected.operation, answer.text);
        if status == 401 {
            let message = &answer.json()["message"];
            let wanted = if caller.contains("scope") { "Missing scopes" } else { "Invalid credentials." };
            assert_eq!(message, wanted, "{} as {caller}", expected.operation);
        }
        self.cells += 1;
        self.served += u64::from(status < 400);
    }
}

/// An answer without what names it and what it names.
fn anonymous(answer: &Answer, things: &Things) -> (u16, Vec<(String, String)>, String) {
    let mut body = serde_json::from_str(&answer.text).unwrap_or(json!({"not JSON": answer.text}));
    body["ref"] = Value::Null;
    let ids = things.ids();
    let body = body.to_string();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let words = body.split_inclusive(|letter| !is_part(letter)).map(|word| {
        let end = word.find(|letter| !is_part(letter)).unwrap_or(word.len());
        if ids.contains(&&word[..end]) { format!("…{}", &word[end..]) } else { word.to_owned() }
    });
    let body = words.collect();
    // The length is that of the id.
    let headers = answer.headers.iter().filter(|(name, _)| *name != "content-length");
    (answer.status, headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(), body)
}

#[tokio::test]
async fn everybody_gets_what_the_table_says() {
    let description = serde_json::to_value(gateway::router::openapi()).unwrap();
    let mut table: BTreeMap<&str, &Expected> = EXPECTED.iter().map(|expected| (expected.operation, expected)).collect();
    assert_eq!(table.len(), EXPECTED.len());
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let expected = table.remove(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table"));
            assert_eq!(operation["security"].is_array(), expected.nobody >= 400, "{name}");
            operations.push((method.as_str(), expected, operation));
        }
    }
    assert!(table.is_empty(), "not in the description: {:?}", table.keys());
    // What is deleted is not there for what comes after.
    operations.sort_by_key(|(method, ..)| ["get", "post", "patch", "delete"].iter().position(|known| known == method));
    let mut cast = Cast::new().await;
    for (_, expected, operation) in &operations {
        cast.meet(expected, operation).await;
    }
    let progress = format!(
        "{} of them served over {} operations; {} refusals the same as for what is not there",
        cast.served,
        operations.len(),
        cast.compared
    );
    proof::held("S5", "callers, operations and owners of what they name", cast.cells, progress);
}

#[tokio::test]
async fn a_table_that_is_wrong_is_found() {
    // The control: a sibling who is said to see what is not its own, and one who is said not to see what is.
    let description = serde_json::to_value(gateway::router::openapi()).unwrap();
    let operation = &description["paths"]["/webhooks/{id}"]["get"];
    for statuses in [[200, 404, 404, 200], [404, 404, 404, 404]] {
        let operation = operation.clone();
        let met = tokio::spawn(async move {
            Cast::new().await.meet(&row("GET /webhooks/{id}", statuses), &operation).await;
        });
        assert!(met.await.is_err_and(|error| error.is_panic()));
    }
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
