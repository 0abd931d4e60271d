//! R2: `kill -9` at random instants, with a receiver that is no better than receivers are.

use std::time::Duration;

use crate::binary::Environment;
use crate::dice::Dice;
use crate::lives::Lives;
use crate::receiver::Manner;

/// Completions a second.
const RATE: u32 = 120;
/// Retries that fail are made again soon, and often enough for a receiver that fails every third time.
const RETRIES: &str = "retry_delays_s = [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]";
/// A platform lives this long at least, and no longer than as much and as much again.
const LIVES_FOR_MS: u64 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r2_killed_at_any_instant_it_loses_nothing() {
    let kills = proof::size(20, 2_000);
    let mut dice = Dice::new();
    let mut lives = Lives::begin(RETRIES, Manner { fails: 30, hangs: 5, ..Manner::default() }, RATE, &mut dice).await;
    for _ in 0..kills {
        let mut platform = lives.start(&Environment::new()).await;
        let lives_for = Duration::from_millis(LIVES_FOR_MS + dice.below(LIVES_FOR_MS));
        assert_eq!(platform.ended(lives_for).await, None, "it ended by itself; {}", platform.last_lines());
        lives.kill(&mut platform).await;
    }
    let platform = lives.recover("the last kill").await;
    let (verdict, acks, received) = lives.end(platform).await;
    assert!(acks.len() as u64 > kills * 10, "only {} completions in {kills} lives", acks.len());
    let mean = 1.0 + verdict.repeated as f64 / verdict.deliveries as f64;
    assert!(mean <= 1.05, "{mean:.3} accepted requests for each delivery");
    let progress = format!(
        "{} acknowledged, 0 lost; {} requests, {} repeated, {} at once at most",
        acks.len(),
        received.len(),
        verdict.repeated,
        verdict.repeated_at_once
    );
    proof::held("R2", "kill -9 at random instants, receiver failing 30 % and hanging 5 %", kills, progress);
}
