//! Receivers that behave as chance has it, for days.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use contract::signature::{HEADER, TOLERANCE, verify};
use domain::clock::Clock;
use domain::delivery::{Answer, Failure, FailureKind, Lease, Outcome};
use engine::request::SignedRequest;
use engine::timer::Timer;
use engine::transport::Transport;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::dice::Dice;
use super::ledger::Pair;
use super::stage::Life;

/// How long an exchange may take.
const EXCHANGE_FOR: SignedDuration = SignedDuration::from_secs(15);

/// How a receiver behaves.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Good,
    Flaky,
    Down,
    Slow,
    Hanging,
    Throttling,
    /// Down and up again, so many hours each.
    Flapping(i64),
    /// Gone, in some of its answers.
    Leaving,
}

const MANNERS: [Manner; 12] = [
    Manner::Good,
    Manner::Good,
    Manner::Good,
    Manner::Flaky,
    Manner::Flaky,
    Manner::Down,
    Manner::Slow,
    Manner::Hanging,
    Manner::Throttling,
    Manner::Flapping(3),
    Manner::Flapping(40),
    Manner::Leaving,
];

/// The receivers, by the host that they listen at, and the requests that wait for their answers.
#[derive(Debug, Default)]
pub(crate) struct Receivers {
    manners: HashMap<String, Manner>,
    is_calm: bool,
    /// Whether nobody ever takes anything.
    are_grim: bool,
    /// When the requests in flight are answered.
    answers_at: Vec<(Timestamp, Pair, u32)>,
}

impl Receivers {
    pub(crate) fn new(are_grim: bool) -> Self {
        Receivers { are_grim, ..Receivers::default() }
    }

    /// Gives the receiver at a host another manner.
    pub(crate) fn change(&mut self, host: &str, dice: &Dice) {
        self.manners.insert(host.to_owned(), *dice.pick(&MANNERS));
    }

    /// Everybody is good from now on.
    pub(crate) fn calm(&mut self) {
        self.is_calm = true;
    }

    /// When the next request in flight is answered.
    pub(crate) fn next_answer_at(&self) -> Option<Timestamp> {
        self.answers_at.iter().map(|(at, ..)| *at).min()
    }

    /// What the receiver says, and how long that takes.
    fn meet(&self, host: &str, now: Timestamp, dice: &Dice) -> (Outcome, SignedDuration) {
        let quick = dice.span(SignedDuration::from_millis(800));
        let manner = self.manners.get(host).filter(|_| !self.is_calm).copied().unwrap_or(Manner::Good);
        match manner {
            Manner::Slow | Manner::Hanging if self.are_grim => (failure(FailureKind::Timeout), EXCHANGE_FOR),
            _ if self.are_grim => (answer(*dice.pick(&[500, 503]), None), quick),
            Manner::Good => (answer(204, None), quick),
            Manner::Flaky if dice.percent(50) => (answer(200, None), quick),
            Manner::Flaky => trouble(dice, quick),
            Manner::Down => (failure(FailureKind::Connect), quick),
            Manner::Slow => (answer(200, None), SignedDuration::from_millis(dice.between(2_000, 14_900) as i64)),
            Manner::Hanging => (failure(FailureKind::Timeout), EXCHANGE_FOR),
            Manner::Throttling if dice.percent(30) => (answer(200, None), quick),
            Manner::Throttling => {
                let asked_s = *dice.pick(&[0, 1, 60, 3_600, 108_000, i64::MAX]);
                (answer(*dice.pick(&[429, 503]), Some(asked_s)), quick)
            }
            Manner::Flapping(hours) if now.as_second() / (3_600 * hours) % 2 == 0 => (answer(503, None), quick),
            Manner::Flapping(_) => (answer(202, None), quick),
            Manner::Leaving if dice.percent(20) => (answer(410, None), quick),
            Manner::Leaving => (answer(500, None), quick),
        }
    }
}

