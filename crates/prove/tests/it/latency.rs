//! R25: how soon a request is answered and its delivery arrives, while one healthy receiver is told of 500 events a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::load::caller::{Asked, Offer, Pace, offer};
use crate::load::figures::{Spread, median, ms};
use crate::load::sink::{Arrival, Manner, Sink};
use crate::load::town::{ALL_WITHIN, Town};

/// Events a second.
const RATE: u32 = 500;
/// Events a second of a calm system, whose figures are told and not judged here.
const CALM_RATE: u32 = 50;
/// How many pairs of learner and course complete in turn: few enough to be made quickly, so many that each is done before its
/// next turn.
const PAIRS: usize = 400;
/// How many requests may be under way at once.
const CONNECTIONS: usize = 64;
/// Rounds. What is judged is the one in the middle: the machine has other work now and then.
const ROUNDS: u32 = 5;

/// Asked of a server that does nothing, so many times a second.
const NOTHING: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
const NOTHING_RATE: u32 = 200;

/// What is held to.
const ACCEPTED_P99: Duration = Duration::from_millis(20);
const ARRIVES_P50: Duration = Duration::from_millis(30);
const ARRIVES_P99: Duration = Duration::from_millis(250);

/// How long the receiver of the control thinks over each answer.
const SLOW: Duration = Duration::from_millis(400);

/// What came of a round.
struct Round {
    asked: usize,
    /// How long a server that does nothing took meanwhile: what the machine itself takes, which is not counted.
    nothing: Spread,
    accepted: Spread,
    arrives: Spread,
}

impl Round {
    /// A figure without what the machine itself took.
    fn beyond(&self, figure: Duration) -> Duration {
        figure.saturating_sub(self.nothing.p99())
    }
}

/// What came of as many as are judged together.
struct Rounds(Vec<Round>);

impl Rounds {
    async fn take(town: &Town, portal: usize, sink: &Sink, lasts: Duration) -> Self {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(round(town, portal, sink, RATE, lasts).await);
        }
        Rounds(rounds)
    }

    fn middle(&self, figure: fn(&Round) -> Duration) -> Duration {
        median(&self.0.iter().map(figure).collect::<Vec<_>>())
    }

    fn hold(&self) -> bool {
        self.middle(|round| round.beyond(round.accepted.p99())) <= ACCEPTED_P99
            && self.middle(|round| round.arrives.p50()) <= ARRIVES_P50
            && self.middle(|round| round.beyond(round.arrives.p99())) <= ARRIVES_P99
    }

    /// The middle of each figure, from the intended time.
    fn told(&self) -> String {
        format!(
            "answered p50 {} p99 {}, arrived p50 {} p99 {}, a server that does nothing p99 {}; beyond that, answered p99 {}, arrived p99 {}",
            ms(self.middle(|round| round.accepted.p50())),
            ms(self.middle(|round| round.accepted.p99())),
            ms(self.middle(|round| round.arrives.p50())),
            ms(self.middle(|round| round.arrives.p99())),
            ms(self.middle(|round| round.nothing.p99())),
            ms(self.middle(|round| round.beyond(round.accepted.p99()))),
            ms(self.middle(|round| round.beyond(round.arrives.p99()))),
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r25_requests_are_answered_and_deliveries_arrive_soon() {
    let lasts = Duration::from_secs(proof::size(10, 120)) / ROUNDS;
    let mut town = Town::found("", &[]).await;
    let sink = Sink::start(Manner::Accepts(Duration::ZERO)).await;
    let portal = town.settle(PAIRS).await;
    town.subscribe(portal, &sink, 0, "active").await;
    // What is first is slow once: it is not judged.
    round(&town, portal, &sink, RATE, lasts).await;
    let mut rounds = Rounds::take(&town, portal, &sink, lasts).await;
    let mut told = rounds.told();
    if !rounds.hold() {
        rounds = Rounds::take(&town, portal, &sink, lasts).await;
        told = format!("again after {told}: {}", rounds.told());
    }
    assert!(rounds.hold(), "{told}; {}", town.platform.last_lines());
    let calm = round(&town, portal, &sink, CALM_RATE, lasts).await;
    assert!(!control().await.hold(), "a slow receiver is not noticed");
    proof::held(
        "R25",
        "completions at 500/s, each at its time",
        rounds.0.iter().map(|round| round.asked as u64).sum(),
        format_args!(
            "all answered 201 and all arrived; {told}; at {CALM_RATE}/s answered {}, arrived {}",
            calm.accepted, calm.arrives
        ),
    );
}

/// The negative control: a receiver that takes its time with each of the few requests that it is sent at once.
async fn control() -> Rounds {
    let mut town = Town::found("[delivery]\nwebhook_concurrency = 64\n", &[]).await;
    let sink = Sink::start(Manner::Accepts(SLOW)).await;
    let portal = town.settle(PAIRS).await;
    town.subscribe(portal, &sink, 0, "active").await;
    Rounds(vec![round(&town, portal, &sink, RATE, Duration::from_secs(2)).await])
}

/// Offers so much for so long, and waits until all has arrived.
async fn round(town: &Town, portal: usize, sink: &Sink, rate: u32, lasts: Duration) -> Round {
    let before = sink.count();
    let completions = Offer {
        address: town.address(),
        requests: town.completions(&[portal]),
        pace: Pace::PerSecond(rate),
        lasts,
        connections: CONNECTIONS,
    };
    let idle = Sink::start(Manner::Accepts(Duration::ZERO)).await;
    let nothing = Offer {
        address: idle.address,
        requests: Arc::new(vec![NOTHING.to_vec()]),
        pace: Pace::PerSecond(NOTHING_RATE),
        connections: 4,
        ..completions.clone()
    };
    let (asked, nothing) = tokio::join!(offer(completions), offer(nothing));
    assert!(asked.len() as f64 >= 0.99 * f64::from(rate) * lasts.as_secs_f64(), "only {} were asked", asked.len());
    let refused = asked.iter().filter(|asked| asked.created().is_none()).count();
    assert_eq!(refused, 0, "of {} requests; {}", asked.len(), town.platform.last_lines());
    let all = sink.waits_for(before + asked.len(), ALL_WITHIN).await;
    assert!(all, "{} of {} came; {}", sink.count() - before, asked.len(), town.platform.last_lines());
    let arrives = arrivals(&asked, &sink.since(before));
    let nothing = Spread::of(nothing.iter().map(Asked::took));
    Round {
        asked: asked.len(),
        nothing,
        accepted: Spread::of(asked.iter().map(Asked::took)),
        arrives: Spread::of(arrives),
    }
}

/// How long after its intended time each was delivered.
fn arrivals(asked: &[Asked], arrived: &[Arrival]) -> Vec<Duration> {
    let due_at: HashMap<u64, Instant> =
        asked.iter().filter_map(|asked| Some((asked.created()?, asked.due_at))).collect();
    let took = |arrival: &Arrival| Some(arrival.at.saturating_duration_since(*due_at.get(&arrival.enrollment)?));
    let took: Vec<Duration> = arrived.iter().filter_map(took).collect();
    assert_eq!(took.len(), asked.len(), "each arrives once");
    took
}
