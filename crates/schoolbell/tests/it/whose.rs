//! Whose completion it is, all the way: from an LMS through a package, the player, a webhook and the learning activity to the
//! integrator's own list of people.

use serde_json::{Value, json};

use crate::process::{PATIENCE, Running, Sandbox, json, schoolbell};

/// A learner of the integrator's LMS, an account of the platform, and what the companion makes of both.
struct World {
    sandbox: Sandbox,
    platform: Running,
    companion: Running,
    /// Where learners play.
    player: String,
    destination: String,
    token: String,
}

impl World {
    async fn begin() -> Self {
        let sandbox = Sandbox::fill().await;
        let platform = Running::serve(&sandbox.data()).await;
        let companion = companion(&sandbox, &platform.url).await;
        register(&sandbox, &platform.url, &companion.url).await;
        let token = sandbox.token(&platform.url, "/customers/0").await;
        let mut world =
            World { sandbox, platform, companion, player: String::new(), destination: String::new(), token };
        world.destination =
            world.api("/destinations", json!({"name": "LMS"})).await["token"].as_str().unwrap().to_owned();
        let link = world.login_link(0).await;
        world.player = link.split("/play/").next().unwrap().to_owned();
        world
    }

    fn lo(&self, index: usize) -> i64 {
        self.sandbox.text(&format!("/learning_objects/{index}/lo_id")).parse().unwrap()
    }

