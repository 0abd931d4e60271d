//! Commands and configuration.

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Sandbox, json, schoolbell};

#[tokio::test]
async fn the_sandbox_prints_what_scripts_start_from() {
    let sandbox = Sandbox::fill().await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&sandbox.made), ["customers", "hub", "learning_objects", "partner"]);
    assert_eq!(keys(&sandbox.made["hub"]), ["email", "password", "url"]);
    assert_eq!(keys(&sandbox.made["partner"]), ["client_id", "client_secret", "portal_id"]);
    let customers = sandbox.made["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 2);
    for customer in customers {
        assert_eq!(keys(customer), ["client_id", "client_secret", "portal_id", "user_account_ids"]);
        assert_eq!(customer["user_account_ids"].as_array().unwrap().len(), 2);
    }
    let content = sandbox.made["learning_objects"].as_array().unwrap();
    assert_eq!(content.len(), 3);
    assert!(content.iter().all(|lo| keys(lo) == ["id", "lo_id"]));
}

#[tokio::test]
async fn a_folder_that_is_not_empty_is_not_filled_again() {
    let sandbox = Sandbox::fill().await;
    let output = schoolbell(&["sandbox", "--json", "--data", sandbox.data().to_str().unwrap()]).await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("3 portals already"), "{error}");
}

#[tokio::test]
async fn the_operator_makes_portals_clients_and_users() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("new");
    let admin = async |arguments: &[&str]| {
        json(&[&["admin", "--json", "--data", data.to_str().unwrap()], arguments].concat()).await
    };
    let partner = admin(&["portal", "create", "--name", "Acme", "--domain", "acme.example.com"]).await;
    let partner_id = partner["id"].as_str().unwrap();
    let customer = ["portal", "create", "--name", "Customer", "--domain", "c.example.com", "--partner", partner_id];
    let customer = admin(&customer).await;
    assert_eq!(customer["partner_portal_id"], partner_id);
    let client = admin(&["client", "create", "--portal", partner_id, "--scope", "webhook.read"]).await;
    assert_eq!(client["client_secret"].as_str().unwrap().len(), 40);
    let listed = admin(&["client", "list", "--portal", partner_id]).await;
    assert_eq!(listed[0]["client_id"], client["client_id"]);
    assert_eq!(listed[0].get("client_secret"), None);
    let customer_id = customer["id"].as_str().unwrap();
    admin(&["user", "create", "--portal", customer_id, "--email", "ada@example.com"]).await;
    let users = admin(&["user", "list", "--portal", customer_id]).await;
    assert_eq!(users.as_array().unwrap().len(), 2, "the administrator and Ada");
    let id = client["client_id"].as_str().unwrap();
    admin(&["client", "revoke", "--portal", partner_id, "--client", id]).await;
    assert_eq!(admin(&["client", "list", "--portal", partner_id]).await, Value::Array(vec![]));
}

