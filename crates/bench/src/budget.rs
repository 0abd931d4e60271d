//! The first row of the budgets: SQLite with `synchronous=FULL`, one webhook.

use std::path::PathBuf;

use anyhow::Result;

use crate::job::Asked;
use crate::machine::Machine;
use crate::round::{Cast, Round};
use crate::scene::Scene;
use crate::world::Caller;

/// How many times the controls a delivered event may cost.
pub(crate) const RATIO_MAX: f64 = 2.2;
/// So large a part of a round is done beforehand, and not measured: connections, caches, the first pages of the database.
const WARM_UP: usize = 10;

/// What to measure, and how much of it.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) schoolbell: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) events: usize,
    pub(crate) rounds: usize,
    pub(crate) connections: usize,
    /// Deliveries that are due after the restart.
    pub(crate) due: usize,
    /// Deliveries of the past.
    pub(crate) stored: usize,
}

/// What it came to.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) settings: Settings,
    pub(crate) machine: Machine,
    pub(crate) rounds: Vec<Round>,
    /// What the platform warned of meanwhile.
    pub(crate) troubles: usize,
}

/// Measures, and says on standard error what it is doing.
pub(crate) fn measure(settings: &Settings, machine: Machine) -> Result<Measured> {
    let warm_up = settings.events.div_ceil(WARM_UP);
    let mut scene = Scene::set(settings, warm_up + settings.events * settings.rounds)?;
    scene.subscribe(1)?;
    let first = scene.take(warm_up);
    eprintln!("warming up: {warm_up} completions");
    scene.cast.deliver(&scene.caller, &first)?;
    let rest = scene.take(settings.events * settings.rounds);
    let rounds = rounds(&mut scene.cast, &scene.caller, &rest, settings)?;
    let troubles = scene.cast.platform.troubles()?;
    if let Some(line) = troubles.first() {
        eprintln!("the platform had {} trouble(s), first: {line}", troubles.len());
    }
    Ok(Measured { settings: settings.clone(), machine, rounds, troubles: troubles.len() })
}

fn rounds(cast: &mut Cast, caller: &Caller, completions: &[(u64, Asked)], settings: &Settings) -> Result<Vec<Round>> {
    let mut rounds = Vec::with_capacity(settings.rounds);
    for (chunk, number) in completions.chunks(settings.events).zip(1..) {
        eprintln!("round {number} of {}: {} completions, controls before and after", settings.rounds, chunk.len());
        let round = cast.round(caller, chunk)?;
        let (platform, controls, ratio) = (round.platform_us, round.controls_us(), round.ratio());
        eprintln!("  {platform:.1} µs an event; controls {controls:.1} µs; {ratio:.2} ×");
        rounds.push(round);
    }
    Ok(rounds)
}
