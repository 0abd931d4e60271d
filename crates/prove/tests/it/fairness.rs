//! R23: webhooks whose receivers are slow, broken or gone, and portals that flood, do not move the others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::load::caller::{Asked, Offer, Pace, offer};
use crate::load::figures::{Spread, jain, median, ms};
use crate::load::sink::{Arrival, Manner, Sink};
use crate::load::town::{ALL_WITHIN, Town, make_due};

/// How much longer the healthy may wait beside the poison.
const WORSE_MAX: f64 = 1.5;
/// What is no difference: as long as the scheduler of a machine with two cores lets a thread run before it is another's turn,
/// which happens a few times between a request and its delivery.
const NOISE: Duration = Duration::from_millis(8);
/// How often quiet and poisoned rounds take turns.
const TURNS: usize = 5;
/// How many times the events of a healthy portal the flooding one has.
const FLOOD: u32 = 100;
/// How many connections may lead to one receiver: the configured limit of a webhook, which is the default.
const WEBHOOK_CONCURRENCY: usize = 64;
/// How fair the throughput of portals must be while there is more to do than can be done.
const JAIN_MIN: f64 = 0.95;

/// Ten that are no good: they hang, fail, drip, are not there, and one floods.
const POISON: [Manner; 10] = [
    Manner::Hangs,
    Manner::Hangs,
    Manner::Hangs,
    Manner::Fails,
    Manner::Fails,
    Manner::Fails,
    Manner::Drips,
    Manner::Drips,
    Manner::Refuses,
    FLOODED,
];
/// The receiver of the portal that floods is well, and not quick.
const FLOODED: Manner = Manner::Accepts(Duration::from_millis(20));

/// What is compared.
struct Plan {
    config: &'static str,
    /// Healthy portals, and webhooks of each.
    portals: usize,
    webhooks: usize,
    /// Events a second of all healthy portals together.
    rate: u32,
    poison: &'static [Manner],
    /// Deliveries due to each of those.
    due: usize,
    round: Duration,
    turns: usize,
}

/// The town of a plan, with its receivers.
struct Stage {
    plan: Plan,
    town: Town,
    healthy: Vec<usize>,
    sink: Sink,
    poison: Vec<Poison>,
}

/// A portal with one webhook whose receiver behaves so.
struct Poison {
    portal: usize,
    webhook: String,
    manner: Manner,
    sink: Sink,
}

/// Of each round: how long deliveries took from the time that the completion was to be asked for.
#[derive(Default)]
struct Compared {
    quiet: Vec<Spread>,
    poisoned: Vec<Spread>,
    deliveries: usize,
}

impl Compared {
    /// What is compared: of each kind the round in the middle.
    fn p99s(&self) -> [Duration; 2] {
        [&self.quiet, &self.poisoned].map(|rounds| median(&rounds.iter().map(Spread::p99).collect::<Vec<_>>()))
    }

    fn holds(&self) -> bool {
        let [quiet, poisoned] = self.p99s();
        poisoned <= quiet.mul_f64(WORSE_MAX) + NOISE
    }

