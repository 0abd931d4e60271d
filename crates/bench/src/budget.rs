//! The first row of the budgets: SQLite with `synchronous=FULL`, one webhook.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::job::Asked;
use crate::machine::Machine;
use crate::platform::Platform;
use crate::round::{Cast, Round};
use crate::world::{self, Caller};

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
pub(crate) fn measure(settings: &Settings) -> Result<Measured> {
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&settings.folder);
    let folder = folder.with_context(|| format!("making a folder in {}", settings.folder.display()))?;
    let machine = Machine::find(folder.path())?;
    let platform = Platform::start(&settings.schoolbell, folder.path())?;
    eprintln!("the platform is process {} and listens on {}", platform.pid(), platform.address);
    let mut cast = Cast::assemble(platform)?;
    let customer = cast.platform.sandbox.customers.first().context("the sandbox has no customer")?.clone();
    let caller = Caller::new(&mut cast.load, &cast.platform, &customer, settings.connections)?;
    let warm_up = settings.events.div_ceil(WARM_UP);
    let count = warm_up + settings.events * settings.rounds;
    let completions = completions(world::enroll(&mut cast.load, &cast.platform, &caller, count)?)?;
    subscribe(&mut cast, settings)?;
    let (first, rest) = completions.split_at(warm_up);
    eprintln!("warming up: {warm_up} completions");
    cast.deliver(&caller, first)?;
    let rounds = rounds(&mut cast, &caller, rest, settings)?;
    let troubles = cast.platform.troubles()?;
    if let Some(line) = troubles.first() {
        eprintln!("the platform had {} trouble(s), first: {line}", troubles.len());
    }
    Ok(Measured { settings: settings.clone(), machine, rounds, troubles: troubles.len() })
}

/// The webhook is the partner's, as in the published walk-through: the event is a customer's.
fn subscribe(cast: &mut Cast, settings: &Settings) -> Result<()> {
    let credentials = cast.platform.sandbox.partner.clone();
    let partner = Caller::new(&mut cast.load, &cast.platform, &credentials, settings.connections)?;
    let url = format!("http://{}/hook", cast.receiver_address);
    world::subscribe(&mut cast.load, &cast.platform, &partner, url)
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

fn completions(enrollments: Vec<String>) -> Result<Vec<(u64, Asked)>> {
    enrollments.iter().map(|id| Ok((id.parse()?, world::completion(id)?))).collect()
}