#[tokio::test]
async fn the_operator_lists_content_that_ends_and_takes_a_retire_date_back() {
    let sandbox = Sandbox::fill().await;
    let (data, portal) = (sandbox.data(), sandbox.text("/partner/portal_id"));
    let [first, second] = ["/learning_objects/0/lo_id", "/learning_objects/1/lo_id"].map(|at| sandbox.text(at));
    let content = async |arguments: &[&str]| {
        json(&[&["admin", "--json", "--data", data.to_str().unwrap(), "content"], arguments].concat()).await
    };
    assert_eq!(content(&["list"]).await, Value::Array(vec![]));
    let flagged = content(&["flag", second, "--portal", portal]).await;
    let ends_at: jiff::Timestamp = flagged["removed_time"].as_str().unwrap().parse().unwrap();
    let later = |days: i64| (ends_at + jiff::SignedDuration::from_hours(24 * days)).to_string();
    content(&["flag", first, "--portal", portal, "--remove", &later(9), "--retire", &later(-9)]).await;
    let listed = content(&["list"]).await;
    let ids = |listed: &Value| listed.as_array().unwrap().iter().map(|one| one["lo_id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&listed), [second, first], "what ends next comes first: {listed}");
    assert!(listed[1]["retired_time"].is_string() && listed[1]["portal_id"] == portal, "{listed}");
    assert_eq!(content(&["list", "--portal", sandbox.text("/customers/0/portal_id")]).await, Value::Array(vec![]));

    let moved = content(&["move", first, "--portal", portal, "--no-retire"]).await;
    assert!(moved["retired_time"].is_null() && moved["removed_time"] == listed[1]["removed_time"], "{moved}");
    content(&["withdraw", first, "--portal", portal]).await;
    assert_eq!(ids(&content(&["list"]).await), [second]);
}

#[tokio::test]
async fn the_operator_uploads_a_package_and_sees_what_is_played() {
    let sandbox = Sandbox::fill().await;
    let (data, portal, lo) =
        (sandbox.data(), sandbox.text("/partner/portal_id"), sandbox.text("/learning_objects/0/lo_id"));
    let file = data.join("course.zip");
    let arguments = ["admin", "--json", "--data", data.to_str().unwrap(), "content"];
    let upload = [&arguments[..], &["upload", lo, file.to_str().unwrap(), "--portal", portal]].concat();
    check_refused(&schoolbell(&upload).await, "opening");
    std::fs::write(&file, b"hello").unwrap();
    check_refused(&schoolbell(&upload).await, "course.zip: this is not a zip archive, or it is cut off\n");
    std::fs::write(&file, scorm::testing::course(&[("more.txt", b"x")])).unwrap();
    let uploaded = json(&upload).await;
    assert_eq!((&uploaded["content"], &uploaded["package"]["edition"]), (&"package".into(), &"1.2".into()));
    assert_eq!((&uploaded["package"]["entry"], &uploaded["package"]["files"]), (&"index.html".into(), &3.into()));
    let shown = json(&[&arguments[..], &["show", lo, "--portal", portal]].concat()).await;
    assert_eq!(shown, uploaded);
}

#[track_caller]
fn check_refused(output: &std::process::Output, part: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(part), "{error}");
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_with_a_reason() {
    let sandbox = Sandbox::fill().await;
    let data = sandbox.data();
    let admin = async |arguments: &[&str]| {
        schoolbell(&[&["admin", "--data", data.to_str().unwrap()], arguments].concat()).await
    };
    let customer = sandbox.text("/customers/0/portal_id");
    check_refused(&admin(&["portal", "create", "--name", "A", "--domain", "no dots"]).await, "host name");
    check_refused(
        &admin(&["portal", "create", "--name", "A", "--domain", "harbour.sandbox.example"]).await,
        "is taken",
    );
    let below = ["portal", "create", "--name", "A", "--domain", "a.example.com", "--partner", customer];
    check_refused(&admin(&below).await, "is a customer");
    check_refused(&admin(&["client", "create", "--portal", "1"]).await, "there is no portal 1");
    check_refused(&admin(&["client", "create", "--portal", customer, "--scope", "all"]).await, "there is no scope");
    check_refused(&admin(&["user", "create", "--portal", customer, "--email", "ada"]).await, "address such as");
    check_refused(
        &schoolbell(&["admin", "--data", "/nowhere/at/all", "portal", "list"]).await,
        "there is no platform in",
    );
}

#[tokio::test]
async fn check_says_what_would_run_and_makes_nothing() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("schoolbell.toml");
    std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:0\"\n[delivery]\ntimeout_ms = 7000\n").unwrap();
    let data = folder.path().join("data");
    let (file, path) = (file.to_str().unwrap(), data.to_str().unwrap());
    let checked = json(&["check", "--json", "--config", file, "--data", path, "--allow-http"]).await;
    assert_eq!(checked["delivery"]["timeout_ms"], 7000);
    assert_eq!(checked["delivery"]["allow_http"], true);
    assert_eq!(checked["delivery"]["concurrency"], 512);
    assert!(!data.exists());
    std::fs::write(folder.path().join("schoolbell.toml"), "[delivery]\ntimeout = 7").unwrap();
    check_refused(&schoolbell(&["check", "--config", file]).await, "timeout");
    std::fs::write(folder.path().join("schoolbell.toml"), "[delivery]\nretry_delays_s = [90000]").unwrap();
    check_refused(&schoolbell(&["check", "--config", file, "--data", path]).await, "retry_delays_s");
    std::fs::write(folder.path().join("schoolbell.toml"), "[scorm]\nschemas = \"/nowhere/at/all\"").unwrap();
    check_refused(&schoolbell(&["check", "--config", file, "--data", path]).await, "scorm.schemas: /nowhere/at/all");
    check_refused(&schoolbell(&["check", "--data", path, "--log", "engine=loud"]).await, "log.filter");
}
