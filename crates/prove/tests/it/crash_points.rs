//! R1: death at every named point.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::binary::{Environment, Platform, run};
use crate::dice::Dice;
use crate::lives::Lives;
use crate::receiver::{GONE, Manner};
use crate::world::World;

/// Completions a second.
const RATE: u32 = 150;
/// How soon a point must be reached, whatever leads to it.
const REACHED_WITHIN: Duration = Duration::from_secs(20);
/// How long a platform lives until it is asked to stop, for the points on that way.
const LIVES_FOR: Duration = Duration::from_millis(300);
/// What an abort leaves as a status.
const SIGABRT: i32 = 6;

fn armed(point: &str, time: u64) -> Environment {
    // So that the WAL is copied back within a short life.
    vec![(crash::VARIABLE, format!("{point}:{time}").into()), ("SCHOOLBELL_PROVE_CHECKPOINT_PAGES", "100".into())]
}

/// The `round`th death at a point is not always at the first time that it is passed, where it is passed often.
fn time(point: &str, round: u64) -> u64 {
    let is_hot = ["sqlite/", "event/", "lease/", "finish/", "engine/", "api/enrollment"]
        .iter()
        .any(|area| point.starts_with(area))
        && !point.ends_with("task-step");
    if is_hot { 1 + 7 * (round % 9) } else { 1 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r1_killed_at_every_point_it_loses_nothing() {
    let rounds: u64 = proof::size(3, 200);
    assert!(crash::POINTS.len() >= 25);
    let mut dice = Dice::new();
    let manner = Manner { takes: Duration::from_millis(20), ..Manner::default() };
    let mut lives = Lives::begin("retry_delays_s = [1, 1, 1, 1]", manner, RATE, &mut dice).await;
    check_control(&mut lives).await;
    let serving: Vec<&str> = crash::POINTS.iter().copied().filter(|point| !is_of_new_folder(point)).collect();
    for round in 0..rounds {
        for point in &serving {
            die_at(&mut lives, point, time(point, round)).await;
        }
    }
    let platform = lives.recover("the last death").await;
    let token = lives.world.token(platform.url(), "/partner").await.expect("a token");
    forget_webhooks(&lives.world, platform.url(), &token, &lives.webhook).await.expect("answers");
    let slowest_first = lives.slowest_first;
    let (verdict, acks, _) = lives.end(platform).await;
    let of_new_folder: Vec<&str> = crash::POINTS.iter().copied().filter(|point| is_of_new_folder(point)).collect();
    for round in 0..rounds {
        for point in &of_new_folder {
            die_making_a_folder(point, 1 + round % 5).await;
        }
    }
    let progress = format!(
        "{} points, each reached every time; {} acknowledged, 0 lost; {} repeated, {} at once at most; first delivery after {} ms at most",
        crash::POINTS.len(),
        acks.len(),
        verdict.repeated,
        verdict.repeated_at_once,
        slowest_first.as_millis()
    );
    proof::held("R1", "abort at every named point, under load", crash::POINTS.len() as u64 * rounds, progress);
}

/// A platform that is left alone repeats nothing, and a point that is not reached is not taken for one that is.
async fn check_control(lives: &mut Lives) {
    let mut platform = lives.start(&armed("start/begun", 1_000_000)).await;
    assert!(platform.url.is_some(), "{}", platform.last_lines());
    assert_eq!(lives.dies(&mut platform, Duration::from_secs(1)).await, None);
    lives.kill(&mut platform).await;
}

/// A death at the point while the platform does everything that it can do, and then a platform that is well.
async fn die_at(lives: &mut Lives, point: &str, time: u64) {
    if ["deliveries/expired", "content/expired"].contains(&point) {
        leave_overdue(lives).await;
    }
    let mut platform = lives.start(&armed(point, time)).await;
    let chores = Chores::start(lives, &platform);
    if point.starts_with("stop/") {
        let _ = platform.ended(LIVES_FOR).await;
        platform.signal("TERM").await;
    }
    let status = lives.dies(&mut platform, REACHED_WITHIN).await;
    chores.end();
    check_death(point, time, status, &platform);
    let mut platform = lives.recover(point).await;
    lives.kill(&mut platform).await;
}

/// Has deliveries pending for webhooks that are deleted, and content whose time is over: the next start sees to both first of all.
async fn leave_overdue(lives: &mut Lives) {
    let mut platform = lives.start(&Environment::new()).await;
    let chores = Chores::start(lives, &platform);
    let _ = platform.ended(LIVES_FOR * 5).await;
    chores.end();
    lives.kill(&mut platform).await;
}

fn check_death(point: &str, time: u64, status: Option<std::process::ExitStatus>, platform: &Platform) {
    use std::os::unix::process::ExitStatusExt;
    let Some(status) = status else { panic!("{point}:{time} was never reached; {}", platform.last_lines()) };
    assert_eq!(status.signal(), Some(SIGABRT), "{point}:{time}; {}", platform.last_lines());
}

/// Whether a point is passed only while a folder is new.
fn is_of_new_folder(point: &str) -> bool {
    ["migrate/before-note", "migrate/between"].contains(&point)
}

/// A death while the schema of a new database is made, after which it is made whole.
async fn die_making_a_folder(point: &str, time: u64) {
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let arguments = ["sandbox", "--json", "--data", data.to_str().unwrap()];
    let died = run(&arguments, &armed(point, time)).await;
    assert_eq!(died.status.signal(), Some(SIGABRT), "{point}:{time} was never reached");
    let made = run(&arguments, &Environment::new()).await;
    assert!(made.status.success(), "after {point}:{time}: {}", String::from_utf8_lossy(&made.stderr));
}

/// Everything that a partner does, again and again: tokens, webhooks with new secrets, portals, replays.
struct Chores(Option<JoinHandle<()>>);

impl Chores {
    /// Begins, if the platform came to listen.
    fn start(lives: &Lives, platform: &Platform) -> Self {
        let Some(url) = platform.url.clone() else { return Chores(None) };
        let (world, receiver, webhook) = (lives.world.clone(), lives.receiver.url.clone(), lives.webhook.clone());
        Chores(Some(tokio::spawn(async move {
            let mut round = 0;
            // It ends with the platform, which no longer answers.
            while chores(&world, &url, &receiver, &webhook, round).await.is_some() {
                round += 1;
            }
        })))
    }

    fn end(self) {
        if let Some(chores) = self.0 {
            chores.abort();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a portal's domain is to be new in every run")]
async fn chores(world: &World, url: &str, receiver: &str, webhook: &str, round: u32) -> Option<()> {
    let token = world.token(url, "/partner").await?;
    let post = async |path: &str, body: Value| {
        world.call(Method::POST, &format!("{url}{path}"), &token, Some(&body)).await.map(|(_, answer)| answer)
    };
    forget_webhooks(world, url, &token, webhook).await?;
    // Nobody is there: what is due to it is still pending when it is deleted.
    let nowhere = json!({"url": "http://127.0.0.1:9/", "secret_key": "first", "event_types": ["enrollment.complete"]});
    let made = post("/webhooks", nowhere).await?;
    let rotated = json!({"secret_key": format!("rotated {round}")});
    let path = format!("{url}/webhooks/{}", made["id"].as_str().unwrap_or_default());
    world.call(Method::PATCH, &path, &token, Some(&rotated)).await?;
    let now = jiff::Timestamp::now();
    let portal = json!({
        "name": "Proof", "domain": format!("p{}-{round}.example.com", now.as_nanosecond()), "country": "AU", "industry": "Retail",
        "user_account": {"email": "admin@example.com", "given_name": "A", "family_name": "B"},
    });
    post("/portals", portal).await?;
    let gone = format!("{receiver}{GONE}");
    post("/webhooks", json!({"url": gone, "secret_key": "gone", "event_types": ["enrollment.complete"]})).await?;
    // It ends in a second, which is in the next life at the latest.
    let content = post("/learning-objects", json!({"core": {"title": "Proof"}})).await?;
    let path = format!("/learning-objects/{}/set", content["id"].as_str().unwrap_or_default());
    post(&path, json!({"lifecycle": {"state": "removed", "force": true}})).await?;
    let side = json!({
        "url": format!("{receiver}/side"), "secret_key": "side", "event_types": ["enrollment.complete"],
    });
    let side = post("/webhooks", side).await?;
    let since = now - jiff::SignedDuration::from_secs(1);
    post("/replays", json!({"webhook_id": side["id"], "since": since.to_string(), "scope": "all"})).await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    Some(())
}

/// Deletes every webhook but one.
async fn forget_webhooks(world: &World, url: &str, token: &str, but: &str) -> Option<()> {
    let (_, listed) = world.call(Method::GET, &format!("{url}/webhooks?limit=50"), token, None).await?;
    let hits = listed["hits"].as_array().cloned().unwrap_or_default();
    for id in hits.iter().filter_map(|hit| hit["id"].as_str()).filter(|id| *id != but) {
        world.call(Method::DELETE, &format!("{url}/webhooks/{id}"), token, None).await?;
    }
    Some(())
}
