//! A platform that has just started and has nothing to do.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::budget::Settings;
use crate::clock;
use crate::cpu;
use crate::finding::{Budget, Finding};
use crate::scene::Scene;
use crate::spread::median;

const ROW: &str = "idle";
/// How often it is started.
const STARTS: usize = 5;
/// For how long it is watched.
const WATCHED_FOR: Duration = Duration::from_secs(5);

pub(super) fn measure(settings: &Settings) -> Result<Vec<Finding>> {
    let mut scene = Scene::set(settings, 1)?;
    scene.subscribe(1)?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        scene.cast.platform.kill()?;
        starts.push(scene.cast.platform.start_again()?.as_secs_f64() * 1e3);
    }
    let pid = scene.cast.platform.pid();
    let before = cpu::once_idle(pid)?;
    let watched = Instant::now();
    clock::pause(WATCHED_FOR);
    let used = cpu::used_by(pid)? - before;
    let percent = used.total_us() as f64 / watched.elapsed().as_micros() as f64 * 100.0;
    Ok(vec![
        Finding::plain(ROW, "start to ready, ms", median(starts), 0).within(Budget::AtMost(200.0)),
        Finding::plain(ROW, "memory, MB", scene.cast.platform.memory_mb("VmRSS")?, 0).within(Budget::AtMost(40.0)),
        Finding::plain(ROW, "CPU, % of a core", percent, 1).within(Budget::AtMost(0.5)),
    ])
}
