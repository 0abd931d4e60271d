//! What the operator does at the machine stands in the audit log, and is read through the API.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::process::{PATIENCE, Running, Sandbox, command, json as run};

/// Runs a command of the operator's, who is somebody.
async fn admin(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let data = sandbox.data();
    let mut command = command(&[&["admin", "--json", "--data", data.to_str().unwrap()], arguments].concat());
    let ended = command.env("SUDO_USER", "grace").env("USER", "root").output();
    let output = timeout(PATIENCE, ended).await.expect("the command ends").unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The newest entries, told by one who may read them.
async fn log(sandbox: &Sandbox, url: &str, filter: &[&str]) -> Vec<Value> {
    let credentials = [
        ["--url", url],
        ["--client-id", sandbox.text("/partner/client_id")],
        ["--client-secret", sandbox.text("/partner/client_secret")],
    ]
    .concat();
    let page = run(&[&["audit", "list", "--json", "--limit", "100"], filter, &credentials[..]].concat()).await;
    page["hits"].as_array().unwrap().clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_the_operator_does_is_in_the_log() {
    let sandbox = Sandbox::fill().await;
    let (partner, customer) = (sandbox.text("/partner/portal_id"), sandbox.text("/customers/0/portal_id"));
    let platform = Running::serve(&sandbox.data()).await;
    let filled = log(&sandbox, &platform.url, &[]).await;
    // Three portals with credentials, two people in each customer, three courses in two libraries.
    let count = |action: &str| actions(&filled).into_iter().filter(|there| *there == action).count();
    let counts = ["portal.create", "oauth_client.create", "user_account.create", "learning_object.create"].map(count);
    assert_eq!((counts, count("library.add"), count("user_account.password")), ([3, 3, 4, 3], 6, 1));
    assert!(filled.iter().all(|entry| entry["channel"] == "cli" && entry["actor"]["type"] == "operator"));

    let client = admin(&sandbox, &["client", "create", "--portal", customer, "--name", "LMS"]).await;
    let client_id = client["client_id"].as_str().unwrap();
    admin(&sandbox, &["client", "revoke", "--portal", customer, "--client", client_id]).await;
    let learner = sandbox.text("/customers/0/user_account_ids/0");
    admin(&sandbox, &["user", "block", learner, "--portal", customer]).await;
    admin(&sandbox, &["user", "unblock", learner, "--portal", customer]).await;
    let lo = sandbox.text("/learning_objects/0/lo_id");
    let flagged = admin(&sandbox, &["content", "flag", lo, "--portal", partner]).await;
    let flagged_at: Timestamp = flagged["flagged_time"].as_str().unwrap().parse().unwrap();
    let soon = (flagged_at + SignedDuration::from_hours(24)).to_string();
    admin(&sandbox, &["content", "move", lo, "--portal", partner, "--remove", &soon, "--force"]).await;

    let told = log(&sandbox, &platform.url, &["--actor", "grace"]).await;
    let expected = [
        "learning_object.move",
        "learning_object.flag",
        "user_account.update",
        "user_account.update",
        "oauth_client.revoke",
        "oauth_client.create",
    ];
    assert_eq!(actions(&told), expected);
    let forced = json!({"field": "lifecycle.force", "to": "true"});
    assert!(told[0]["changes"].as_array().unwrap().contains(&forced), "{}", told[0]);
    assert!(!told[1]["changes"].as_array().unwrap().contains(&forced), "{}", told[1]);
    assert_eq!(told[3]["changes"], json!([{"field": "status", "from": "active", "to": "blocked"}]));
    assert_eq!(told[4]["subject"], json!({"type": "oauth_client", "id": client_id, "name": "LMS"}));
    let secret = client["client_secret"].as_str().unwrap();
    assert!(!Value::Array(told).to_string().contains(secret));
    assert!(platform.terminate().await.success());
}
