//! `kill -9` while POSTs with keys are under way, and all of them again afterwards: each is carried out once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::process::{Running, Sandbox};

/// How often the platform is killed.
const KILLS: usize = 5;
/// How many requests are under way at once.
const LANES: usize = 16;
/// How many are answered before the first kill; with each further one somewhat more.
const BEFORE: usize = 20;

/// A request that was sent.
struct Sent {
    key: String,
    /// The body of its 201, if that arrived.
    answer: Option<String>,
}

/// Makes content, one after the other, until the platform is gone.
async fn make(url: String, token: String, lane: String, answered: Arc<AtomicUsize>) -> Vec<Sent> {
    let http = reqwest::Client::new();
    let mut sent = Vec::new();
    loop {
        let key = format!("{lane}-{}", sent.len());
        let answer = post(&http, &url, &token, &key, Some(&key)).await;
        let text = match answer {
            Ok(answer) => {
                assert_eq!((answer.status().as_u16(), replayed(&answer)), (201, false));
                answer.text().await.ok()
            }
            Err(_) => None,
        };
        let is_over = text.is_none();
        sent.push(Sent { key, answer: text });
        if is_over {
            return sent;
        }
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

/// Makes content with this title.
async fn post(
    http: &reqwest::Client,
    url: &str,
    token: &str,
    title: &str,
    key: Option<&str>,
) -> reqwest::Result<reqwest::Response> {
    let request = http.post(format!("{url}/learning-objects")).header("Api-Version", "2022-07-01").bearer_auth(token);
    let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
    request.json(&json!({"core": {"title": title}})).send().await
}

fn replayed(answer: &reqwest::Response) -> bool {
    answer.headers().contains_key("idempotent-replayed")
}

async fn kill_in_the_middle(
    platform: Running,
    lanes: Vec<JoinHandle<Vec<Sent>>>,
    answered: &AtomicUsize,
    enough: usize,
) -> Vec<Sent> {
    while answered.load(Ordering::SeqCst) < enough {
        tokio::task::yield_now().await;
    }
    platform.kill().await;
    let mut sent = Vec::new();
    for lane in lanes {
        sent.extend(lane.await.unwrap());
    }
    sent
}

/// What became of requests that were sent once more.
#[derive(Debug, Default)]
struct Again {
    /// Answered before the kill, and again the same.
    same: usize,
    /// Not answered before the kill, and carried out before it.
    found: usize,
    /// Not carried out before the kill, and so now.
    carried_out: usize,
}

/// Sends everything once more.
async fn send_again(url: &str, token: &str, sent: &[Sent], again: &mut Again) {
    let http = reqwest::Client::new();
    for Sent { key, answer } in sent {
        let second = post(&http, url, token, key, Some(key)).await.unwrap();
        let (status, replayed) = (second.status().as_u16(), replayed(&second));
        let text = second.text().await.unwrap();
        match (answer, status, replayed) {
            (Some(first), 201, true) if *first == text => again.same += 1,
            (None, 201, true) => again.found += 1,
            (None, 201, false) => again.carried_out += 1,
            _ => panic!("{key}: first {answer:?}, then {status} {text}"),
        }
    }
}

/// How often each title is in the partner's library.
async fn titles(url: &str, token: &str) -> HashMap<String, usize> {
    let mut titles = HashMap::new();
    for offset in (0..).step_by(50) {
        let path = format!("{url}/learning-objects?limit=50&offset={offset}&order=asc");
        let request = reqwest::Client::new().get(path).header("Api-Version", "2022-07-01").bearer_auth(token);
        let page: Value = request.send().await.unwrap().json().await.unwrap();
        let hits = page["hits"].as_array().unwrap();
        for hit in hits {
            *titles.entry(hit["core"]["title"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        if hits.is_empty() {
            break;
        }
    }
    titles
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_after_a_kill_is_there_once() {
    let sandbox = Sandbox::fill().await;
    let mut platform = Running::serve(&sandbox.data()).await;
    let token = sandbox.token(&platform.url, "/partner").await;
    let there = titles(&platform.url, &token).await;
    let mut all = Vec::new();
    let mut again = Again::default();
    for kill in 0..KILLS {
        let answered = Arc::new(AtomicUsize::new(0));
        let lane = |lane| make(platform.url.clone(), token.clone(), format!("{kill}-{lane}"), answered.clone());
        let lanes = (0..LANES).map(|number| tokio::spawn(lane(number))).collect();
        let sent = kill_in_the_middle(platform, lanes, &answered, BEFORE + 7 * kill).await;
        platform = Running::serve(&sandbox.data()).await;
        send_again(&platform.url, &token, &sent, &mut again).await;
        all.extend(sent);
    }
    assert!(again.same >= KILLS * BEFORE, "it went on between the kills: {again:?}");
    assert_eq!(again.found + again.carried_out, KILLS * LANES, "each lane was cut off: {again:?}");
    assert!(again.found > 0, "some were cut off between the commit and the answer: {again:?}");

    let made = titles(&platform.url, &token).await;
    for Sent { key, .. } in &all {
        assert_eq!(made.get(key), Some(&1), "{key}");
    }
    assert_eq!(made.len(), there.len() + all.len());

    // The control: without a key everything is there twice.
    for _ in 0..2 {
        let twice = post(&reqwest::Client::new(), &platform.url, &token, "twice", None).await.unwrap();
        assert_eq!(twice.status(), 201);
    }
    assert_eq!(titles(&platform.url, &token).await["twice"], 2);
}
