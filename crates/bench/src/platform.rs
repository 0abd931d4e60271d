//! The platform that is measured: `schoolbell serve` over a data folder that `schoolbell sandbox` filled.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::clock;
use crate::cpu::{self, Cpu};

/// How long it may take to start.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How often to look whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What its log says before its address.
const LISTENING: &str = "listening on http://";
/// How much of its log is shown when something goes wrong.
const LINES_SHOWN: usize = 5;
/// How it is served, besides its data folder and its address: as the sandbox says, and else by default.
const FLAGS: [&str; 2] = ["--allow-http", "--allow-private-networks"];

/// What `schoolbell sandbox --json` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Sandbox {
    pub(crate) partner: Credentials,
    pub(crate) customers: Vec<Credentials>,
}

/// How to act in a portal.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// A running platform; ends with this value.
pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    pub(crate) sandbox: Sandbox,
    process: Child,
    log: PathBuf,
    schoolbell: PathBuf,
    data: PathBuf,
}

impl Platform {
    /// Fills the folder and serves from it.
    pub(crate) fn start(schoolbell: &Path, folder: &Path) -> Result<Self> {
        let data = folder.join("data");
        let sandbox = fill(schoolbell, &data)?;
        let log = folder.join("serve.log");
        let process = serve(schoolbell, &data, &log)?;
        let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut platform =
            Platform { address: unspecified, sandbox, process, log, schoolbell: schoolbell.to_owned(), data };
        platform.address = platform.listening()?;
        Ok(platform)
    }

    /// Ends it as a power cut would, if not for the machine's own memory.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Serves again from the same folder, once it was killed. Gives how long it took until it listened.
    pub(crate) fn start_again(&mut self) -> Result<Duration> {
        let started = Instant::now();
        self.process = serve(&self.schoolbell, &self.data, &self.log)?;
        self.address = self.listening()?;
        Ok(started.elapsed())
    }

    /// Its database.
    pub(crate) fn database(&self) -> PathBuf {
        self.data.join("schoolbell.db")
    }

    /// A figure of `/proc/PID/status`, in MB.
    pub(crate) fn memory_mb(&self, figure: &str) -> Result<f64> {
        let path = format!("/proc/{}/status", self.pid());
        let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kib.with_context(|| format!("{path} has no {figure}"))? / 1024.0)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What it has used once it uses no more: then everything that it was given is done.
    pub(crate) fn cpu_once_idle(&self) -> Result<Cpu> {
        cpu::once_idle(self.pid()).with_context(|| self.last_lines())
    }

    /// What it warned of.
    pub(crate) fn troubles(&self) -> Result<Vec<String>> {
        let log = fs::read_to_string(&self.log).context("reading the platform's log")?;
        Ok(log.lines().filter(|line| is_trouble(line)).map(str::to_owned).collect())
    }

    /// The end of its log, for whoever has to find out what went wrong.
    pub(crate) fn last_lines(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        format!("the platform's log ends: {}", lines[lines.len().saturating_sub(LINES_SHOWN)..].join(" | "))
    }

    fn listening(&mut self) -> Result<SocketAddr> {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            let log = fs::read_to_string(&self.log)?;
            if let Some(address) = log.lines().find_map(listening) {
                return Ok(address);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("schoolbell serve ended with {status}; {}", self.last_lines());
            }
            clock::pause(LOOK_EVERY);
        }
        bail!("schoolbell serve did not begin to listen within {READY_WITHIN:?}; {}", self.last_lines())
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // Its folder is about to be removed: nothing in it is worth a slow end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(schoolbell: &Path, data: &Path, log: &Path) -> Result<Child> {
    let mut command = Command::new(schoolbell);
    command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]).args(FLAGS);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log)?);
    command.spawn().with_context(|| format!("starting {}", schoolbell.display()))
}

fn fill(schoolbell: &Path, data: &Path) -> Result<Sandbox> {
    let command = "schoolbell sandbox";
    let output = Command::new(schoolbell).arg("sandbox").arg("--json").arg("--data").arg(data).output();
    let output = output.with_context(|| format!("starting {}: build it first", schoolbell.display()))?;
    if !output.status.success() {
        bail!("{command} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what {command} says"))
}

/// The address, if the line says it in full.
fn listening(line: &str) -> Option<SocketAddr> {
    line.split_once(LISTENING)?.1.split_whitespace().next()?.parse().ok()
}

fn is_trouble(line: &str) -> bool {
    // A line of the log is its time, its level and its text.
    line.split_whitespace().nth(1).is_some_and(|level| ["WARN", "ERROR"].contains(&level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_log() {
        let line = "2026-11-21T21:16:37.1Z  INFO schoolbell::serve: listening on http://127.0.0.1:42137 address=1";
        assert_eq!(listening(line), Some("127.0.0.1:42137".parse().unwrap()));
        assert_eq!(listening("2026-11-21T21:16:37.1Z  INFO schoolbell::serve: listening on http://127.0.0.1:"), None);
        assert_eq!(listening("2026-11-21T21:16:37.1Z  INFO other"), None);
    }

    #[test]
    fn warnings_and_errors_are_trouble_and_their_names_elsewhere_are_not() {
        assert!(is_trouble("2026-11-21T21:16:37.1Z  WARN engine: its lease ran out"));
        assert!(is_trouble("2026-11-21T21:16:37.1Z ERROR sqlite: the writer stops"));
        assert!(!is_trouble("2026-11-21T21:16:37.1Z  INFO gateway: PATCH ERROR WARN"));
        assert!(!is_trouble(""));
    }
}
