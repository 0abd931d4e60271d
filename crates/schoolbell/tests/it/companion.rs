//! Both halves as processes of their own, as they are run for real.

use serde_json::Value;
use tokio::net::TcpListener;

use crate::contract::complete;
use crate::process::{Running, Sandbox, json};

#[tokio::test]
async fn a_completion_ends_up_in_the_companions_list_once() {
    let sandbox = Sandbox::fill().await;
    let platform = Running::serve(&sandbox.data()).await;
    let portals = sandbox.data().join("sandbox.json");
    std::fs::write(&portals, sandbox.made.to_string()).unwrap();
    let inbox = sandbox.data().join("companion");
    let arguments = [
        "companion",
        "--data",
        inbox.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--platform-url",
        &platform.url,
        "--secret",
        "MyS3cretK#y",
        "--portals",
        portals.to_str().unwrap(),
    ];
    let companion = Running::start(&arguments).await;

    let url = format!("{}/webhooks", companion.url);
    let webhook = [
        "webhook",
        "create",
        "--json",
        "--url",
        &platform.url,
        "--client-id",
        sandbox.text("/partner/client_id"),
        "--client-secret",
        sandbox.text("/partner/client_secret"),
    ];
    let registered =
        json(&[&webhook[..], &[&url, "-e", "enrollment.complete", "--secret-key", "MyS3cretK#y"]].concat()).await;
    assert_eq!(registered["status"], "active");

    let enrollment_id = complete(&sandbox, &platform.url).await;
    let completions = recorded(&companion.url).await;
    assert_eq!(completions.len(), 1);
    assert_eq!(completions[0]["enrollment_id"], enrollment_id.as_str());
    assert_eq!(completions[0]["portal_id"], sandbox.text("/customers/0/portal_id"));
    assert_eq!(completions[0]["status"], "completed");
    assert!(companion.terminate().await.success());
}

/// Asks until there is something in the list.
async fn recorded(companion: &str) -> Vec<Value> {
    let asked = async {
        loop {
            let listed = json(&["companion", "completions", "--companion", companion, "--json"]).await;
            let completions = listed["completions"].as_array().unwrap().clone();
            if !completions.is_empty() {
                return completions;
            }
        }
    };
    tokio::time::timeout(crate::process::PATIENCE, asked).await.expect("the completion is recorded")
}

#[tokio::test]
async fn a_companion_without_a_secret_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output =
        crate::process::schoolbell(&["companion", "--listen", &free, "--data", folder.path().to_str().unwrap()]).await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("accept_unsigned"), "{error}");
}

#[tokio::test]
async fn why_something_did_not_arrive_can_be_seen_and_mended() {
    let sandbox = Sandbox::fill().await;
    let platform = Running::serve(&sandbox.data()).await;
    let partner = async |command: &[&str]| {
        let connection = [
            "--json",
            "--url",
            &platform.url,
            "--client-id",
            sandbox.text("/partner/client_id"),
            "--client-secret",
            sandbox.text("/partner/client_secret"),
        ];
        json(&[command, &connection].concat()).await
    };
    // An event from before there was a webhook.
    let enrollment_id = complete(&sandbox, &platform.url).await;
    assert_eq!(partner(&["delivery", "list"]).await["total"], 0);
    let receiver = crate::receiver::Receiver::start().await;
    let webhook = partner(&["webhook", "create", &receiver.url, "-e", "enrollment.complete"]).await;
    let webhook_id = webhook["id"].as_str().unwrap();
    let replay = partner(&["delivery", "replay-since", "2020-01-01T00:00:00Z", "--webhook", webhook_id, "--all"]).await;
    assert_eq!(replay["status"], "running");
    let received = receiver.wait_until(|all| !all.is_empty()).await.remove(0).json();
    assert_eq!(received["data"]["id"], enrollment_id.as_str());
    let delivered = async {
        loop {
            let listed = partner(&["delivery", "list", "--subject", &enrollment_id, "--status", "delivered"]).await;
            if listed["total"] == 1 {
                return listed["hits"][0]["id"].as_str().unwrap().to_owned();
            }
        }
    };
    let id = tokio::time::timeout(crate::process::PATIENCE, delivered).await.expect("the attempt is recorded");
    let shown = partner(&["delivery", "get", &id]).await;
    assert_eq!(shown["attempts"][0]["status"], 200);
    partner(&["delivery", "replay", &id]).await;
    let received = receiver.wait_until(|all| all.len() == 2).await.remove(1).json();
    assert_eq!(received["attempt_number"], 2, "numbers go on, and the event is the same");
    let replay = partner(&["delivery", "replay-status", replay["id"].as_str().unwrap()]).await;
    assert_eq!((&replay["status"], &replay["deliveries"]), (&"finished".into(), &1.into()));
}
