//! The platform is killed while it is busy, and started again.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::budget::Settings;
use crate::finding::{Budget, Finding};
use crate::job::{ArrivalsJob, ArrivalsReport, LoadJob, LoadReport};
use crate::round::requests;
use crate::scene::Scene;

const ROW: &str = "kill -9";
/// How often to ask the receiver.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// When nothing has come for so long, nothing more comes.
const QUIET_FOR: Duration = Duration::from_secs(1);
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
    let first: ArrivalsReport = scene.cast.receiver.ask(&half)?;
    scene.cast.platform.kill()?;
    let answers: LoadReport = scene.cast.load.hear()?;
    let started = Instant::now();
    scene.cast.platform.start_again()?;

    // The report is of what was sent, in the order of the completions. What was not answered was perhaps stored all the same.
    let sent = completions.iter().map(|(id, _)| *id).zip(&answers.took_us);
    let mut missing: HashSet<u64> = sent.filter(|(_, took_us)| **took_us >= 0).map(|(id, _)| id).collect();
    let promised = missing.len();
    let (mut repeated, mut caught_up) = (0, Duration::ZERO);
    let mut report = first;
    // Caught up is when nothing comes any more, the attempts that were under way included: those are made again.
    while !missing.is_empty() || started.elapsed() < caught_up + QUIET_FOR {
        for (id, _) in &report.arrivals {
            missing.remove(id);
        }
        ensure!(started.elapsed() < CAUGHT_UP_WITHIN, "{} of {promised} never arrived", missing.len());
        let job = ArrivalsJob { count: usize::MAX, within_ms: LOOK_EVERY.as_millis() as u64 };
        report = scene.cast.receiver.ask(&job)?;
        repeated += report.repeated;
        if !report.arrivals.is_empty() || report.repeated > 0 {
            caught_up = started.elapsed();
        }
    }
    Ok(vec![
        Finding::plain(ROW, "answered before it was killed", promised as f64, 0),
        Finding::plain(ROW, "of them never delivered", missing.len() as f64, 0).within(Budget::AtMost(0.0)),
        Finding::plain(ROW, "start to the last delivery, s", caught_up.as_secs_f64(), 2).within(Budget::AtMost(2.0)),
        Finding::plain(ROW, "deliveries repeated", repeated as f64, 0),
        Finding::plain(ROW, "deliveries repeated, %", repeated as f64 / promised as f64 * 100.0, 1),
    ])
}
