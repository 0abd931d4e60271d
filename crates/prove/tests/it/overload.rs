//! R26: more is asked for than can be done. What is taken is done in time, what is not is refused in time, nothing is lost.

use std::collections::HashSet;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::load::caller::{Asked, Offer, Pace, offer};
use crate::load::figures::{Spread, ms};
use crate::load::sink::{Manner, Sink};
use crate::load::town::{ALL_WITHIN, Town};

/// How many times what can be done is asked for.
const TIMES: u32 = 3;
/// How many pairs of learner and course complete in turn: more than can be under way.
const PAIRS: usize = 6_400;
/// Webhooks that are told beside the one that is looked at, and paused: each costs the platform a delivery that it stores and holds,
/// so that callers in one process can ask for three times what it can do.
const HELD: usize = 48;
/// How many callers find out what can be done.
const PEAK_CONNECTIONS: usize = 128;
const PEAK_FOR: Duration = Duration::from_secs(4);
/// How many callers ask for too much. The platform takes 4,096 connections.
const CONNECTIONS: usize = 3_500;

/// What is held to.
const ADMITTED_P99: Duration = Duration::from_secs(1);
const RECOVERS_WITHIN: Duration = Duration::from_secs(5);
const RSS_MAX_KIB: u64 = 300 * 1024;
/// Of what is done at most: a second, or a second of the processor, of which a platform that shares its machine gets now more, now less.
const GOODPUT_MIN: f64 = 0.8;
/// And a second in any case.
const GOODPUT_MIN_ANYHOW: f64 = 0.5;

/// What came of a while of asking.
struct Leg {
    asked: Vec<Asked>,
    lasted: Duration,
    /// How much of the processor the platform used.
    cpu: Duration,
}

impl Leg {
    fn created(&self) -> impl Iterator<Item = u64> {
        self.asked.iter().filter_map(Asked::created)
    }

    fn a_second(&self) -> f64 {
        self.created().count() as f64 / self.lasted.as_secs_f64()
    }

    fn a_second_of_cpu(&self) -> f64 {
        self.created().count() as f64 / self.cpu.as_secs_f64()
    }

