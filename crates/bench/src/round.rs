//! One round: the controls, the platform, and the controls again, so that all of them meet the same weather.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::cpu::{self, Cpu};
use crate::job::{ArrivalsJob, ArrivalsReport, Asked, LoadJob, LoadReport, PostJob, PostReport};
use crate::platform::Platform;
use crate::role::Role;
use crate::role_process::RoleProcess;
use crate::spread::Spread;
use crate::world::Caller;

/// The controls are cheap and CPU time is counted in coarse ticks, so they do so many times as much, each time.
const CONTROL_FACTOR: usize = 2;
/// How long the deliveries of a round may take to arrive once the last completion is answered.
const ARRIVE_WITHIN_MS: u64 = 120_000;

/// Everybody who takes part.
pub(crate) struct Cast {
    pub(crate) platform: Platform,
    pub(crate) load: RoleProcess,
    pub(crate) receiver: RoleProcess,
    pub(crate) receiver_address: SocketAddr,
    pub(crate) poster: RoleProcess,
    pub(crate) ingest: RoleProcess,
    pub(crate) ingest_address: SocketAddr,
}

/// What one round came to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    /// CPU of the platform per delivered event.
    pub(crate) platform_us: f64,
    pub(crate) platform_user_us: f64,
    pub(crate) platform_system_us: f64,
    /// CPU of the bare client per delivery.
    pub(crate) control_client_us: f64,
    /// CPU of the bare server per request.
    pub(crate) control_ingest_us: f64,
    pub(crate) deliveries_per_s: f64,
    pub(crate) patch_ms: Spread,
    pub(crate) patch_to_received_ms: Spread,
    /// CPU of those beside the platform, which no budget counts.
    pub(crate) load_generator_us: f64,
    pub(crate) receiver_us: f64,
    /// Deliveries that came more than once.
    pub(crate) repeated: usize,
    /// How much of the machine was used meanwhile by whoever is not part of this.
    pub(crate) others_percent: f64,
}

impl Round {
    pub(crate) fn controls_us(&self) -> f64 {
        self.control_client_us + self.control_ingest_us
    }

    pub(crate) fn ratio(&self) -> f64 {
        self.platform_us / self.controls_us()
    }
}

/// How completions are made and told.
pub(crate) struct Manner {
    /// How many webhooks are told of each.
    pub(crate) webhooks: usize,
    /// So many a second; otherwise as many as are answered.
    pub(crate) per_s: Option<f64>,
}

impl Default for Manner {
    fn default() -> Self {
        Manner { webhooks: 1, per_s: None }
    }
}

/// What the controls came to.
pub(crate) struct Controls {
    client: Cpu,
    ingest: Cpu,
}

impl Controls {
    /// CPU of both together for each delivery, of so many in a round.
    pub(crate) fn each_us(&self, count: usize) -> f64 {
        (self.client.total_us() + self.ingest.total_us()) as f64 / (CONTROL_FACTOR * count) as f64
    }
}

/// What the platform came to.
pub(crate) struct Delivered {
    pub(crate) platform: Cpu,
    load: Cpu,
    receiver: Cpu,
    answers: LoadReport,
    pub(crate) arrivals: ArrivalsReport,
}

impl Cast {
    pub(crate) fn assemble(platform: Platform) -> Result<Self> {
        let mut receiver = RoleProcess::start(Role::Receiver)?;
        let mut ingest = RoleProcess::start(Role::Ingest)?;
        Ok(Cast {
            platform,
            load: RoleProcess::start(Role::Load)?,
            receiver_address: receiver.hear()?,
            receiver,
            poster: RoleProcess::start(Role::Poster)?,
            ingest_address: ingest.hear()?,
            ingest,
        })
    }

    /// Measures the platform, which completes these enrollments, and the controls before and after it.
    pub(crate) fn round(&mut self, caller: &Caller, completions: &[(u64, Asked)]) -> Result<Round> {
        let (started, all, ours) = (Instant::now(), cpu::used_by_all_us()?, self.used_us()?);
        let before = self.controls(caller, completions)?;
        let delivered = self.deliver(caller, completions)?;
        let after = self.controls(caller, completions)?;
        let others_us = (cpu::used_by_all_us()? - all).saturating_sub(self.used_us()? - ours);
        let machine_us = started.elapsed().as_micros() as f64 * thread::available_parallelism()?.get() as f64;
        let each = |us: u64| us as f64 / completions.len() as f64;
        let each_control =
            |before: Cpu, after: Cpu| each(before.total_us() + after.total_us()) / (2 * CONTROL_FACTOR) as f64;
        let answers = &delivered.answers;
        Ok(Round {
            platform_us: each(delivered.platform.total_us()),
            platform_user_us: each(delivered.platform.user_us),
            platform_system_us: each(delivered.platform.system_us),
            control_client_us: each_control(before.client, after.client),
            control_ingest_us: each_control(before.ingest, after.ingest),
            deliveries_per_s: delivered.rate(),
            patch_ms: Spread::of(answers.took_us.iter().map(|&us| millis(us)).collect()),
            patch_to_received_ms: delivered.patch_to_received(completions)?,
            load_generator_us: each(delivered.load.total_us()),
            receiver_us: each(delivered.receiver.total_us()),
            repeated: delivered.arrivals.repeated,
            others_percent: others_us as f64 / machine_us * 100.0,
        })
    }

