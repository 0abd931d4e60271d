//! R5: the disk is full, and then there is space again.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::binary::Environment;
use crate::dice::Dice;
use crate::image;
use crate::ledger::Ledger;
use crate::lives::ALL_WITHIN;
use crate::receiver::{Manner, Receiver};
use crate::world::{IN_FLIGHT_MAX, Load, World, customer_tokens, show};

/// Completions a second.
const RATE: u32 = 120;
/// How large the disk is, in MiB: the WAL at its longest fits in, with little beside it.
const DISK_MIB: u32 = 24;
/// How long it stays full.
const FULL_FOR: Duration = Duration::from_secs(6);
/// How soon all is well once there is space.
const WELL_WITHIN: Duration = Duration::from_secs(5);
/// How long things run undisturbed.
const RUNS_FOR: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r5_a_full_disk_is_said_to_be_and_forgotten_once_there_is_space() {
    let times: u64 = proof::size(2, 50);
    let small = SmallDisk::mount();
    let mut dice = Dice::new();
    let world = Arc::new(World::make_in(small.folder(), "").await);
    let receiver =
        Receiver::start(Manner { takes: Duration::from_millis(700), ..Manner::default() }, dice.split()).await;
    let mut platform = world.serve(&Environment::new()).await;
    receiver.next_life();
    let tokens = customer_tokens(&world, platform.url()).await;
    world.subscribe(platform.url(), &receiver, "main").await;
    let load = Load::start(&world, RATE, &tokens);
    load.aim(Some(platform.url()), 1);
    let mut slowest = Duration::ZERO;
    for _ in 0..times {
        assert_eq!(platform.ended(RUNS_FOR).await, None, "{}", platform.last_lines());
        // The control: while there is space nothing is refused.
        let refused_before: u64 = load.refusals().values().sum();
        small.fill();
        let (before, acked_before) = (receiver.count(), load.count());
        assert_eq!(platform.ended(FULL_FOR).await, None, "a full disk ends nothing; {}", platform.last_lines());
        let refused = load.refusals().values().sum::<u64>() - refused_before;
        assert!(refused > u64::from(RATE), "{refused} refused, {} accepted", load.count() - acked_before);
        let repeated = receiver.count() - before;
        assert!(
            repeated <= load.count() - acked_before + IN_FLIGHT_MAX,
            "{repeated} requests while nothing can be recorded"
        );
        small.free();
        let freed_at = Instant::now();
        let (acked, received) = (load.count(), receiver.count());
        while load.count() < acked + 20 {
            assert!(freed_at.elapsed() < WELL_WITHIN, "nothing is accepted; {}", platform.last_lines());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let delivers =
            receiver.waits(WELL_WITHIN.saturating_sub(freed_at.elapsed()), |all| all.len() > received + 20).await;
        assert!(delivers, "nothing is delivered; {}", platform.last_lines());
        slowest = slowest.max(freed_at.elapsed());
    }
    assert_eq!(platform.ended(RUNS_FOR).await, None);
    let refusals = load.refusals();
    assert!(refusals.keys().all(|status| [503, 507].contains(status)), "refused with{}", show(&refusals));
    assert_eq!(load.impolite(), 0, "some refusals do not say when to come back");
    let acks = load.end().await;
    let came =
        receiver.waits(ALL_WITHIN, |all| acks.keys().all(|id| all.iter().any(|one| one.enrollment == *id))).await;
    assert!(came, "not all {} came; {}", acks.len(), platform.last_lines());
    platform.kill().await;
    let received = receiver.all();
    let verdict =
        Ledger { acks: &acks, received: &received, in_flight_max: 0 }.judge().unwrap_or_else(|why| panic!("{why}"));
    let there = image::completed(&world.data()).unwrap();
    assert!(acks.keys().all(|id| there.contains(id)), "what was acknowledged is stored");
    let progress = format!(
        "{} acknowledged, 0 lost, {} repeated; refused{}, each with Retry-After; well again after {} ms at most",
        acks.len(),
        verdict.repeated,
        show(&refusals),
        slowest.as_millis()
    );
    proof::held("R5", "the disk full for 6 s, then space", times, progress);
}

/// A disk in memory; gone with this value.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let folder = TempDir::new().unwrap();
        let size = format!("size={DISK_MIB}m,mode=700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()));
        SmallDisk(folder)
    }

    fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    /// Takes all the space there is.
    fn fill(&self) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.ballast()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            let bytes = vec![1; size];
            while file.write_all(&bytes).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path() as &Path).status();
    }
}

fn run(command: &mut Command) {
    let done = command.status().is_ok_and(|status| status.success());
    assert!(done, "{command:?}: only root can make a small disk");
}