    fn with_status(&self, status: u16) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(move |asked| asked.answer.is_some_and(|answer| answer.status == status))
    }

    fn admitted(&self) -> Spread {
        Spread::of(self.with_status(201).map(Asked::took))
    }

    /// Whether what was admitted was done in time, and the rest was refused as it should be.
    fn is_orderly(&self) -> Result<(), String> {
        let refused = self.with_status(503).chain(self.with_status(429));
        let polite = refused.filter(|asked| asked.answer.is_some_and(|answer| answer.has_retry_after)).count();
        let other = self.asked.len() - self.created().count() - polite;
        if other > 0 {
            return Err(format!("{other} of {} were neither done nor told when to come back", self.asked.len()));
        }
        let p99 = self.admitted().p99();
        if p99 > ADMITTED_P99 { Err(format!("what was admitted took {}", self.admitted())) } else { Ok(()) }
    }

    /// How long after it began something still was not done in time.
    fn well_after(&self) -> Duration {
        let begun_at = self.asked.iter().map(|asked| asked.due_at).min().expect("something was asked");
        let ill = |asked: &&Asked| asked.created().is_none() || asked.took() > ADMITTED_P99;
        self.asked.iter().filter(ill).map(|asked| asked.due_at - begun_at).max().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r26_too_much_is_refused_in_time_and_nothing_is_lost() {
    keep_apart();
    let mut told = attempt().await;
    if let Err(why) = &told {
        told = attempt().await.map(|(count, progress)| (count, format!("again after: {why}; {progress}")));
    }
    let (count, progress) = told.unwrap_or_else(|why| panic!("{why}"));
    let control = unlimited().await;
    assert!(control.is_orderly().is_err(), "a queue without a limit is not noticed: {}", control.admitted());
    proof::held("R26", "completions at three times what can be done", count, progress);
}

/// Says how many were asked for, and what came of it; or what did not hold, if that may be because the machine was busy.
async fn attempt() -> Result<(u64, String), String> {
    let mut town = Town::found("", &["taskset", "--cpu-list", "0"]).await;
    let sink = Sink::start(Manner::Accepts(Duration::ZERO)).await;
    let portal = town.settle(PAIRS).await;
    town.subscribe(portal, &sink, 0, "active").await;
    for _ in 0..HELD {
        town.subscribe(portal, &sink, 1, "paused").await;
    }
    // What can be done is found out before and after: it becomes less as the database grows.
    let before = ask(&town, portal, Pace::AsAnswered, PEAK_FOR, PEAK_CONNECTIONS).await;
    let peak_before = before.a_second();
    let lasts = Duration::from_secs(proof::size(10, 60));
    let over = ask(&town, portal, Pace::PerSecond(TIMES * peak_before as u32), lasts, CONNECTIONS).await;
    let after = ask(&town, portal, Pace::PerSecond(peak_before as u32 / 2), 2 * RECOVERS_WITHIN, CONNECTIONS).await;
    let at_last = ask(&town, portal, Pace::AsAnswered, PEAK_FOR, PEAK_CONNECTIONS).await;
    let peak = [&before, &at_last].map(Leg::a_second).iter().sum::<f64>() / 2.0;
    let peak_of_cpu = [&before, &at_last].map(Leg::a_second_of_cpu).iter().sum::<f64>() / 2.0;
    let rss_kib = rss_peak_kib(&town);
    let created: HashSet<u64> = [&before, &over, &after, &at_last].iter().flat_map(|leg| leg.created()).collect();
    let all = sink.waits_for(created.len(), ALL_WITHIN).await;
    assert!(all, "{} of {} came; {}", sink.count(), created.len(), town.platform.last_lines());
    let arrived: HashSet<u64> = sink.since(0).iter().map(|arrival| arrival.enrollment).collect();
    assert_eq!(created.difference(&arrived).count(), 0, "lost, of {}", created.len());
    assert!(rss_kib < RSS_MAX_KIB, "{rss_kib} KiB");
    let refused = over.asked.len() - over.created().count();
    let [goodput, goodput_of_cpu] = [over.a_second() / peak, over.a_second_of_cpu() / peak_of_cpu];
    let progress = format!(
        "{peak:.0}/s can be done; of {} asked for at {TIMES} times what it was before ({peak_before:.0}/s), {refused} were refused with Retry-After and the others took {}, \
         {:.0}/s, {:.0} % of the peak, and {:.0} % for each second of the processor; well again after {}; 0 of {} lost; at most {} MiB",
        over.asked.len(),
        over.admitted(),
        over.a_second(),
        100.0 * goodput,
        100.0 * goodput_of_cpu,
        ms(after.well_after()),
        created.len(),
        rss_kib / 1024,
    );
    over.is_orderly().map_err(|why| format!("{why}; {progress}"))?;
    let holds = refused > 0
        && goodput.max(goodput_of_cpu) >= GOODPUT_MIN
        && goodput >= GOODPUT_MIN_ANYHOW
        && after.well_after() <= RECOVERS_WITHIN;
    if holds { Ok((over.asked.len() as u64, progress)) } else { Err(progress) }
}

async fn ask(town: &Town, portal: usize, pace: Pace, lasts: Duration, connections: usize) -> Leg {
    let (started_at, cpu_before) = (Instant::now(), cpu(town));
    let requests = town.completions(&[portal]);
    let asked = offer(Offer { address: town.address(), requests, pace, lasts, connections }).await;
    Leg { asked, lasted: started_at.elapsed(), cpu: cpu(town) - cpu_before }
}

/// The negative control: a server that lets everybody wait.
async fn unlimited() -> Leg {
    let server = Sink::start(Manner::CreatesOneByOne(Duration::from_millis(2))).await;
    let requests = Arc::new(vec![b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_vec()]);
    let (pace, lasts) = (Pace::PerSecond(TIMES * 500), Duration::from_secs(4));
    let asked = offer(Offer { address: server.address, requests, pace, lasts, connections: CONNECTIONS }).await;
    Leg { asked, lasted: lasts, cpu: lasts }
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

/// How much of the processor the platform has used, in hundredths of a second, as the kernel counts.
fn cpu(town: &Town) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", town.platform.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().expect("the name stands before").split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<u64>().expect("it is a number");
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}
