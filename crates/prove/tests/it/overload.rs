//! R26: more is asked for than can be done. What is taken is done in time, what is not is refused in time, nothing is lost.

use std::collections::{HashMap, HashSet};
use std::process::Command;
use std::time::Duration;

use crate::load::caller::{Asked, Offer, Pace, offer};
use crate::load::figures::{Spread, median, ms};
use crate::load::sink::{Manner, Sink};
use crate::load::town::{ALL_WITHIN, Town};

/// How many times what can be done is asked for.
const TIMES: u32 = 3;
/// How many pairs of learner and course complete in turn: more than can be under way.
const PAIRS: usize = 8_100;
/// How many callers find out what can be done.
const PEAK_CONNECTIONS: usize = 128;
/// How many callers ask for too much.
const CONNECTIONS: usize = 3_500;

/// What is held to.
const ADMITTED_P99: Duration = Duration::from_secs(1);
const RECOVERS_WITHIN: Duration = Duration::from_secs(5);
const GOODPUT_MIN: f64 = 0.8;
const RSS_MAX_KIB: u64 = 300 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r26_too_much_is_refused_in_time_and_nothing_is_lost() {
    let lasts = Duration::from_secs(proof::size(10, 60));
    keep_apart();
    let mut town = Town::found("", &["taskset", "--cpu-list", "0"]).await;
    let sink = Sink::start(Manner::Accepts(Duration::ZERO)).await;
    let portal = town.settle(PAIRS).await;
    town.subscribe(portal, &sink, 0, "active").await;
    let ask = |pace, lasts, connections| {
        offer(Offer { address: town.address(), requests: town.completions(&[portal]), pace, lasts, connections })
    };
    let mut created: HashSet<u64> = HashSet::new();
    let mut peaks = Vec::new();
    for _ in 0..3 {
        let asked = ask(Pace::AsAnswered, Duration::from_secs(2), PEAK_CONNECTIONS).await;
        created.extend(asked.iter().filter_map(Asked::created));
        peaks.push(goodput(&asked));
        eprintln!("DBG cpu {:?}", cpu(&town));
        eprintln!("DBG peak {} {}", peaks[peaks.len() - 1], Spread::of(asked.iter().map(Asked::took)));
    }
    let peak = median(&peaks);
    let over = ask(Pace::PerSecond(TIMES * peak as u32), lasts, CONNECTIONS).await;
    eprintln!("DBG cpu {:?}", cpu(&town));
    let after = ask(Pace::PerSecond(peak as u32 / 2), RECOVERS_WITHIN * 2, CONNECTIONS).await;
    for (name, asked) in [("over", &over), ("after", &after)] {
        let mut statuses: HashMap<u16, usize> = HashMap::new();
        asked.iter().for_each(|a| *statuses.entry(a.answer.map_or(0, |a| a.status)).or_default() += 1);
        let admitted = Spread::of(asked.iter().filter(|a| a.created().is_some()).map(Asked::took));
        let all = Spread::of(asked.iter().map(Asked::took));
        let late = asked.iter().filter(|a| a.took() > Duration::from_secs(1)).count();
        eprintln!("DBG {name} late {late} {statuses:?} goodput {} admitted {admitted} all {all}", goodput(asked));
    }
    created.extend(over.iter().chain(&after).filter_map(Asked::created));
    let all = sink.waits_for(created.len(), ALL_WITHIN).await;
    eprintln!("DBG rss {}", rss_peak_kib(&town));
    assert!(all, "{} of {} came; {}", sink.count(), created.len(), town.platform.last_lines());
}

/// Created a second, from the first that was to be asked for to the last answer.
fn goodput(asked: &[Asked]) -> f64 {
    let begun_at = asked.iter().map(|asked| asked.due_at).min().expect("something was asked");
    let created = asked.iter().filter(|asked| asked.created().is_some());
    let over_at = asked.iter().map(|asked| asked.over_at).max().expect("something was asked");
    created.count() as f64 / (over_at - begun_at).as_secs_f64()
}

/// The most memory that the platform has used, in KiB.
fn rss_peak_kib(town: &Town) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", town.platform.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel says so");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Callers and receiver run on the second processor, and the platform on the first: to ask for more must not take from what it
/// is asked of.
fn keep_apart() {
    let me = std::process::id().to_string();
    let told = Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", "1", &me]).output().unwrap();
    assert!(told.status.success(), "two processors are needed: {}", String::from_utf8_lossy(&told.stderr));
}

fn cpu(town: &Town) -> [u64; 2] {
    [town.platform.id(), std::process::id()].map(|id| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let f: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        f[11].parse::<u64>().unwrap() + f[12].parse::<u64>().unwrap()
    })
}