    async fn api(&self, path: &str, body: Value) -> Value {
        let request = reqwest::Client::new().post(format!("{}{path}", self.platform.url)).bearer_auth(&self.token);
        let answer = request.header("Api-Version", "2022-07-01").json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// A link by which the first learner of the portal plays.
    async fn login_link(&self, lo: usize) -> String {
        let user = self.sandbox.text("/customers/0/user_account_ids/0");
        let made = self.api(&format!("/v2/users/{user}/login?redirect_url=/play/{}", self.lo(lo)), json!({})).await;
        made["url"].as_str().unwrap().to_owned()
    }

    async fn play(&self, path: &str, body: Value) -> Value {
        let request = reqwest::Client::new().post(format!("{}{path}", self.player)).body(body.to_string());
        let answer = request.header("Content-Type", "text/plain").send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Completes what this token opens; gives back the enrollment.
    async fn complete(&self, lo: usize, token: (&str, &str)) -> String {
        let opened = self.play("/play/exchange", json!({"lo": self.lo(lo), token.0: token.1})).await;
        let done = json!({"session": opened["session"], "sequence": 1, "status": "completed", "pass": true});
        self.play("/play/progress", done).await;
        let id = &opened["enrollment"]["id"];
        id.as_str().map_or_else(|| id.to_string(), str::to_owned)
    }

    /// A learner of the LMS opens the package, which was downloaded with this `ref`, and completes it.
    async fn completes_in_lms(&self, lo: usize, student_id: &str, reference: &str) -> String {
        let values = json!({
            "cmi.core.student_id": student_id, "cmi.core.student_name": "Lovelace, Ada",
            "cmi.core.lesson_mode": "normal", "cmi.core.credit": "credit", "cmi.core.entry": "ab-initio",
            "cmi.launch_data": format!("lo={};portal=1;ref={reference}", self.lo(lo)),
        });
        let launch =
            json!({"protocol": 1, "token": self.destination, "id": self.lo(lo), "version": "1.2", "values": values});
        let launched = self.play("/scorm/launch", launch).await;
        let (_, token) = launched["play_url"].as_str().unwrap().split_once("?launch=").unwrap();
        self.complete(lo, ("launch", token)).await
    }

    async fn completes_by_link(&self, lo: usize) -> String {
        let link = self.login_link(lo).await;
        let (_, token) = link.split_once("oneTimeToken=").unwrap();
        self.complete(lo, ("one_time_token", token)).await
    }

    async fn ask(&self, command: &[&str]) -> Value {
        json(&[&["companion"], command, &["--companion", &self.companion.url, "--json"]].concat()).await
    }

    /// The completion of an enrollment, once it is recorded.
    async fn recorded(&self, enrollment_id: &str) -> Value {
        let asked = async {
            loop {
                let listed = self.ask(&["completions"]).await;
                let mut completions = listed["completions"].as_array().unwrap().clone().into_iter();
                if let Some(completion) = completions.find(|one| one["enrollment_id"] == enrollment_id) {
                    return completion;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.expect("the completion is recorded")
    }

    async fn check(&self, enrollment_id: &str, person: Option<&str>, matched_by: Option<&str>, details_from: &str) {
        let completion = self.recorded(enrollment_id).await;
        let said = ["person", "matched_by", "details_from"].map(|field| completion[field].clone());
        assert_eq!(said, [json!(person), json!(matched_by), json!(details_from)], "{completion}");
        assert_eq!(completion["pass"], true);
    }
}

async fn companion(sandbox: &Sandbox, platform_url: &str) -> Running {
    let (portals, config) = (sandbox.data().join("sandbox.json"), sandbox.data().join("companion.toml"));
    std::fs::write(&portals, sandbox.made.to_string()).unwrap();
    let text = format!(
        "[companion]\nlisten = \"127.0.0.1:0\"\nplatform_url = \"{platform_url}\"\nsecrets = [\"MyS3cretK#y\"]\n\
         details_from = \"both\"\nexternal_id_from = \"cmi.launch_data:ref\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let data = sandbox.data().join("companion");
    let [portals, config, data] = [&portals, &config, &data].map(|path| path.to_str().unwrap());
    Running::start(&["companion", "--data", data, "--config", config, "--portals", portals]).await
}

async fn register(sandbox: &Sandbox, platform_url: &str, companion_url: &str) {
    let (id, secret) = (sandbox.text("/partner/client_id"), sandbox.text("/partner/client_secret"));
    let connection = ["--json", "--url", platform_url, "--client-id", id, "--client-secret", secret];
    let url = format!("{companion_url}/webhooks");
    let create = ["webhook", "create", &url, "-e", "enrollment.complete", "--secret-key", "MyS3cretK#y"];
    assert_eq!(json(&[&create[..], &connection].concat()).await["status"], "active");
}

#[tokio::test]
async fn people_are_recognised_by_what_their_lms_passed_or_by_their_address_and_the_others_are_linked() {
    let world = World::begin().await;
    let user = world.sandbox.text("/customers/0/user_account_ids/0");
    let user = reqwest::Client::new().get(format!("{}/v2/users/{user}", world.platform.url)).bearer_auth(&world.token);
    let user: Value = user.send().await.unwrap().json().await.unwrap();
    let list = world.sandbox.data().join("people.csv");
    std::fs::write(&list, format!("external_id,email\nHR;42,\nHR-43,{}\n", user["email"].as_str().unwrap())).unwrap();
    let imported = world.ask(&["people", "import", list.to_str().unwrap()]).await;
    assert_eq!(imported, json!({"people": 2, "added": 2, "removed": 0, "matched": 0}));

    let in_lms = world.completes_in_lms(0, "ada.l", "HR%3B42").await;
    let by_link = world.completes_by_link(1).await;
    let unknown = world.completes_in_lms(0, "somebody", "HR-99").await;
    world.check(&in_lms, Some("HR;42"), Some("external_id"), "learning-activity").await;
    world.check(&by_link, Some("HR-43"), Some("email"), "enrollment").await;
    world.check(&unknown, None, None, "learning-activity").await;

    let queue = world.ask(&["unmatched", "list"]).await;
    let entry = &queue["unmatched"][0];
    assert_eq!(
        (&queue["total"], &entry["external_id"], &entry["name"]),
        (&json!(1), &json!("HR-99"), &json!("Lovelace, Ada"))
    );
    let id = entry["id"].as_str().unwrap();
    let nobody = ["companion", "unmatched", "link", id, "HR-99", "--companion", &world.companion.url];
    let refused = schoolbell(&nobody).await;
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && told.contains("person: nobody in the list of people"), "{told}");
    assert_eq!(world.ask(&["unmatched", "link", id, "HR-43"]).await, json!({"person": "HR-43", "completions": 1}));
    world.check(&unknown, Some("HR-43"), Some("link"), "learning-activity").await;
    let again = world.completes_in_lms(2, "somebody", "HR-99").await;
    world.check(&again, Some("HR-43"), Some("link"), "learning-activity").await;
    assert_eq!(world.ask(&["unmatched", "list"]).await["total"], 0);
    assert!(world.companion.terminate().await.success() && world.platform.terminate().await.success());
}
