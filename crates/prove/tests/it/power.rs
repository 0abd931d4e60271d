//! R3: the power fails at any moment, and the disk keeps of what was not synced what it likes.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::binary::Environment;
use crate::burst::burst;
use crate::dice::Dice;
use crate::disk::{Call, DATABASE, Disk, Done, Files, Keep};
use crate::image;
use crate::receiver::{Manner, Receiver};
use crate::world::{World, copy, customer_tokens};

/// Completions of a run.
const COMPLETIONS: usize = 400;
/// At once, so that commits are shared.
const CALLERS: usize = 12;
/// The WAL is copied back so often that a run has some of that, and cuts in the middle of it.
const CHECKPOINT_PAGES: &str = "100";

/// A run: how the files lay before it, what was done to them, and what was acknowledged when.
struct Trace {
    before: TempDir,
    calls: Vec<Call>,
    acks: HashMap<String, u64>,
    delivered: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask prove"]
async fn r3_a_power_cut_takes_nothing_that_was_acknowledged() {
    let cuts: usize = proof::size(300, 33_334);
    let mut dice = Dice::new();
    let trace = record("full", &mut dice).await;
    let checkpoints = trace.calls.iter().filter(|call| call.file == DATABASE && call.done == Done::Synced).count();
    assert!(trace.acks.len() == COMPLETIONS, "{} acknowledged", trace.acks.len());
    assert!(checkpoints >= 3, "{checkpoints} checkpoints");
    let found = cut(&trace, cuts, &mut dice);
    for (keep, Cuts { lost, broken, promised, .. }) in &found {
        assert!(broken.is_none(), "{keep:?}: {broken:?}");
        assert_eq!(*lost, 0, "{keep:?}: images without what was acknowledged");
        assert!(*promised > cuts * COMPLETIONS / 4, "{keep:?}: only {promised} promises were looked for");
    }
    // The negative control: a platform that does not sync its commits is caught.
    let weak = cut(&record("normal", &mut dice).await, cuts.min(1_000), &mut dice);
    let caught = weak[&Keep::None].lost;
    assert!(caught > cuts.min(1_000) / 4, "synchronous=NORMAL was caught losing at {caught} cut points only: {weak:?}");
    let progress = format!(
        "{} acknowledged, {} delivered, {checkpoints} checkpoints; 0 lost, 0 broken; control: NORMAL loses at {caught} of {} cuts",
        trace.acks.len(),
        trace.delivered,
        cuts.min(1_000)
    );
    let count = (cuts * found.len()) as u64;
    proof::held("R3", "power cuts that keep none, half or all of what was not synced", count, progress);
}

/// Runs the real binary over a disk that writes everything down.
async fn record(synchronous: &str, dice: &mut Dice) -> Trace {
    let world = Arc::new(World::make("").await);
    let receiver = Receiver::start(Manner::default(), dice.split()).await;
    let mut platform = world.serve(&Environment::new()).await;
    let tokens = customer_tokens(&world, platform.url()).await;
    world.subscribe(platform.url(), &receiver, "main").await;
    platform.signal("TERM").await;
    assert!(platform.ended(Duration::from_secs(30)).await.is_some_and(|status| status.success()));
    let before = TempDir::new().unwrap();
    copy(&world.data(), before.path());

    let disk = Arc::new(Disk::new());
    let mut environment = disk.environment(&world.data(), None);
    environment.push(("SCHOOLBELL_PROVE_SYNCHRONOUS", synchronous.into()));
    environment.push(("SCHOOLBELL_PROVE_CHECKPOINT_PAGES", CHECKPOINT_PAGES.into()));
    let mut platform = world.serve(&environment).await;
    let position = disk.clone();
    let (acks, _) = burst(&world, platform.url(), &tokens, CALLERS, COMPLETIONS, move || position.position()).await;
    let all = receiver.waits(Duration::from_secs(30), |all| all.len() >= COMPLETIONS).await;
    assert!(all, "{} delivered; {}", receiver.count(), platform.last_lines());
    platform.kill().await;
    Trace { before, calls: disk.calls(), acks, delivered: receiver.count() }
}

/// What was found at the cuts of one kind.
#[derive(Debug, Default)]
struct Cuts {
    /// Images that lack something that was acknowledged before.
    lost: usize,
    /// The first image that does not open, or is not whole.
    broken: Option<String>,
    /// How much was acknowledged before, over all images.
    promised: usize,
}

/// Cuts the power at `count` moments for each kind, in one walk through the run.
fn cut(trace: &Trace, count: usize, dice: &mut Dice) -> BTreeMap<Keep, Cuts> {
    let mut moments: Vec<(usize, Keep)> = Vec::new();
    for keep in [Keep::None, Keep::Half, Keep::All] {
        moments.extend((0..count).map(|_| (dice.below(trace.calls.len() as u64) as usize + 1, keep)));
    }
    moments.sort_unstable();
    let mut files = Files::in_folder(trace.before.path());
    let mut played = 0;
    let mut found: BTreeMap<Keep, Cuts> = BTreeMap::new();
    for (moment, keep) in moments {
        trace.calls[played..moment].iter().for_each(|call| files.play(call));
        played = moment;
        let folder = TempDir::new().unwrap();
        std::fs::copy(trace.before.path().join("schoolbell.key"), folder.path().join("schoolbell.key")).unwrap();
        files.leave(keep, dice, folder.path());
        look(trace, trace.calls[moment - 1].position, folder.path(), found.entry(keep).or_default());
    }
    found
}

fn look(trace: &Trace, position: u64, folder: &Path, cuts: &mut Cuts) {
    let promised: Vec<&String> = trace.acks.iter().filter(|(_, at)| **at <= position).map(|(id, _)| id).collect();
    cuts.promised += promised.len();
    match image::completed(folder) {
        Ok(there) => cuts.lost += usize::from(promised.iter().any(|id| !there.contains(*id))),
        Err(why) => cuts.broken = cuts.broken.take().or(Some(why)),
    }
}
