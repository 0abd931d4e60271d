//! Who did what: the entry of each management action, and who reads it. Ours.

use contract::api::audit::{AuditActor, AuditChange, AuditEntry};
use contract::api::page::Page;
use domain::change::Change;
use domain::oauth::{Scope, Scopes};
use domain::user_account::Role;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Caller, Tenant};
use crate::authorization;
use crate::deliveries::{give_up, told};

/// What an operation leaves in the log.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    /// One entry of this action.
    Entry(&'static str),
    /// None, for this reason.
    Nothing(&'static str),
}

use Leaves::{Entry, Nothing};

const PROGRESS: &str = "what learners do is told by events";

/// Every operation that writes. A new one must say here what it leaves.
const WRITING: &[(&str, Leaves)] = &[
    ("POST /oauth/token", Nothing("a token is no change, and every program asks for them all day")),
    ("POST /oauth/revoke", Nothing("whoever has a token may end it, and need not say who they are")),
    ("POST /client", Entry("oauth_client.create")),
    ("DELETE /client/{id}", Entry("oauth_client.revoke")),
    ("POST /webhooks", Entry("webhook.create")),
    ("PATCH /webhooks/{id}", Entry("webhook.update")),
    ("DELETE /webhooks/{id}", Entry("webhook.delete")),
    ("POST /webhooks/{id}/test", Entry("webhook.test")),
    ("POST /deliveries/{id}/replay", Entry("delivery.replay")),
    ("POST /replays", Entry("replay.create")),
    ("POST /portals", Entry("portal.create")),
    ("PATCH /portals/{id}", Entry("portal.update")),
    ("POST /user-accounts", Entry("user_account.create")),
    ("PATCH /user-accounts/{id}", Entry("user_account.update")),
    ("POST /user-accounts/{id}/login", Entry("user_account.login")),
    ("POST /v2/users/{id}/login", Entry("user_account.login")),
    ("POST /v2/me/login", Entry("user_account.login")),
    ("POST /learning-objects", Entry("learning_object.create")),
    ("POST /learning-objects/{id}/set", Entry("learning_object.update")),
    ("PUT /learning-objects/{id}/package", Entry("learning_object.update")),
    ("POST /destinations", Entry("destination.create")),
    ("PATCH /destinations/{id}", Entry("destination.update")),
    ("POST /enrollments", Nothing(PROGRESS)),
    ("PATCH /enrollments/{id}", Nothing(PROGRESS)),
    ("DELETE /enrollments/{id}", Nothing(PROGRESS)),
    ("POST /v2/users", Entry("user_account.create")),
    ("POST /v2/collections/{collection}/items/add", Entry("library.add")),
    ("POST /v2/collections/{collection}/items/remove", Entry("library.remove")),
];

/// The operations of the description that write.
fn writing_operations() -> Vec<String> {
    let description = serde_json::to_value(gateway::router::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap().clone();
    let named = paths.into_iter().flat_map(|(path, methods)| {
        let methods: Vec<String> = methods.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        methods.into_iter().map(move |method| format!("{method} {path}"))
    });
    named.filter(|name| !name.starts_with("GET ") && !name.starts_with("HEAD ")).collect()
}

async fn entries(caller: &Caller<'_>, query: &str) -> Vec<AuditEntry> {
    caller.get(&format!("/audit-entries{query}")).await.expect::<Page<AuditEntry>>(200).hits
}

async fn newest(caller: &Caller<'_>) -> AuditEntry {
    entries(caller, "").await.remove(0)
}

/// Of every portal that these tests act in.
async fn total(app: &App) -> u64 {
    let seen = app.as_(&app.partner).get("/audit-entries?limit=0").await;
    seen.expect::<Page<AuditEntry>>(200).total
}

/// Who may carry it out: only a partner has customers.
fn owner<'a>(app: &'a App, operation: &str) -> &'a Tenant {
    if operation == "POST /portals" { &app.partner } else { &app.customer }
}

