//! A role as whoever started it sees it.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cpu::{self, Cpu};
use crate::role::Role;

/// Ends with this value.
pub(crate) struct RoleProcess {
    name: &'static str,
    process: Child,
    jobs: BufWriter<ChildStdin>,
    reports: BufReader<ChildStdout>,
}

impl RoleProcess {
    pub(crate) fn start(role: Role) -> Result<Self> {
        let this = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(this);
        command.arg(role.name()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("starting the {}", role.name()))?;
        let jobs = BufWriter::new(process.stdin.take().context("its input is piped")?);
        let reports = BufReader::new(process.stdout.take().context("its output is piped")?);
        Ok(RoleProcess { name: role.name(), process, jobs, reports })
    }

    /// Has a job done.
    pub(crate) fn ask<J: Serialize, R: DeserializeOwned>(&mut self, job: &J) -> Result<R> {
        self.tell(job)?;
        self.hear()
    }

    /// Gives a job.
    pub(crate) fn tell<J: Serialize>(&mut self, job: &J) -> Result<()> {
        let mut write = || {
            serde_json::to_writer(&mut self.jobs, job)?;
            writeln!(self.jobs)?;
            self.jobs.flush()
        };
        write().with_context(|| format!("giving the {} a job", self.name))
    }

    /// What it says next.
    pub(crate) fn hear<R: DeserializeOwned>(&mut self) -> Result<R> {
        let mut line = String::new();
        self.reports.read_line(&mut line).with_context(|| format!("hearing of the {}", self.name))?;
        if line.is_empty() {
            bail!("the {} gave up; it says above why", self.name);
        }
        serde_json::from_str(&line).with_context(|| format!("reading what the {} says", self.name))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it has used.
    pub(crate) fn cpu(&self) -> Result<Cpu> {
        cpu::used_by(self.pid())
    }

    /// What it has used once it uses no more.
    pub(crate) fn cpu_once_idle(&self) -> Result<Cpu> {
        cpu::once_idle(self.pid())
    }
}

impl Drop for RoleProcess {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
