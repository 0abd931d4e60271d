//! The platform is killed while it is busy, and started again.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::budget::Settings;
use crate::clock;
use crate::finding::{Budget, Finding};
use crate::job::{ArrivalsJob, ArrivalsReport, LoadJob, LoadReport};
use crate::round::requests;
use crate::scene::Scene;

const ROW: &str = "kill -9";
/// How often to ask the receiver.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long to wait for what was promised.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(120);

pub(super) fn measure(settings: &Settings) -> Result<Vec<Finding>> {
    let mut scene = Scene::set(settings, 2 * settings.events)?;
    scene.subscribe(1)?;
    let warm_up = scene.take(settings.events);
    scene.cast.deliver(&scene.caller, &warm_up)?;
    let completions = scene.take(settings.events);
    let job = scene.caller.job(scene.cast.platform.address, requests(&completions));
    scene.cast.load.tell(&LoadJob { breaks: true, ..job })?;
    // Killed when half of them have arrived.
    let half = ArrivalsJob { count: completions.len() / 2, within_ms: CAUGHT_UP_WITHIN.as_millis() as u64 };
    let mut arrived = vec![scene.cast.receiver.ask::<_, ArrivalsReport>(&half)?];
    scene.cast.platform.kill()?;
    let killed_us = clock::now_us();
    let answers: LoadReport = scene.cast.load.hear()?;
    let started_us = clock::now_us();
    scene.cast.platform.start_again()?;

    // What was not answered was perhaps stored all the same, and may arrive as well. The report has those only that were sent.
    let promised = answers.took_us.len() - answers.took_us.iter().filter(|us| **us < 0).count();
    let reach = completions.iter().map(|(id, _)| *id).take(answers.took_us.len());
    let promised_ids: HashSet<u64> =
        reach.zip(&answers.took_us).filter(|(_, took_us)| **took_us >= 0).map(|(id, _)| id).collect();
    let mut missing: HashSet<u64> = promised_ids.clone();
    let waiting = Instant::now();
    let mut caught_up_us = killed_us;
    loop {
        for (id, at_us) in arrived.iter().flat_map(|report| &report.arrivals) {
            if missing.remove(id) {
                caught_up_us = caught_up_us.max(*at_us);
            }
        }
        if missing.is_empty() {
            break;
        }
        ensure!(waiting.elapsed() < CAUGHT_UP_WITHIN, "{} of {promised} never arrived", missing.len());
        let job = ArrivalsJob { count: usize::MAX, within_ms: LOOK_EVERY.as_millis() as u64 };
        arrived = vec![scene.cast.receiver.ask(&job)?];
    }
    scene.cast.platform.cpu_once_idle()?;
    let rest: ArrivalsReport = scene.cast.receiver.ask(&ArrivalsJob { count: usize::MAX, within_ms: 0 })?;
    Ok(vec![
        Finding::plain(ROW, "answered before it was killed", promised as f64, 0),
        Finding::plain(ROW, "of them never delivered", missing.len() as f64, 0).within(Budget::AtMost(0.0)),
        Finding::plain(ROW, "start to caught up, s", (caught_up_us - started_us).max(0) as f64 / 1e6, 2)
            .within(Budget::AtMost(2.0)),
        Finding::plain(ROW, "deliveries repeated, at the end", rest.repeated as f64, 0),
    ])
}
