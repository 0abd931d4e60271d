//! Fields that are the server's own, in the bodies of callers: every name in any answer of the description, and every column of the
//! database, beside a valid body of each operation that takes one.
//!
//! Time and randomness repeat, so what is stored for a body with such fields can be compared with what is stored without them.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::{Map, Value, json};
use sqlite::rusqlite::Connection;
use sqlite::rusqlite::types::ValueRef;

use crate::app::App;
use crate::authorization;

/// Follows the description, wherever it leads, and hands over every schema.
fn walk(description: &Value, from: &Value, seen: &mut BTreeSet<String>, found: &mut impl FnMut(&Map<String, Value>)) {
    match from {
        Value::Object(object) => {
            if let Some(path) = object.get("$ref").and_then(Value::as_str) {
                if seen.insert(path.to_owned()) {
                    let there = description.pointer(path.trim_start_matches('#')).unwrap();
                    walk(description, there, seen, found);
                }
                return;
            }
            if let Some(Value::Object(properties)) = object.get("properties") {
                found(properties);
            }
            object.values().for_each(|value| walk(description, value, seen, found));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(description, value, seen, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn properties(description: &Value, from: &Value) -> BTreeMap<String, Value> {
    let mut properties = BTreeMap::new();
    walk(description, from, &mut BTreeSet::new(), &mut |found| properties.extend(found.clone()));
    properties
}

/// A value that would do for such a field, of somebody else's where it names anything.
fn planted(app: &App, name: &str, schema: &Value) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned().unwrap_or(Value::Null),
        kind => kind.clone(),
    };
    match (name, kind.as_str()) {
        ("portal_id" | "partner_id", _) => json!(app.sibling.portal_id.to_string()),
        ("client_id", _) => json!(app.sibling.client_id),
        ("created_by" | "updated_by" | "user_id" | "user_account_id", _) => {
            json!(app.sibling.administrator_id.to_string())
        }
        (name, _) if name.ends_with("_time") || name.ends_with("_at") => json!("2001-02-03T04:05:06.789Z"),
        (_, Some("integer" | "number")) => json!(987_654_321),
        (_, Some("boolean")) => json!(true),
        (_, Some("array")) => json!(["planted"]),
        (_, Some("object")) => json!({"planted": "planted"}),
        (_, _) => json!("planted"),
    }
}

/// Every column of every table.
fn columns(database: &Connection) -> BTreeSet<String> {
    let sql = "SELECT columns.name FROM sqlite_schema tables, pragma_table_info(tables.name) columns WHERE tables.type = 'table'";
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// All that is stored, but for what is sealed, which never looks the same twice, and for when the tables were made.
fn stored(app: &App) -> BTreeSet<String> {
    let database = database(app);
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migrations'";
    let tables: Vec<String> =
        database.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = BTreeSet::new();
    for table in tables {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells = names.iter().enumerate().map(|(i, name)| match row.get_ref(i).unwrap() {
                ValueRef::Null => format!("{name}=-"),
                ValueRef::Integer(number) => format!("{name}={number}"),
                ValueRef::Real(number) => format!("{name}={number}"),
                ValueRef::Text(text) => format!("{name}={}", String::from_utf8_lossy(text)),
                ValueRef::Blob(_) => format!("{name}=…"),
            });
            all.insert(format!("{table}: {}", cells.collect::<Vec<_>>().join(" ")));
        }
    }
    all
}

fn database(app: &App) -> Connection {
    Connection::open(app.folder.path().join("schoolbell.db")).unwrap()
}

/// Puts the fields into every object of a body, where they are not there already.
fn plant(body: &Value, fields: &Map<String, Value>) -> Value {
    match body {
        Value::Object(object) => {
            let own = object.iter().map(|(name, value)| (name.clone(), plant(value, fields)));
            let mut planted = fields.clone();
            planted.extend(own);
            Value::Object(planted)
        }
        Value::Array(values) => Value::Array(values.iter().map(|value| plant(value, fields)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => body.clone(),
    }
}

/// What came of an operation.
struct Done {
    status: u16,
    text: String,
    before: BTreeSet<String>,
    after: BTreeSet<String>,
}

/// The operation in a world of its own, with the fields in its body.
async fn carry_out(operation: &str, fields: impl FnOnce(&App) -> Map<String, Value>) -> Done {
    let app = App::new().await;
    let request = authorization::requests(&app).await.remove(operation).unwrap();
    let body = plant(&request.body, &fields(&app)).to_string();
    let body = body.replace("[new]", if operation == "POST /portals" { "new.example.com" } else { "new@example.com" });
    let before = stored(&app);
    let answer = app.as_(&app.customer_or_partner(operation)).send(request.method, &request.path, body).await;
    Done { status: answer.status, text: answer.text, before, after: stored(&app) }
}

impl App {
    /// Who may carry the operation out.
    fn customer_or_partner(&self, operation: &str) -> crate::app::Tenant {
        let only_partners = operation == "POST /portals";
        if only_partners { self.partner.clone() } else { self.customer.clone() }
    }
}

/// Whether the fields are ignored, or refused and nothing is stored.
async fn is_safe(
    operation: &str,
    without: &Done,
    fields: impl FnOnce(&App) -> Map<String, Value>,
) -> Result<bool, String> {
    let with = carry_out(operation, fields).await;
    let is_refused = (400..500).contains(&with.status);
    let (expected, there) = if is_refused { (&with.before, &with.after) } else { (&without.after, &with.after) };
    if let Some(row) = there.symmetric_difference(expected).next() {
        return Err(format!("{operation}: {row}"));
    }
    if !is_refused && with.text != without.text {
        return Err(format!("{operation}: {} instead of {}", with.text, without.text));
    }
    Ok(!is_refused)
}

#[tokio::test]
#[ignore = "cargo xtask prove"]
async fn what_is_the_servers_own_is_never_taken_from_a_caller() {
    let description = serde_json::to_value(gateway::router::openapi()).unwrap();
    let mut answered = BTreeMap::new();
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            answered.extend(properties(&description, &operation["responses"]));
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = &operation["requestBody"];
            // An archive has no fields.
            if body.is_object() && body["content"].get("application/zip").is_none() {
                operations.push((format!("{method} {path}"), properties(&description, body)));
            }
        }
    }
    for column in columns(&database(&App::new().await)) {
        answered.entry(column).or_insert_with(|| json!({"type": "string"}));
    }
    let (mut tried, mut ignored, mut refused) = (0, 0, 0);
    for (operation, taken) in &operations {
        let without = carry_out(operation, |_| Map::new()).await;
        assert!(without.status < 400, "{operation}: {}", without.text);
        let again = carry_out(operation, |_| Map::new()).await;
        assert_eq!(
            (again.after, again.text),
            (without.after.clone(), without.text.clone()),
            "{operation} does not repeat"
        );
        let own: Vec<_> = answered.iter().filter(|(name, _)| !taken.contains_key(*name)).collect();
        let all = |app: &App| own.iter().map(|(name, schema)| ((*name).clone(), planted(app, name, schema))).collect();
        tried += own.len() as u64;
        if is_safe(operation, &without, all).await.unwrap() {
            ignored += own.len();
            continue;
        }
        for (name, schema) in own {
            let one = |app: &App| Map::from_iter([(name.clone(), planted(app, name, schema))]);
            match is_safe(operation, &without, one).await.unwrap() {
                true => ignored += 1,
                false => refused += 1,
            }
        }
    }
    // The control: a field that is the caller's is stored, and that is seen.
    let without = carry_out("POST /webhooks", |_| Map::new()).await;
    let name = |_: &App| Map::from_iter([("name".to_owned(), json!("planted"))]);
    let seen = is_safe("POST /webhooks", &without, name).await.unwrap_err();
    assert!(seen.starts_with("POST /webhooks: audit_entries:"), "the first table that has it: {seen}");
    let progress = format!("{ignored} ignored, {refused} refused; {} operations did what was asked", operations.len());
    proof::held("S6", "fields of the server's in bodies", tried, progress);
}
