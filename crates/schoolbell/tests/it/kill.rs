//! `kill -9` in the middle of the work: nothing that was committed is lost.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::contract::register;
use crate::process::{Running, Sandbox};
use crate::receiver::{Received, Receiver};

/// How many completions are asked for in all.
const COMPLETIONS: usize = 1_000;
/// How many are answered before the platform is killed.
const BEFORE: usize = 400;
/// The limit of what may be in flight to one webhook, which is what may arrive twice.
const IN_FLIGHT_MAX: usize = 64;

/// Completes enrollments, one learner and course after the other at the same time, until told how many are enough or the
/// platform is gone.
struct Load {
    answered: AtomicUsize,
    enough: usize,
    reached: Notify,
}

impl Load {
    /// Every completion is a new enrollment, completed from the start; its id is kept when the platform said 201.
    async fn run(self: Arc<Self>, url: String, token: String, learner: String, lo_id: String) -> Vec<String> {
        let http = reqwest::Client::new();
        let mut acked = Vec::new();
        while self.answered.load(Ordering::SeqCst) < self.enough {
            let body = json!({
                "user_account_id": learner, "lo_id": lo_id, "enrollment_type": "self-directed", "status": "completed",
            });
            let request = http.post(format!("{url}/enrollments?re-enroll=true")).header("Api-Version", "2022-07-01");
            let Ok(answer) = request.bearer_auth(&token).json(&body).send().await else { break };
            assert_eq!(answer.status(), 201);
            let Ok(answer) = answer.json::<Value>().await else { break };
            acked.push(answer["id"].as_str().unwrap().to_owned());
            if self.answered.fetch_add(1, Ordering::SeqCst) + 1 >= self.enough {
                self.reached.notify_one();
            }
        }
        acked
    }

    async fn start(
        sandbox: &Sandbox,
        url: &str,
        enough: usize,
    ) -> (Arc<Self>, Vec<tokio::task::JoinHandle<Vec<String>>>) {
        let load = Arc::new(Load { answered: AtomicUsize::new(0), enough, reached: Notify::new() });
        let mut lanes = Vec::new();
        for customer in 0..2 {
            let token = sandbox.token(url, &format!("/customers/{customer}")).await;
            for (learner, lo) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
                let learner = sandbox.text(&format!("/customers/{customer}/user_account_ids/{learner}")).to_owned();
                let lo_id = sandbox.text(&format!("/learning_objects/{lo}/lo_id")).to_owned();
                lanes.push(tokio::spawn(load.clone().run(url.to_owned(), token.clone(), learner, lo_id)));
            }
        }
        (load, lanes)
    }
}

async fn finish(lanes: Vec<tokio::task::JoinHandle<Vec<String>>>) -> HashSet<String> {
    let mut acked = HashSet::new();
    for lane in lanes {
        acked.extend(lane.await.unwrap());
    }
    acked
}

/// Every completed enrollment that the platform knows, also those whose place a later one took.
async fn committed(sandbox: &Sandbox, url: &str) -> HashSet<String> {
    let mut ids = HashSet::new();
    for customer in 0..2 {
        let token = sandbox.token(url, &format!("/customers/{customer}")).await;
        for offset in (0..).step_by(50) {
            let path = format!("{url}/enrollments?with_archived=1&status=completed&limit=50&offset={offset}&order=asc");
            let request = reqwest::Client::new().get(path).header("Api-Version", "2022-07-01").bearer_auth(&token);
            let page: Value = request.send().await.unwrap().json().await.unwrap();
            let hits = page["hits"].as_array().unwrap();
            ids.extend(hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()));
            if hits.is_empty() {
                break;
            }
        }
    }
    ids
}

fn enrollments(received: &[Received]) -> HashSet<String> {
    received.iter().map(|received| received.json()["data"]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_committed_is_lost_and_no_attempt_number_comes_twice() {
    let sandbox = Sandbox::fill().await;
    let receiver = Receiver::start().await;
    let platform = Running::serve(&sandbox.data()).await;
    register(&sandbox, &platform.url, &receiver, &["enrollment.complete"]).await;

    let (load, lanes) = Load::start(&sandbox, &platform.url, COMPLETIONS).await;
    while load.answered.load(Ordering::SeqCst) < BEFORE {
        tokio::task::yield_now().await;
    }
    platform.kill().await;
    let mut acked = finish(lanes).await;
    assert!((BEFORE..COMPLETIONS).contains(&acked.len()), "it was killed in the middle: {} answered", acked.len());

    let platform = Running::serve(&sandbox.data()).await;
    let (load, lanes) = Load::start(&sandbox, &platform.url, COMPLETIONS - acked.len()).await;
    load.reached.notified().await;
    acked.extend(finish(lanes).await);
    assert!(acked.len() >= COMPLETIONS, "it went on after the restart: {}", acked.len());

    let committed = committed(&sandbox, &platform.url).await;
    assert!(acked.is_subset(&committed), "what was answered is stored");
    let received =
        receiver.wait_until(|all| all.len() >= committed.len() && enrollments(all).is_superset(&committed)).await;
    assert_eq!(enrollments(&received), committed, "nothing arrives that was not committed");

    let mut attempts: HashMap<String, Vec<u64>> = HashMap::new();
    for received in &received {
        let envelope = received.json();
        let attempt_number = envelope["attempt_number"].as_u64().unwrap();
        attempts.entry(envelope["id"].as_str().unwrap().to_owned()).or_default().push(attempt_number);
    }
    assert_eq!(attempts.len(), committed.len(), "one event for each completion");
    let duplicates = received.len() - attempts.len();
    assert!(duplicates <= IN_FLIGHT_MAX, "{duplicates} arrived twice");
    for (event, numbers) in attempts {
        assert!(numbers.is_sorted_by(|a, b| a < b), "{event}: {numbers:?}");
    }
}