fn trouble(dice: &Dice, quick: SignedDuration) -> (Outcome, SignedDuration) {
    match dice.below(6) {
        0 => (answer(*dice.pick(&[301, 400, 404, 418]), None), quick),
        1 => (answer(*dice.pick(&[500, 502, 504]), None), quick),
        2 => (answer(429, Some(30)), quick),
        3 => (failure(FailureKind::Protocol), quick),
        4 => (failure(FailureKind::Tls), quick),
        _ => (failure(FailureKind::Timeout), EXCHANGE_FOR),
    }
}

fn answer(status: u16, retry_after_s: Option<i64>) -> Outcome {
    let retry_after = retry_after_s.map(SignedDuration::from_secs);
    Outcome::Answered(Answer {
        status,
        retry_after,
        body: b"so it is".to_vec(),
        truncated: false,
        headers: String::new(),
    })
}

fn failure(kind: FailureKind) -> Outcome {
    Outcome::Failed(Failure { kind, detail: "so it is".to_owned() })
}

/// What one life of a node sends through.
#[derive(Debug)]
pub(crate) struct Wire(pub(crate) Arc<Life>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: SignedRequest) -> Outcome {
        let Wire(life) = self;
        let stage = &life.stage;
        life.boundary("before it sends").await;
        let (pair, number) = read(&request);
        let now = life.clock.now();
        stage.say(format_args!("node {} sends attempt {number} of {} to {}", life.node, pair.0, pair.1));
        let lease = stage.ledger().sent(life.node, now, &pair, number);
        if let Some(lease) = lease {
            let broken = inspect(&request, &lease, now);
            stage.ledger().check(broken.is_none(), || format!("attempt {number} of {pair:?}: {}", broken.unwrap()));
        }
        let host = request.url.host_str().unwrap_or_default();
        let (outcome, takes) = stage.receivers.lock().unwrap().meet(host, stage.time.now(), &stage.dice);
        let answers_at = stage.time.now() + takes;
        stage.receivers.lock().unwrap().answers_at.push((answers_at, pair.clone(), number));
        let waits = InFlight { life, place: (answers_at, pair, number) };
        life.boundary("while its request is under way").await;
        life.clock.sleep_until(now + takes).await;
        life.boundary("before it hears the answer").await;
        let (_, pair, number) = &waits.place;
        stage.say(format_args!("node {} hears {outcome:?} for attempt {number} of {}", life.node, pair.0));
        stage.ledger().answered(life.node, life.clock.now(), pair, *number, &outcome);
        outcome
    }
}

/// A request that waits for its answer.
struct InFlight<'a> {
    life: &'a Life,
    place: (Timestamp, Pair, u32),
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.life.stage.receivers.lock().unwrap().answers_at.retain(|place| *place != self.place);
    }
}

/// What the request says it is.
fn read(request: &SignedRequest) -> (Pair, u32) {
    let body: Value = serde_json::from_slice(&request.body).expect("the body is JSON");
    let text = |field: &str| body[field].as_str().expect("it is a text").to_owned();
    let number = body["attempt_number"].as_u64().expect("it is a number");
    ((text("id").parse().unwrap(), text("webhook_id").parse().unwrap()), number as u32)
}

/// What is wrong with a request: it goes where the webhook is, and is signed by every secret that is valid now.
fn inspect(request: &SignedRequest, lease: &Lease, now: Timestamp) -> Option<String> {
    if request.url.as_str() != lease.webhook.url.as_str() {
        return Some(format!("goes to {}", request.url));
    }
    let header = request.headers.get(HEADER).map(|value| value.to_str().unwrap());
    let secrets = lease.webhook.secrets_at(now);
    let is_signed = match header {
        None => secrets.is_empty(),
        Some(header) => {
            !secrets.is_empty()
                && secrets.iter().all(|secret| verify(header, &request.body, &[secret], now, TOLERANCE).is_ok())
        }
    };
    (!is_signed).then(|| "is not signed as its receiver expects".to_owned())
}
