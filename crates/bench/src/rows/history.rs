//! A database with very many deliveries in it that were delivered long ago, against one that has few.

use anyhow::{Context, Result};
use store_sqlite::testing::history::{self, History};

use super::restart::FIRST_ENROLLMENT;
use crate::budget::Settings;
use crate::clock;
use crate::finding::{Budget, Finding};
use crate::scene::Scene;
use crate::spread::median;

const ROW: &str = "history";
/// How much later, at most, in parts of the empty one.
const SLOWER_MAX: f64 = 1.1;

pub(super) fn measure(settings: &Settings) -> Result<Vec<Finding>> {
    let mut scene = Scene::set(settings, 2 * (settings.rounds + 1) * settings.events)?;
    scene.subscribe(1)?;
    let (cpu_before, rate_before) = rounds(&mut scene, settings)?;
    scene.cast.platform.kill()?;
    eprintln!("writing {} deliveries that were delivered", settings.stored);
    let history = History {
        webhook_id: scene.webhooks.first().context("there is a webhook")?,
        first_enrollment: FIRST_ENROLLMENT,
        count: i64::try_from(settings.stored)?,
        at_ms: clock::now().as_millisecond(),
        delivered: true,
    };
    history::write(&scene.cast.platform.database(), &history)?;
    // What the system still has to write would be written while it is measured.
    std::fs::File::open(scene.cast.platform.database())?.sync_all()?;
    let bytes = std::fs::metadata(scene.cast.platform.database())?.len();
    scene.cast.platform.start_again()?;
    let (cpu_after, rate_after) = rounds(&mut scene, settings)?;
    Ok(vec![
        Finding::plain(ROW, "deliveries stored", settings.stored as f64, 0),
        Finding::plain(ROW, "the file, GB", bytes as f64 / 1e9, 2),
        Finding::plain(ROW, "CPU an event, empty, × the controls", cpu_before, 2),
        Finding::plain(ROW, "CPU an event, × the controls", cpu_after, 2),
        Finding::plain(ROW, "CPU an event, × that of the empty one", cpu_after / cpu_before, 2)
            .within(Budget::AtMost(SLOWER_MAX)),
        Finding::plain(ROW, "deliveries a second, × those of the empty one", rate_after / rate_before, 2)
            .within(Budget::AtLeast(1.0 / SLOWER_MAX)),
    ])
}

/// CPU of the platform against the controls, and deliveries a second: the medians.
fn rounds(scene: &mut Scene, settings: &Settings) -> Result<(f64, f64)> {
    let warm_up = scene.take(settings.events);
    scene.cast.deliver(&scene.caller, &warm_up)?;
    let (mut ratios, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        let completions = scene.take(settings.events);
        let round = scene.cast.round(&scene.caller, &completions)?;
        ratios.push(round.ratio());
        rates.push(round.deliveries_per_s);
    }
    Ok((median(ratios), median(rates)))
}
