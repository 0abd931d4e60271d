//! R4: one `fsync` or one write fails, whichever of all that a run makes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use tempfile::TempDir;

use crate::binary::{Environment, Platform};
use crate::burst::burst;
use crate::dice::Dice;
use crate::disk::{Call, Disk, Done, Fault, check_no_retry};
use crate::image;
use crate::receiver::{Manner, Receiver};
use crate::world::{World, copy, customer_tokens};

/// Completions of a run: few, for there are many runs.
const COMPLETIONS: usize = 60;
const CALLERS: usize = 4;
/// So that a run copies the WAL back a few times.
const CHECKPOINT_PAGES: &str = "60";
/// How long deliveries may take once nothing is in their way.
const DELIVERED_WITHIN: Duration = Duration::from_secs(20);

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// Everything but the disk, and how the folder lies before a run.
struct Scene {
    world: Arc<World>,
    before: TempDir,
    tokens: [String; 2],
    disk: Arc<Disk>,
}

/// What came of a run.
#[derive(Default)]
struct Tally {
    runs: u64,
    reached: u64,
    ended: u64,
    read_only: u64,
    went_on: u64,
    acked: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r4_a_disk_that_fails_once_loses_nothing_that_was_acknowledged() {
    let every: u64 = proof::size(13, 1);
    let mut dice = Dice::new();
    let scene = Scene::set(&mut dice).await;
    // Without a fault: how many calls there are to fail.
    let mut tally = Tally::default();
    let whole = scene.run(None, &mut tally).await;
    let count = |what: fn(&Done) -> bool| whole.iter().filter(|call| what(&call.done)).count() as u64;
    let syncs = count(|done| *done == Done::Synced);
    let writes = count(|done| matches!(done, Done::Written { .. }));
    assert!(syncs >= 40 && writes >= 200, "{syncs} syncs and {writes} writes are too few to fail one of them");
    assert_eq!((tally.acked, tally.reached), (COMPLETIONS as u64, 0), "the control: without a fault all is well");
    tally = Tally::default();
    // A sync is rarer than a write and worth more.
    let syncs_every = every.div_ceil(4);
    for (call, calls, every, error) in
        [("sync", syncs, syncs_every, EIO), ("write", writes, every, EIO), ("write", writes, every, ENOSPC)]
    {
        for at in (1 + dice.below(every)..=calls).step_by(every as usize) {
            scene.run(Some(Fault { call, at, error }), &mut tally).await;
        }
    }
    let Tally { runs, reached, ended, read_only, went_on, acked } = tally;
    // Commits that are shared otherwise than in the first run have fewer calls, and the last faults are then not met.
    assert!(reached * 2 >= runs, "only {reached} of {runs} faults were met");
    assert!(read_only > 0 && went_on > 0, "{read_only} took no more writes, {went_on} went on");
    let progress = format!(
        "{syncs} syncs and {writes} writes to fail; {reached} met: {ended} did not start, {read_only} took no more writes, \
         {went_on} went on; {acked} acknowledged, 0 lost"
    );
    proof::held("R4", "EIO of the N-th fsync, EIO and ENOSPC of the N-th write", runs, progress);
}

impl Scene {
    async fn set(dice: &mut Dice) -> Self {
        let world = Arc::new(World::make("").await);
        let receiver = Receiver::start(Manner::default(), dice.split()).await;
        let mut platform = world.serve(&Environment::new()).await;
        let tokens = customer_tokens(&world, platform.url()).await;
        world.subscribe(platform.url(), &receiver, "main").await;
        platform.signal("TERM").await;
        assert!(platform.ended(DELIVERED_WITHIN).await.is_some_and(|status| status.success()));
        let before = TempDir::new().unwrap();
        copy(&world.data(), before.path());
        Scene { world, before, tokens, disk: Arc::new(Disk::new()) }
    }

    /// Runs the real binary from the same start, with a fault or without, and judges it.
    async fn run(&self, fault: Option<Fault>, tally: &mut Tally) -> Vec<Call> {
        let data = self.world.data();
        std::fs::remove_dir_all(&data).unwrap();
        copy(self.before.path(), &data);
        let mut environment = self.disk.environment(&data, fault);
        environment.push(("SCHOOLBELL_PROVE_CHECKPOINT_PAGES", CHECKPOINT_PAGES.into()));
        let mut platform = self.world.start(&environment).await;
        let acks = if platform.url.is_some() { self.serve(&mut platform, fault, tally).await } else { HashMap::new() };
        if platform.url.is_none() {
            let status = platform.ended(DELIVERED_WITHIN).await.expect("what does not listen ends");
            assert!(
                !status.success() && status.code().is_some(),
                "{fault:?}: it ended with {status}; {}",
                platform.last_lines()
            );
            tally.ended += 1;
        }
        platform.kill().await;
        let calls = self.disk.calls();
        tally.runs += 1;
        tally.reached += u64::from(failed(&calls).is_some());
        tally.acked += acks.len() as u64;
        check_no_retry(&calls).unwrap_or_else(|why| panic!("{fault:?}: {why}"));
        // Looked at in a copy: a store that is dropped closes its files a moment later, and the next run begins in this folder.
        let left = TempDir::new().unwrap();
        copy(&data, left.path());
        let there = image::completed(left.path()).unwrap_or_else(|why| panic!("{fault:?}: {why}"));
        let lost: Vec<_> = acks.keys().filter(|id| !there.contains(*id)).collect();
        assert!(lost.is_empty(), "{fault:?}: {lost:?} are lost");
        calls
    }

    /// Asks for completions, and sees how the platform goes on.
    async fn serve(&self, platform: &mut Platform, fault: Option<Fault>, tally: &mut Tally) -> HashMap<String, u64> {
        let disk = self.disk.clone();
        let moment = move || disk.position();
        let url = platform.url().to_owned();
        let (acks, refused) = burst(&self.world, &url, &self.tokens, CALLERS, COMPLETIONS, moment).await;
        let Some((Fault { error, .. }, failed)) = fault.zip(failed(&self.disk.calls())) else { return acks };
        let ready = self.world.call(Method::GET, &format!("{url}/readyz"), "", None).await;
        let is_ready = ready.is_some_and(|(status, _)| status.is_success());
        if error == EIO {
            assert!(!is_ready, "{fault:?}: it says that it is ready");
            let after = self.disk.calls().into_iter().filter(|call| call.position > failed.position);
            let after = after.filter(|call| !matches!(call.done, Done::Opened { .. })).count();
            assert_eq!(after, 0, "{fault:?}: calls after that");
            tally.read_only += 1;
        } else {
            assert!(is_ready, "{fault:?}: it does not go on; {}", platform.last_lines());
            assert!(acks.len() + refused >= COMPLETIONS && refused <= CALLERS, "{fault:?}: {refused} were refused");
            tally.went_on += 1;
        }
        acks
    }
}

/// The call that failed.
fn failed(calls: &[Call]) -> Option<Call> {
    calls.iter().find(|call| matches!(call.done, Done::WriteFailed | Done::SyncFailed)).cloned()
}
