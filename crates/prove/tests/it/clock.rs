//! R9: the clock of the machine is set, forwards and back, by an hour and by a month.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::binary::Environment;
use crate::dice::Dice;
use crate::lives::ALL_WITHIN;
use crate::receiver::{Manner, Received, Receiver, by_delivery};
use crate::shim;
use crate::world::{IN_FLIGHT_MAX, Load, World, customer_tokens, show};

/// Completions a second.
const RATE: u32 = 60;
/// How long the clock stays where it was set to.
const STAYS_FOR: Duration = Duration::from_secs(4);
const HOUR: i64 = 3_600;
const MONTH: i64 = 30 * 24 * HOUR;
/// Where the clock is set to, in seconds from the truth.
const STEPS: [i64; 8] = [HOUR, 0, -HOUR, 0, MONTH, 0, -MONTH, 0];
/// How far the time in a signature may lie from that of the clock.
const SKEW_MAX_S: i64 = 1;
/// How much more is sent in the time after a step than in as much time before any.
const STORM: f64 = 1.2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r9_a_clock_that_is_set_holds_nothing_up_and_sets_nothing_off() {
    let rounds: usize = proof::size(1, 25);
    let mut dice = Dice::new();
    let clock = FakeClock::new();
    let world = Arc::new(World::make("retry_delays_s = [1, 1, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4]").await);
    let manner = Manner { fails: 20, takes: Duration::from_millis(100), ..Manner::default() };
    let receiver = Receiver::start(manner, dice.split()).await;
    receiver.next_life();
    let mut platform = world.serve(&clock.environment()).await;
    let tokens = customer_tokens(&world, platform.url()).await;
    world.subscribe(platform.url(), &receiver, "main").await;
    let load = Load::start(&world, RATE, &tokens);
    load.aim(Some(platform.url()), 1);
    assert_eq!(platform.ended(STAYS_FOR).await, None, "{}", platform.last_lines());
    let usual = window(&receiver, &mut platform).await;
    let (mut most, mut steps) = (0, 0);
    for ahead_s in (0..rounds).flat_map(|_| STEPS) {
        let acked = load.count();
        clock.set(ahead_s);
        receiver.clock_is_ahead(ahead_s);
        let sent = window(&receiver, &mut platform).await;
        let most_allowed = usual as f64 * STORM + IN_FLIGHT_MAX as f64;
        assert!(sent as f64 <= most_allowed, "{sent} requests after a step to {ahead_s} s, {usual} before");
        assert!(
            sent * 2 >= usual,
            "only {sent} requests after a step to {ahead_s} s, {usual} before; {}",
            platform.last_lines()
        );
        assert!(load.count() - acked >= 10, "{} accepted after a step to {ahead_s} s", load.count() - acked);
        most = most.max(sent);
        steps += 1;
    }
    let refusals = load.refusals();
    assert!(refusals.keys().all(|status| *status == 401), "refused with{}", show(&refusals));
    let acks = load.end().await;
    let came = receiver
        .waits(ALL_WITHIN, |all| acks.keys().all(|id| all.iter().any(|one| one.enrollment == *id && one.accepted)));
    assert!(came.await, "what was acknowledged is held up; {}", platform.last_lines());
    assert!(world.settles(platform.url(), ALL_WITHIN).await, "deliveries stay open; {}", platform.last_lines());
    platform.kill().await;
    let received = receiver.all();
    let (repeated, skewed) = judge(&received);
    assert!(repeated <= steps * IN_FLIGHT_MAX, "{repeated} repeated over {steps} steps");
    // The control: the clock really was set, else nobody's token had run out.
    assert!(refusals.contains_key(&401), "no token ran out in a month");
    let progress = format!(
        "{} acknowledged, all delivered; {usual} requests in {} s before, {most} after a step at most; {repeated} repeated; \
         {skewed} signatures over {SKEW_MAX_S} s off",
        acks.len(),
        STAYS_FOR.as_secs()
    );
    proof::held("R9", "the clock set by an hour and by a month, either way", steps as u64, progress);
}

/// How many requests come in a window of time.
async fn window(receiver: &Receiver, platform: &mut crate::binary::Platform) -> usize {
    let before = receiver.count();
    assert_eq!(platform.ended(STAYS_FOR).await, None, "{}", platform.last_lines());
    receiver.count() - before
}

/// Numbers grow for each delivery; gives how many came again though they had been accepted, and how many signatures are off:
/// those that were made just before a step and arrived just after it.
fn judge(received: &[Received]) -> (usize, usize) {
    let mut repeated = 0;
    for ((event, _), requests) in by_delivery(received) {
        let numbers: Vec<u64> = requests.iter().map(|request| request.number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{event}: {numbers:?}");
        repeated += requests.windows(2).filter(|pair| pair[0].accepted).count();
    }
    let skewed = received.iter().filter(|one| one.skew.is_none_or(|skew| skew > SKEW_MAX_S)).count();
    assert!(skewed <= STEPS.len() * IN_FLIGHT_MAX / 4, "{skewed} of {} signatures are off", received.len());
    (repeated, skewed)
}

/// The clock of a process, which is set by writing into a file; what measures spans stays true.
struct FakeClock(tempfile::TempDir);

impl FakeClock {
    fn new() -> Self {
        let clock = FakeClock(tempfile::tempdir().unwrap());
        clock.set(0);
        clock
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("clock")
    }

    /// In place and at once: the process has the file mapped.
    fn set(&self, ahead_s: i64) {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.file()).unwrap();
        file.write_all_at(&ahead_s.to_ne_bytes(), 0).unwrap();
    }

    fn environment(&self) -> Environment {
        vec![("LD_PRELOAD", shim::compile("clock", self.0.path()).into()), ("CLOCK_FILE", self.file().into())]
    }
}