/// Carries an operation out in the customer's portal, twice with one key if it takes one.
async fn carry_out(app: &App, operation: &str, is_keyed: bool) -> Answer {
    let mut requests = authorization::requests(app).await;
    let mut request = requests.remove(operation).unwrap_or_else(|| panic!("no request for {operation}"));
    if operation == "POST /deliveries/{id}/replay" {
        request.path = format!("/deliveries/{}/replay", given_up(app).await);
    }
    let body = match String::from_utf8(authorization::bytes(&request.body)) {
        Ok(text) => {
            let text = text.replace("\"domain\":\"[new]\"", "\"domain\":\"new.example.com\"");
            text.replace("[new]", "new@example.com").into_bytes()
        }
        Err(archive) => archive.into_bytes(),
    };
    let before = total(app).await;
    let mut caller = app.as_(owner(app, operation));
    if is_keyed {
        caller = caller.header("Idempotency-Key", "key");
        caller.send(request.method.clone(), &request.path, body.clone()).await;
    }
    let answer = caller.send(request.method.clone(), &request.path, body).await;
    assert!(answer.status < 300, "{operation}: {} {}", answer.status, answer.text);
    assert_eq!(is_keyed, answer.header("idempotent-replayed").is_some(), "{operation}");
    let left = total(app).await - before;
    let (_, expected) = WRITING.iter().find(|(name, _)| *name == operation).unwrap();
    match expected {
        Entry(action) => {
            assert_eq!(left, 1, "{operation}");
            let told = newest(&app.as_(&app.partner)).await;
            assert_eq!((told.action.as_str(), told.channel.as_str()), (*action, "api"), "{operation}");
            assert_eq!(told.actor.id.as_ref(), Some(&owner(app, operation).client_id), "{operation}");
        }
        Nothing(why) => assert_eq!(left, 0, "{operation}: {why}"),
    }
    answer
}

/// A delivery to a webhook of the customer that was given up.
async fn given_up(app: &App) -> String {
    let webhook_id = told(app, &app.customer).await;
    give_up(app, &webhook_id).await;
    let customer = app.as_(&app.customer);
    let listed: Value = customer.get(&format!("/deliveries?webhook_id={webhook_id}")).await.expect(200);
    listed["hits"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_management_action_leaves_one_entry() {
    let mut named: Vec<&str> = WRITING.iter().map(|(operation, _)| *operation).collect();
    let mut described = writing_operations();
    named.sort_unstable();
    described.sort_unstable();
    assert_eq!(named, described, "an operation that writes says in WRITING what it leaves in the log");
    for (operation, _) in WRITING {
        carry_out(&App::new().await, operation, false).await;
    }
}

#[tokio::test]
async fn a_request_that_comes_again_with_its_key_leaves_one_entry() {
    let keyed = |operation: &str| operation.starts_with("POST ") && !operation.starts_with("POST /oauth");
    for (operation, _) in WRITING.iter().filter(|(operation, _)| keyed(operation)) {
        carry_out(&App::new().await, operation, true).await;
    }
}

#[tokio::test]
async fn a_destination_that_is_made_at_need_leaves_one_entry() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let before = total(&app).await;
    for _ in 0..2 {
        assert_eq!(customer.get(&format!("/learning-objects/{}/scorm", content.id)).await.status, 200);
    }
    assert_eq!(total(&app).await, before + 1);
    let told = newest(&customer).await;
    assert_eq!((told.action.as_str(), told.subject.name.as_deref()), ("destination.create", Some("Default")));
}

/// Asks for what is refused.
async fn refuse(caller: &Caller<'_>, method: &str, path: &str, body: Value, status: u16) {
    let answer = caller.send(method.parse().unwrap(), path, body.to_string()).await;
    assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
}

#[tokio::test]
async fn what_is_refused_leaves_none() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let webhook_id = told(&app, &app.customer).await;
    let pending: Value = customer.get(&format!("/deliveries?webhook_id={webhook_id}")).await.expect(200);
    let pending = format!("/deliveries/{}/replay", pending["hits"][0]["id"].as_str().unwrap());
    let replay = json!({"webhook_id": webhook_id, "since": "2020-01-01T00:00:00Z"});
    customer.post("/replays", replay.clone()).await.expect::<Value>(201);
    let before = total(&app).await;
    refuse(&customer, "POST", "/webhooks", json!({"url": "https://a.example.com", "event_types": []}), 400).await;
    refuse(&customer, "PATCH", "/webhooks/hg4JWUDbT55B", json!({"name": "x"}), 404).await;
    refuse(&customer, "POST", "/user-accounts", json!({"email": "grace@example.com"}), 409).await;
    refuse(&customer, "DELETE", &format!("/client/{}", app.partner.client_id), Value::Null, 404).await;
    refuse(&customer, "POST", &pending, Value::Null, 409).await;
    refuse(&customer, "POST", "/replays", replay, 409).await;
    refuse(&customer, "POST", "/portals", json!({"name": "x", "domain": "x.example.com"}), 403).await;
    for _ in 0..10 {
        customer.post(&format!("/webhooks/{webhook_id}/test"), Value::Null).await.expect::<Value>(201);
    }
    refuse(&customer, "POST", &format!("/webhooks/{webhook_id}/test"), Value::Null, 400).await;
    assert_eq!(total(&app).await, before + 10);
}

/// What the newest entry says of fields: name, before, after.
async fn changed(caller: &Caller<'_>) -> Vec<(String, Option<String>, Option<String>)> {
    let changes = newest(caller).await.changes.into_iter();
    changes.map(|AuditChange { field, from, to }| (field, from, to)).collect()
}

