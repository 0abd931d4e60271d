//! Very many deliveries are due when the platform starts.

use std::time::Duration;

use anyhow::{Context, Result};
use store_sqlite::testing::history::{self, History};

use crate::budget::Settings;
use crate::clock;
use crate::cpu;
use crate::finding::{Budget, Finding};
use crate::job::{ArrivalsJob, ArrivalsReport};
use crate::scene::Scene;

const ROW: &str = "restart";
/// Enrollments that nobody made.
pub(super) const FIRST_ENROLLMENT: i64 = 500_000_000;
/// How long all of them may take.
const DRAINED_WITHIN: Duration = Duration::from_secs(600);

pub(super) fn measure(settings: &Settings) -> Result<Vec<Finding>> {
    let mut scene = Scene::set(settings, 2 * settings.events)?;
    scene.subscribe(1)?;
    let warm_up = scene.take(settings.events);
    scene.cast.deliver(&scene.caller, &warm_up)?;
    let peak = scene.take(settings.events);
    let peak = scene.cast.deliver(&scene.caller, &peak)?.rate();
    scene.cast.platform.kill()?;
    eprintln!("writing {} due deliveries", settings.due);
    let history = History {
        webhook_id: scene.webhooks.first().context("there is a webhook")?,
        first_enrollment: FIRST_ENROLLMENT,
        count: i64::try_from(settings.due)?,
        at_ms: clock::now().as_millisecond(),
        delivered: false,
    };
    history::write(&scene.cast.platform.database(), &history)?;
    // What the system still has to write would be written while it is measured.
    std::fs::File::open(scene.cast.platform.database())?.sync_all()?;
    let started_us = clock::now_us();
    scene.cast.platform.start_again()?;
    let job = ArrivalsJob { count: settings.due, within_ms: DRAINED_WITHIN.as_millis() as u64 };
    let report: ArrivalsReport = scene.cast.receiver.ask(&job)?;
    anyhow::ensure!(report.arrivals.len() == settings.due, "{} of {} arrived", report.arrivals.len(), settings.due);
    let times = || report.arrivals.iter().map(|(_, at_us)| *at_us);
    let (first, last) = times().min().zip(times().max()).context("something arrived")?;
    let rate = settings.due as f64 / (last - first) as f64 * 1e6;
    cpu::once_idle(scene.cast.platform.pid())?;
    let memory = scene.cast.platform.memory_mb("VmHWM")?;
    Ok(vec![
        Finding::plain(ROW, "deliveries due", settings.due as f64, 0),
        Finding::plain(ROW, "start to first delivery, s", (first - started_us) as f64 / 1e6, 2)
            .within(Budget::AtMost(2.0)),
        Finding::plain(ROW, "drained a second", rate, 0),
        Finding::plain(ROW, "drained, part of the peak rate", rate / peak, 2).within(Budget::AtLeast(0.8)),
        Finding::plain(ROW, "memory at most, MB", memory, 0).within(Budget::AtMost(300.0)),
        Finding::plain(ROW, "deliveries repeated", report.repeated as f64, 0),
    ])
}
