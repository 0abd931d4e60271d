//! Ten webhooks are told of each event: what a delivery costs.

use anyhow::Result;

use crate::budget::Settings;
use crate::finding::{Budget, Finding};
use crate::round::Manner;
use crate::scene::Scene;
use crate::spread::median;

const ROW: &str = "fan-out 1 → 10";
const WEBHOOKS: usize = 10;
/// So much fewer completions than in the first row, so that there are not ten times as many deliveries.
const FEWER: usize = 5;
const RATIO_MAX: f64 = 1.3;

pub(super) fn measure(settings: &Settings) -> Result<Vec<Finding>> {
    let count = settings.events.div_ceil(FEWER);
    let mut scene = Scene::set(settings, count * (settings.rounds + 1))?;
    scene.subscribe(WEBHOOKS)?;
    let manner = Manner { webhooks: WEBHOOKS, ..Manner::default() };
    let (mut cpu_us, mut ratios, mut rates, mut repeated) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 0..=settings.rounds {
        let completions = scene.take(count);
        let before = scene.cast.controls(&scene.caller, &completions)?.each_us(count);
        let delivered = scene.cast.deliver_as(&scene.caller, &completions, &manner)?;
        let after = scene.cast.controls(&scene.caller, &completions)?.each_us(count);
        // The first is to warm up.
        if round > 0 {
            let each_us = delivered.platform.total_us() as f64 / (count * WEBHOOKS) as f64;
            cpu_us.push(each_us);
            ratios.push(each_us / f64::midpoint(before, after));
            rates.push(delivered.rate());
            repeated += delivered.arrivals.repeated;
        }
    }
    Ok(vec![
        Finding::plain(ROW, "CPU a delivery, × the controls", median(ratios), 2).within(Budget::AtMost(RATIO_MAX)),
        Finding::plain(ROW, "CPU a delivery, µs", median(cpu_us), 1),
        Finding::plain(ROW, "deliveries a second", median(rates), 0),
        Finding::plain(ROW, "deliveries repeated", repeated as f64, 0),
    ])
}