fn change(field: &str, from: Option<&str>, to: Option<&str>) -> (String, Option<String>, Option<String>) {
    (field.to_owned(), from.map(str::to_owned), to.map(str::to_owned))
}

#[tokio::test]
async fn an_entry_says_who_when_and_what_changed_and_no_secret() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let asked = json!({
        "name": "Orders", "url": "https://receiver.example.com/in?key=s3cret", "secret_key": "s3cret",
        "event_types": ["enrollment.complete"], "headers": {"X-Key": "s3cret"}, "auth_type": "oauth2",
        "oauth2": {
            "grant_type": "client_credentials", "client_id": "we", "client_secret": "s3cret",
            "authentication_server_url": "https://login.example.com/?key=s3cret",
        },
    });
    let webhook: Value = partner.post("/webhooks", asked).await.expect(201);
    let path = format!("/webhooks/{}", webhook["id"].as_str().unwrap());
    let made = newest(&partner).await;
    assert_eq!(json!(made.time), webhook["created_time"]);
    assert_eq!((made.subject.kind.as_str(), &json!(made.subject.id)), ("webhook", &webhook["id"]));
    assert_eq!(made.subject.name.as_deref(), Some("Orders"));
    assert_eq!(made.portal_id, app.partner.portal_id.to_string());
    let actor = AuditActor {
        kind: "client".to_owned(),
        id: Some(app.partner.client_id.clone()),
        name: Some("test".to_owned()),
        portal_id: Some(app.partner.portal_id.to_string()),
        user_account_id: Some(app.partner.administrator_id.to_string()),
    };
    assert_eq!(made.actor, actor);
    for (body, expected) in [
        (json!({"status": "paused"}), change("status", Some("active"), Some("paused"))),
        (json!({"status": "inactive"}), change("status", Some("paused"), Some("inactive"))),
        (json!({"secret_key": "s3cret2"}), change("secret_key", Some("set"), Some("changed"))),
        (json!({"secret_key": null}), change("secret_key", Some("set"), None)),
        (json!({"headers": {"X-Key": "s3cret2"}}), change("headers", Some("X-Key"), Some("X-Key (changed)"))),
        (json!({"name": "Bills"}), change("name", Some("Orders"), Some("Bills"))),
    ] {
        partner.patch(&path, body).await.expect::<Value>(200);
        assert_eq!(changed(&partner).await, [expected]);
    }
    partner.delete(&path).await.expect_nothing(204);
    let ended = changed(&partner).await;
    assert!(ended.contains(&change("oauth2.client_secret", Some("set"), None)), "{ended:?}");
    let client: Value = partner.post("/client", json!({"client_name": "spare"})).await.expect(201);
    let all = partner.get("/audit-entries?limit=100").await;
    assert!(
        !all.text.contains("s3cret") && !all.text.contains(client["client_secret"].as_str().unwrap()),
        "{}",
        all.text
    );
}

#[tokio::test]
async fn short_notice_that_was_forced_is_said_to_be() {
    let app = App::new().await;
    let partner = app.as_(&app.partner);
    let set = async |removed_time: &str, force: bool| {
        let content = partner.content("Fire safety").await;
        let asked = json!({"lifecycle": {"pending_state": {"removed_time": removed_time}, "force": force}});
        partner.post(&format!("/learning-objects/{}/set", content.id), asked).await.expect::<Value>(200);
        assert_eq!(newest(&partner).await.action, "learning_object.flag");
        changed(&partner).await.contains(&change("lifecycle.force", None, Some("true")))
    };
    assert!(set("2022-04-10T00:00:00Z", true).await);
    // Nothing had to be forced here.
    assert!(!set("2022-09-10T00:00:00Z", true).await);
    assert!(!set("2022-09-10T00:00:00Z", false).await);
}

#[tokio::test]
async fn a_partner_reads_its_own_and_its_customers_entries() {
    let app = App::new().await;
    for tenant in [&app.partner, &app.customer, &app.sibling, &app.stranger] {
        app.as_(tenant).content("Fire safety").await;
    }
    let seen = async |tenant: &Tenant, query: &str| {
        let listed = entries(&app.as_(tenant), query).await.into_iter();
        listed.map(|entry| entry.portal_id).collect::<Vec<_>>()
    };
    let [partner, customer, sibling, stranger] =
        [&app.partner, &app.customer, &app.sibling, &app.stranger].map(|tenant| tenant.portal_id.to_string());
    assert_eq!(seen(&app.partner, "").await, [sibling.clone(), customer.clone(), partner.clone()]);
    assert_eq!(seen(&app.customer, "").await, std::slice::from_ref(&customer));
    assert_eq!(seen(&app.stranger, "").await, std::slice::from_ref(&stranger));
    assert_eq!(seen(&app.partner, &format!("?portal_id={sibling}")).await, std::slice::from_ref(&sibling));
    for (tenant, other) in [(&app.customer, &sibling), (&app.customer, &partner), (&app.partner, &stranger)] {
        assert_eq!(seen(tenant, &format!("?portal_id={other}")).await, Vec::<String>::new());
    }
    // What a partner does to its customer, the customer sees, and by whom.
    let asked = json!({"client_name": "ours", "portal_id": customer});
    app.as_(&app.partner).post("/client", asked).await.expect::<Value>(201);
    let told = newest(&app.as_(&app.customer)).await;
    assert_eq!((told.action.as_str(), told.actor.portal_id), ("oauth_client.create", Some(partner)));
}

