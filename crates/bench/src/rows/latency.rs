//! How long an event takes to its receiver, in a calm system and near the peak.
//!
//! From the sending of the request to the end of reading the delivery: nobody outside sees the commit, which lies between, nor the
//! first byte. So the figures are too high by the request and by the reading.

use anyhow::Result;

use crate::budget::Settings;
use crate::finding::{Budget, Finding};
use crate::round::Manner;
use crate::scene::Scene;

const ROW: &str = "latency";
const CALM_PER_S: f64 = 50.0;
/// A hundredth of as many events as a round of the first row has makes a second and more of calm.
const CALM_EVENTS_MIN: usize = 100;
const CALM_EVENTS_MAX: usize = 500;
const NEAR_PEAK: f64 = 0.8;

pub(super) fn measure(settings: &Settings) -> Result<Vec<Finding>> {
    let calm_count = (settings.events / 40).clamp(CALM_EVENTS_MIN, CALM_EVENTS_MAX);
    let mut scene = Scene::set(settings, 3 * settings.events + calm_count)?;
    scene.subscribe(1)?;
    let warm_up = scene.take(settings.events);
    scene.cast.deliver(&scene.caller, &warm_up)?;
    let calm = scene.take(calm_count);
    let paced = |per_s| Manner { webhooks: 1, per_s: Some(per_s) };
    let delivered = scene.cast.deliver_as(&scene.caller, &calm, &paced(CALM_PER_S))?;
    let calm = delivered.patch_to_received(&calm)?;
    let peak = scene.take(settings.events);
    let per_s = scene.cast.deliver(&scene.caller, &peak)?.rate() * NEAR_PEAK;
    let near = scene.take(settings.events);
    let delivered = scene.cast.deliver_as(&scene.caller, &near, &paced(per_s))?;
    let near = delivered.patch_to_received(&near)?;
    Ok(vec![
        Finding::plain(ROW, "50 events/s, sent to received, p50, ms", calm.p50, 2).within(Budget::AtMost(1.2)),
        Finding::plain(ROW, "50 events/s, sent to received, p99, ms", calm.p99, 2).within(Budget::AtMost(4.0)),
        Finding::plain(ROW, "80 % of the peak, events/s", per_s, 0),
        Finding::plain(ROW, "80 % of the peak, sent to received, p50, ms", near.p50, 2),
        Finding::plain(ROW, "80 % of the peak, sent to received, p99, ms", near.p99, 2).within(Budget::AtMost(20.0)),
    ])
}
