//! A webhook that is gone, its administrator told, and the mail of it at a real mail server.

use std::path::Path;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use mail::testing::MailServer;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::contract::complete;
use crate::process::{PATIENCE, Running, Sandbox, json, schoolbell};

/// A receiver that is gone.
async fn gone() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().route("/hook", post(async || StatusCode::GONE));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// The notices of the partner, once there are some that are so.
async fn notices(sandbox: &Sandbox, url: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let token = sandbox.token(url, "/partner").await;
    let ask = async || -> Value {
        let request = reqwest::Client::new().get(format!("{url}/notices")).header("Api-Version", "2022-07-01");
        request.bearer_auth(&token).send().await.unwrap().json().await.unwrap()
    };
    timeout(PATIENCE, async {
        loop {
            let listed = ask().await;
            if is_wanted(&listed["hits"][0]) {
                return listed;
            }
        }
    })
    .await
    .expect("it is told")
}

async fn serve(data: &Path, config: &Path) -> Running {
    let (data, config) = (data.to_str().unwrap(), config.to_str().unwrap());
    let address = ["--listen", "127.0.0.1:0", "--allow-http", "--allow-private-networks"];
    Running::start(&[&["serve", "--data", data, "--config", config], &address[..]].concat()).await
}

#[tokio::test]
async fn the_administrator_of_a_webhook_that_is_gone_gets_a_mail() {
    let sandbox = Sandbox::fill().await;
    let platform = Running::serve(&sandbox.data()).await;
    let webhook = json!({"name": "Main", "url": gone().await, "event_types": ["enrollment.complete"]});
    let token = sandbox.token(&platform.url, "/partner").await;
    let request = reqwest::Client::new().post(format!("{}/webhooks", platform.url)).header("Api-Version", "2022-07-01");
    let webhook: Value = request.bearer_auth(token).json(&webhook).send().await.unwrap().json().await.unwrap();
    complete(&sandbox, &platform.url).await;
    let told = notices(&sandbox, &platform.url, |notice| notice["kind"] == "stopped_gone").await;
    assert_eq!((&told["total"], &told["hits"][0]["mails"]), (&json!(1), &json!([])), "there is no mail server yet");
    assert_eq!(told["hits"][0]["webhook_id"], webhook["id"]);
    platform.kill().await;

    let mut server = MailServer::plain().await;
    let config = sandbox.data().join("schoolbell.toml");
    let mail = format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"notices@example.com\"", server.port);
    std::fs::write(&config, format!("[mail]\n{mail}\n")).unwrap();
    let platform = serve(&sandbox.data(), &config).await;
    let taken = server.taken().await;
    let administrator = "admin@integrations.sandbox.example";
    assert_eq!((taken.from.as_str(), &taken.to[..]), ("notices@example.com", &[administrator.to_owned()][..]));
    let notice_id = told["hits"][0]["id"].as_str().unwrap();
    for part in [
        "Subject: Webhook \"Main\" was stopped: its receiver says that it is gone\r\n",
        "From: Schoolbell <notices@example.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        &format!("Message-ID: <{notice_id}."),
        "held, not dropped",
    ] {
        assert!(taken.content.contains(part), "{part:?} is not in\n{}", taken.content);
    }
    notices(&sandbox, &platform.url, |notice| notice["mails"][0]["status"] == "sent").await;

    let credentials = [
        ["--url", &platform.url],
        ["--client-id", sandbox.text("/partner/client_id")],
        ["--client-secret", sandbox.text("/partner/client_secret")],
    ]
    .concat();
    let listed = json(&[&["notice", "list", "--json"], &credentials[..]].concat()).await;
    assert_eq!(listed["hits"][0]["mails"][0]["email"], administrator);
    let shown = schoolbell(&[&["notice", "get", notice_id], &credentials[..]].concat()).await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("schoolbell webhook resume") && shown.contains(administrator), "{shown}");
    assert!(platform.terminate().await.success());
}

#[tokio::test]
async fn check_says_whether_the_mail_server_is_there() {
    let server = MailServer::plain().await;
    let folder = tempfile::TempDir::new().unwrap();
    let (config, data) = (folder.path().join("schoolbell.toml"), folder.path().join("data"));
    let check = async |port: u16| {
        let mail = format!("host = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"notices@example.com\"");
        std::fs::write(&config, format!("[server]\nlisten = \"127.0.0.1:0\"\n[mail]\n{mail}\n")).unwrap();
        let arguments = ["check", "--config", config.to_str().unwrap(), "--data", data.to_str().unwrap()];
        let output = schoolbell(&arguments).await;
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (is_well, said) = check(server.port).await;
    assert!(is_well && said.contains("mail server 127.0.0.1: ready"), "{said}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (is_well, said) = check(nobody).await;
    assert!(!is_well && said.contains("talking to the mail server"), "{said}");
}