    fn told(&self) -> String {
        let all = |rounds: &[Spread]| rounds.iter().map(|spread| ms(spread.p99())).collect::<Vec<_>>().join(", ");
        format!("p99 quiet {}; beside poison {}", all(&self.quiet), all(&self.poisoned))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r23_poison_does_not_move_the_healthy() {
    let plan = Plan {
        config: "",
        portals: 50,
        webhooks: 20,
        rate: 25,
        poison: &POISON,
        due: proof::size(10_000, 100_000),
        round: Duration::from_secs(proof::size(5, 60)),
        turns: TURNS,
    };
    let stage = Stage::set(plan).await;
    let mut compared = stage.compare().await;
    let mut told = compared.told();
    if !compared.holds() {
        compared = stage.compare().await;
        told = format!("again after {told}: {}", compared.told());
    }
    assert!(compared.holds(), "{told}; {}", stage.town.platform.last_lines());
    let open_peak = stage.open_peak();
    let tried = stage.poison.iter().map(|poison| poison.sink.count()).sum::<usize>();
    drop(stage);
    let control = unisolated().await;
    assert!(!control.holds(), "one permit for all is not noticed: {}", control.told());
    proof::held(
        "R23",
        "deliveries to 1,000 healthy webhooks in turns with and without 10 poisonous ones",
        compared.deliveries as u64,
        format_args!(
            "all arrived; {told}; {tried} poisonous requests, at most {open_peak} connections to one that hangs"
        ),
    );
}

/// The negative control: with one permit for all lanes nothing keeps them apart.
async fn unisolated() -> Compared {
    let plan = Plan {
        config: "[delivery]\nconcurrency = 1\ntimeout_ms = 3000\n",
        portals: 5,
        webhooks: 4,
        rate: 5,
        poison: &[Manner::Hangs],
        due: 100,
        round: Duration::from_secs(4),
        turns: 1,
    };
    Stage::set(plan).await.compare().await
}

impl Stage {
    async fn set(plan: Plan) -> Self {
        let mut town = Town::found(plan.config, &[]).await;
        let sink = Sink::start(Manner::Accepts(Duration::ZERO)).await;
        let mut healthy = Vec::new();
        for _ in 0..plan.portals {
            let portal = town.settle(4).await;
            for n in 0..plan.webhooks {
                town.subscribe(portal, &sink, portal * plan.webhooks + n, "active").await;
            }
            healthy.push(portal);
        }
        let mut poison = Vec::new();
        for &manner in plan.poison {
            let sink = Sink::start(manner).await;
            let portal = town.settle(if manner == FLOODED { 100 } else { 1 }).await;
            let webhook = town.subscribe(portal, &sink, 0, "paused").await;
            poison.push(Poison { portal, webhook, manner, sink });
        }
        let due: Vec<(i64, String)> =
            poison.iter().map(|poison| (town.portals[poison.portal].id, poison.webhook.clone())).collect();
        town.while_stopped(|connection| {
            due.iter().for_each(|(portal, webhook)| make_due(connection, *portal, webhook, plan.due))
        })
        .await;
        Stage { plan, town, healthy, sink, poison }
    }

    async fn compare(&self) -> Compared {
        let mut compared = Compared::default();
        for _ in 0..self.plan.turns {
            let quiet = self.round().await;
            let before: Vec<usize> = self.poison.iter().map(|poison| poison.sink.count()).collect();
            self.turn_all("active").await;
            let (poisoned, ()) = tokio::join!(self.round(), self.flood());
            self.turn_all("paused").await;
            for (poison, before) in self.poison.iter().zip(before) {
                let worked = poison.manner == Manner::Refuses || poison.sink.count() > before;
                assert!(worked, "{:?} was not even tried", poison.manner);
            }
            compared.deliveries += quiet.1 + poisoned.1;
            compared.quiet.push(quiet.0);
            compared.poisoned.push(poisoned.0);
        }
        compared
    }

    async fn turn_all(&self, status: &str) {
        for poison in &self.poison {
            self.town.turn(poison.portal, &poison.webhook, status).await;
        }
    }

    /// A hundred times as many completions in one portal as in a healthy one, if one is to flood.
    async fn flood(&self) {
        let Some(poison) = self.poison.iter().find(|poison| poison.manner == FLOODED) else { return };
        let rate = (self.plan.rate * FLOOD).div_ceil(self.plan.portals as u32);
        let asked = offer(self.offer(&[poison.portal], rate)).await;
        let taken = asked.iter().filter(|asked| asked.created().is_some()).count();
        assert!(taken * 100 >= asked.len() * 95, "only {taken} of {} were taken of the flood", asked.len());
    }

    fn offer(&self, portals: &[usize], rate: u32) -> Offer {
        Offer {
            address: self.town.address(),
            requests: self.town.completions(portals),
            pace: Pace::PerSecond(rate),
            lasts: self.plan.round,
            connections: 32,
        }
    }

    /// Completions in the healthy portals, and how long their deliveries took, of which there are so many.
    async fn round(&self) -> (Spread, usize) {
        let before = self.sink.count();
        let asked = offer(self.offer(&self.healthy, self.plan.rate)).await;
        assert!(asked.iter().all(|asked| asked.created().is_some()), "{}", self.town.platform.last_lines());
        let count = asked.len() * self.plan.webhooks;
        let all = self.sink.waits_for(before + count, ALL_WITHIN).await;
        assert!(all, "{} of {count} came; {}", self.sink.count() - before, self.town.platform.last_lines());
        (Spread::of(latencies(&asked, &self.sink.since(before))), count)
    }

    /// The most connections that were open to one that hangs.
    fn open_peak(&self) -> usize {
        let hanging = self.poison.iter().filter(|poison| poison.manner == Manner::Hangs);
        let peak = hanging.map(|poison| poison.sink.open_peak()).max().unwrap_or(0);
        assert!((1..=WEBHOOK_CONCURRENCY).contains(&peak), "{peak} connections to one that hangs");
        peak
    }
}

/// How long after its completion was to be asked for each delivery came.
fn latencies(asked: &[Asked], arrived: &[Arrival]) -> Vec<Duration> {
    let due_at: HashMap<u64, Instant> =
        asked.iter().filter_map(|asked| Some((asked.created()?, asked.due_at))).collect();
    arrived
        .iter()
        .filter_map(|arrival| Some(arrival.at.saturating_duration_since(*due_at.get(&arrival.enrollment)?)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r23_portals_have_equal_shares_while_there_is_more_than_can_be_done() {
    const PORTALS: usize = 50;
    let due: usize = proof::size(200, 2_000);
    let mut town = Town::found("", &[]).await;
    let sink = Sink::start(Manner::Accepts(Duration::ZERO)).await;
    let mut backlogs = Vec::new();
    // The first floods.
    for number in 0..PORTALS {
        let portal = town.settle(1).await;
        let webhook = town.subscribe(portal, &sink, number, "active").await;
        backlogs.push((town.portals[portal].id, webhook, if number == 0 { due * FLOOD as usize } else { due }));
    }
    let all: usize = backlogs.iter().map(|(_, _, count)| count).sum();
    let started_at = Instant::now();
    town.while_stopped(|connection| {
        backlogs.iter().for_each(|(portal, webhook, count)| make_due(connection, *portal, webhook, *count));
    })
    .await;
    assert!(sink.waits_for(all, ALL_WITHIN).await, "{} of {all} came; {}", sink.count(), town.platform.last_lines());
    let arrivals = sink.since(0);
    let (mut shares, mut until_one_is_done) = ([0.0; PORTALS], None);
    for arrival in &arrivals {
        let share = &mut shares[arrival.path as usize];
        *share += 1.0;
        if *share >= due as f64 && until_one_is_done.is_none() {
            until_one_is_done = Some(shares);
        }
    }
    let fair = jain(&until_one_is_done.expect("all came"));
    assert!(fair >= JAIN_MIN, "Jain's index is {fair:.3}: {until_one_is_done:?}");
    // The control: in the end the one that floods had a hundred times as much, which the index must show.
    let unfair = jain(&shares);
    assert!(unfair < JAIN_MIN, "a flood is not noticed: {unfair:.3}");
    proof::held(
        "R23",
        "deliveries of 50 portals of which one has 100 times as many due",
        all as u64,
        format_args!(
            "Jain's index {fair:.3} until the first portal had all of its own, {unfair:.3} in the end; all arrived in {:.1} s",
            started_at.elapsed().as_secs_f64()
        ),
    );
}