/// A token of the customer's with these scopes that acts through an account with this role.
async fn token(app: &App, role: Role, scopes: &[Scope]) -> String {
    let customer = app.as_(&app.customer);
    let account = customer.learner(&format!("{}@example.com", app.random.hex(8))).await;
    let id = account.id.parse().unwrap();
    let mut account = app.store.find_user_account(app.customer.portal_id, id).await.unwrap().unwrap();
    account.roles = vec![role];
    app.store.save_user_account(Change::silent(account)).await.unwrap();
    let scopes: Scopes = scopes.iter().copied().collect();
    let (client_id, secret) = app.client(app.customer.portal_id, id, scopes).await;
    app.token(&client_id, &secret, None).await
}

#[tokio::test]
async fn the_log_is_for_administrators() {
    let app = App::new().await;
    for role in Role::ALL {
        let reader = token(&app, role, &[Scope::PortalRead]).await;
        let answer = app.with_token(&reader).get("/audit-entries").await;
        match role {
            Role::Administrator => drop(answer.expect::<Value>(200)),
            Role::Learner | Role::Manager | Role::ContentAdministrator => {
                answer.expect_refusal(403, "for administrators");
            }
        }
    }
    let without = token(&app, Role::Administrator, &[Scope::UserRead]).await;
    app.with_token(&without).get("/audit-entries").await.expect_refusal(401, "Missing scopes");
}

#[tokio::test]
async fn what_is_of_people_is_for_those_who_may_read_accounts() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let learner = customer.learner("grace@example.com").await;
    customer.patch(&format!("/user-accounts/{}", learner.id), json!({"status": false})).await.expect::<Value>(200);
    let status = change("status", Some("active"), Some("blocked"));
    assert_eq!(changed(&customer).await, [status]);
    let reader = app.with_token(&token(&app, Role::Administrator, &[Scope::PortalRead]).await);
    let of_learner = format!("/audit-entries?subject_id={}", learner.id);
    let told: Page<AuditEntry> = reader.get(&of_learner).await.expect(200);
    assert_eq!((told.total, told.hits[0].changes[0].field.as_str()), (2, "status"));
    let told = reader.get(&of_learner).await.text;
    assert!(!told.contains("grace") && !told.contains("blocked"), "{told}");
    assert!(customer.get(&of_learner).await.text.contains("grace@example.com"));
}

#[tokio::test]
async fn entries_are_found_by_who_and_what() {
    let app = App::new().await;
    let customer = app.as_(&app.customer);
    let content = customer.content("Fire safety").await;
    let webhook_id = told(&app, &app.customer).await;
    let find = async |query: &str| {
        let found = entries(&customer, query).await.into_iter();
        found.map(|entry| entry.action).collect::<Vec<_>>()
    };
    let webhook = ["webhook.create"];
    assert_eq!(find(&format!("?subject_id={webhook_id}")).await, webhook);
    assert_eq!(find("?action=webhook").await, webhook);
    assert_eq!(find("?action=webhook.create").await, webhook);
    assert_eq!(find(&format!("?action=learning_object&subject_id={}", content.lo_id)).await.len(), 1);
    assert_eq!(find("?action=webhook.delete").await, Vec::<String>::new());
    let all = find("").await.len();
    assert!(all >= 3, "{all}");
    assert_eq!(find(&format!("?actor={}", app.customer.client_id)).await.len(), all);
    assert_eq!(find(&format!("?actor={}", app.customer.administrator_id)).await.len(), all);
    assert_eq!(find(&format!("?actor={}", app.partner.client_id)).await.len(), 0);
    assert_eq!(find("?since=2022-03-29&until=2022-03-29").await.len(), all);
    assert_eq!(find("?since=2022-03-30").await.len(), 0);
    assert_eq!(find("?until=2022-03-28").await.len(), 0);
    customer.get("/audit-entries?action=webhook.destroy").await.expect_field("action", "webhook.update");
    customer.get("/audit-entries?portal_id=x").await.expect_field("portal_id", "decimal number");
    customer.get("/audit-entries?since=yesterday").await.expect_field("since", "not an instant");
    customer.get("/audit-entries?limit=101").await.expect_field("limit", "at most 100");
}
