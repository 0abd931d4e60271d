//! The roles in which this program starts itself again. Each is one process, reads jobs from standard input until that
//! ends, and writes reports to standard output.

mod ingest;
mod load;
mod poster;
mod receiver;

use std::io::{self, BufRead, Write};
use std::thread;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

/// What a process is for.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
#[command(subcommand_value_name = "ROLE", next_help_heading = "Roles")]
pub(crate) enum Role {
    /// Sends requests and times the answers
    #[command(hide = true)]
    Load,
    /// Receives deliveries, as an integrator would
    #[command(hide = true)]
    Receiver,
    /// A control: posts signed deliveries and does nothing else
    #[command(hide = true)]
    Poster,
    /// A control: answers completions and does nothing else
    #[command(hide = true)]
    Ingest,
}

impl Role {
    /// The name of the subcommand.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Load => "load",
            Role::Receiver => "receiver",
            Role::Poster => "poster",
            Role::Ingest => "ingest",
        }
    }
}

/// Plays a role until standard input ends, which it does when whoever started this is gone.
pub(crate) fn play(role: Role) -> Result<()> {
    // As the platform has it: what answers requests has a thread a core, what sends them has one.
    let mut runtime = match role {
        Role::Ingest => tokio::runtime::Builder::new_multi_thread(),
        Role::Load | Role::Receiver | Role::Poster => tokio::runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        match role {
            Role::Load => answer_jobs(load::load).await,
            Role::Receiver => receiver::receive().await,
            Role::Poster => answer_jobs(poster::post).await,
            Role::Ingest => ingest::ingest().await,
        }
    })
}

/// Does jobs, one at a time.
async fn answer_jobs<J: DeserializeOwned, R: Serialize>(mut work: impl AsyncFnMut(J) -> Result<R>) -> Result<()> {
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        let job = serde_json::from_str(&line).context("reading a job")?;
        say(&work(job).await?)?;
    }
    Ok(())
}

/// Writes one line.
fn say<R: Serialize>(report: &R) -> Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, report)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// The lines of standard input, read by a thread that may block.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || {
        let sent = |line: io::Result<String>| line.is_ok_and(|line| sender.blocking_send(line).is_ok());
        io::stdin().lock().lines().all(sent)
    });
    lines
}