    /// The controls alone.
    pub(crate) fn controls(&mut self, caller: &Caller, completions: &[(u64, Asked)]) -> Result<Controls> {
        let client = self.post(caller.connections(), completions.len() * CONTROL_FACTOR)?;
        Ok(Controls { client, ingest: self.answer(caller, completions)? })
    }

    /// The platform: completions in, deliveries out, attempts recorded.
    pub(crate) fn deliver(&mut self, caller: &Caller, completions: &[(u64, Asked)]) -> Result<Delivered> {
        self.deliver_as(caller, completions, &Manner::default())
    }

    /// The same in another manner.
    pub(crate) fn deliver_as(
        &mut self,
        caller: &Caller,
        completions: &[(u64, Asked)],
        manner: &Manner,
    ) -> Result<Delivered> {
        let job = LoadJob { per_s: manner.per_s, ..caller.job(self.platform.address, requests(completions)) };
        let (load, receiver) = (self.load.cpu_once_idle()?, self.receiver.cpu_once_idle()?);
        let before = self.platform.cpu_once_idle()?;
        let answers: LoadReport = self.load.ask(&job).with_context(|| self.platform.last_lines())?;
        let arrivals =
            self.arrivals(completions.len() * manner.webhooks).with_context(|| self.platform.last_lines())?;
        Ok(Delivered {
            platform: self.platform.cpu_once_idle()? - before,
            load: self.load.cpu()? - load,
            receiver: self.receiver.cpu()? - receiver,
            answers,
            arrivals,
        })
    }

    /// The control that only sends.
    fn post(&mut self, connections: usize, count: usize) -> Result<Cpu> {
        let job = PostJob { address: self.receiver_address, connections, count };
        let before = self.poster.cpu_once_idle()?;
        let PostReport {} = self.poster.ask(&job)?;
        let used = self.poster.cpu_once_idle()? - before;
        self.arrivals(count)?;
        Ok(used)
    }

    /// The control that only answers.
    fn answer(&mut self, caller: &Caller, completions: &[(u64, Asked)]) -> Result<Cpu> {
        let again = std::iter::repeat_n(requests(completions), CONTROL_FACTOR).flatten().collect();
        let job = caller.job(self.ingest_address, again);
        let before = self.ingest.cpu_once_idle()?;
        self.load.ask::<_, LoadReport>(&job)?;
        Ok(self.ingest.cpu_once_idle()? - before)
    }

    /// What all of us have used.
    fn used_us(&self) -> Result<u64> {
        let pids = [&self.load, &self.receiver, &self.poster, &self.ingest].map(RoleProcess::pid);
        let pids = pids.into_iter().chain([self.platform.pid(), std::process::id()]);
        pids.map(|pid| Ok(cpu::used_by(pid)?.total_us())).sum()
    }

    fn arrivals(&mut self, count: usize) -> Result<ArrivalsReport> {
        let report: ArrivalsReport = self.receiver.ask(&ArrivalsJob { count, within_ms: ARRIVE_WITHIN_MS })?;
        let arrived = report.arrivals.len();
        ensure!(arrived == count, "{arrived} of {count} deliveries arrived within {ARRIVE_WITHIN_MS} ms");
        ensure!(report.refused == 0, "{} deliveries bore no good signature", report.refused);
        Ok(report)
    }
}

impl Delivered {
    /// Deliveries a second, from the first request to the last delivery.
    pub(crate) fn rate(&self) -> f64 {
        let first = self.answers.sent_at_us.iter().min().copied().unwrap_or_default();
        let last = self.arrivals.arrivals.iter().map(|(_, at_us)| *at_us).max().unwrap_or_default();
        self.arrivals.arrivals.len() as f64 / (last - first) as f64 * 1e6
    }

    /// From the sending of each request to the arrival of the delivery that tells of it.
    pub(crate) fn patch_to_received(&self, completions: &[(u64, Asked)]) -> Result<Spread> {
        let ids = completions.iter().map(|(id, _)| *id);
        let sent: HashMap<u64, i64> = ids.zip(self.answers.sent_at_us.iter().copied()).collect();
        let took = |(id, at_us): &(u64, i64)| {
            let sent_at_us = sent.get(id).with_context(|| format!("a delivery of enrollment {id}, never completed"))?;
            Ok(millis(at_us - sent_at_us))
        };
        Ok(Spread::of(self.arrivals.arrivals.iter().map(took).collect::<Result<_>>()?))
    }
}

pub(crate) fn requests(completions: &[(u64, Asked)]) -> Vec<Asked> {
    completions.iter().map(|(_, asked)| asked.clone()).collect()
}

fn millis(us: i64) -> f64 {
    us as f64 / 1e3
}
