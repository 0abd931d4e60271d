//! Where the figures were measured: they mean nothing without it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::clock;
use crate::spread;

/// How many syncs are timed.
const SYNCS: usize = 50;
/// As much as a small commit writes.
const SYNC_BYTES: usize = 4096;

/// The machine as it is found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) measured_on: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    /// Over the last minute, before anything was measured: what others do here.
    pub(crate) load_before: String,
    /// The median time to write 4 KiB to the folder's disk for good.
    pub(crate) sync_us: f64,
}

impl Machine {
    pub(crate) fn find(folder: &Path) -> Result<Self> {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let processor = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Ok(Machine {
            measured_on: clock::now().strftime("%Y-%m-%d").to_string(),
            processor: processor.map_or("unknown", |(_, name)| name).to_owned(),
            cores: thread::available_parallelism().context("counting the cores")?.get(),
            kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
            load_before: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
            sync_us: sync_us(&folder.join("sync")).context("timing how long the disk takes to sync")?,
        })
    }
}

fn sync_us(path: &Path) -> Result<f64> {
    let mut file = File::create(path)?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[0; SYNC_BYTES])?;
        let started = Instant::now();
        file.sync_data()?;
        took.push(started.elapsed().as_secs_f64() * 1e6);
    }
    fs::remove_file(path)?;
    Ok(spread::median(took))
}
