//! The player beside the API: a link, a page, a completion that rings; and a package's launch.

use serde_json::{Value, json};

use crate::process::{Running, Sandbox, schoolbell};
use crate::receiver::Receiver;

/// A portal's program and its learners' browsers.
struct World {
    sandbox: Sandbox,
    platform: Running,
    receiver: Receiver,
    token: String,
    http: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        let sandbox = Sandbox::fill().await;
        let platform = Running::serve(&sandbox.data()).await;
        let receiver = Receiver::start().await;
        let token = sandbox.token(&platform.url, "/customers/0").await;
        let world = World { sandbox, platform, receiver, token, http: reqwest::Client::new() };
        let webhook = json!({"url": world.receiver.url, "event_types": ["enrollment.complete"]});
        world.call("/webhooks", webhook).await;
        world
    }

    async fn call(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.platform.url)).header("Api-Version", "2025-01-01");
        let answer = request.bearer_auth(&self.token).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.platform.url)).header("Api-Version", "2025-01-01");
        request.bearer_auth(&self.token).send().await.unwrap().json().await.unwrap()
    }

    /// As the page asks.
    async fn ask(&self, url: &str, body: Value) -> Value {
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{url}");
        answer.json().await.unwrap()
    }

    /// Completes what was opened at a player, and waits until the receiver was told.
    async fn complete(&self, player: &str, opened: &Value) {
        let said = json!({"session": opened["session"], "sequence": 1, "status": "completed", "pass": true});
        self.ask(&format!("{player}/play/progress"), said).await;
    }
}

#[tokio::test]
async fn a_link_that_the_api_makes_leads_to_a_completion_that_rings() {
    let world = World::start().await;
    let learner = world.sandbox.text("/customers/0/user_account_ids/0");
    let lo = world.sandbox.text("/learning_objects/0/lo_id");
    let login = world.call(&format!("/v2/users/{learner}/login?redirect_url=/play/{lo}"), json!({})).await;
    let url = login["url"].as_str().unwrap();
    let page = world.http.get(url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let (player, rest) = url.split_once("/play/").unwrap();
    assert_ne!(player, world.platform.url, "an origin of its own");
    let (_, token) = rest.split_once("?oneTimeToken=").unwrap();
    let lo: i64 = lo.parse().unwrap();
    let opened = world.ask(&format!("{player}/play/exchange"), json!({"lo": lo, "one_time_token": token})).await;
    world.complete(player, &opened).await;
    let received = world.receiver.wait_until(|received| !received.is_empty()).await;
    assert_eq!(received[0].json()["data"]["id"], opened["enrollment"]["id"]);
    let activity = format!("/v2/learning-activity?enrollment-id={}", opened["enrollment"]["id"].as_str().unwrap());
    assert_eq!(world.get(&activity).await, json!({"total": 0, "hits": []}));
}

#[tokio::test]
async fn a_package_leads_to_the_player_and_back_to_the_integrators_ids() {
    let world = World::start().await;
    let lo: i64 = world.sandbox.text("/learning_objects/1/lo_id").parse().unwrap();
    let destination = world.call("/destinations", json!({"name": "Moodle"})).await;
    let login = world.call(&format!("/v2/me/login?redirect_url=/play/{lo}"), json!({})).await;
    let (player, _) = login["url"].as_str().unwrap().split_once("/play/").unwrap();
    let values = json!({"cmi.core.student_id": "S-1001", "cmi.launch_data": "ref=HR-42"});
    let launch = json!({"protocol": 1, "token": destination["token"], "id": lo, "version": "1.2", "values": values});
    let launched = world.ask(&format!("{player}/scorm/launch"), launch).await;
    let play_url = launched["play_url"].as_str().unwrap();
    assert!(play_url.starts_with(&format!("{player}/play/{lo}?launch=")), "{play_url}");
    let (_, launch) = play_url.split_once("?launch=").unwrap();
    let opened = world.ask(&format!("{player}/play/exchange"), json!({"lo": lo, "launch": launch})).await;
    world.complete(player, &opened).await;
    let told = world.receiver.wait_until(|received| !received.is_empty()).await[0].json()["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let activities = world.get(&format!("/v2/learning-activity?enrollment-id={told}")).await;
    assert_eq!((&activities["total"], &activities["hits"][0]["payload"]), (&json!(1), &values));
}

#[tokio::test]
async fn the_player_is_checked_like_every_address() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let check = async |arguments: &[&str]| {
        let all = [&["check", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"], arguments].concat();
        let output = schoolbell(&all).await;
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (good, said) = check(&["--player-url", "https://Play.example.com"]).await;
    assert!(good && said.contains("reached at https://play.example.com"), "{said}");
    let (good, said) = check(&["--player-listen", &address]).await;
    assert!(!good && said.contains("player.listen") && said.contains("taken"), "{said}");
    let (good, said) = check(&["--player-url", "https://play.example.com/here"]).await;
    assert!(!good && said.contains("player.public_url"), "{said}");
}
