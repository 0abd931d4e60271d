//! Measures what a delivered event costs the platform, beside controls of the same run (docs/PERFORMANCE.md).
//!
//! The platform is a process of its own, and so is everything round it: this program starts itself again for each role, so
//! that the kernel says who used how much. It stands outside the platform and knows its API only.

mod budget;
mod clock;
mod connection;
mod cpu;
mod finding;
mod job;
mod machine;
mod platform;
mod report;
mod role;
mod role_process;
mod round;
mod rows;
mod scene;
mod spread;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::budget::Settings;
use crate::finding::Finding;
use crate::machine::Machine;
use crate::role::Role;
use crate::rows::Row;

/// How much a full run measures.
const EVENTS: u32 = 20_000;
const ROUNDS: u32 = 5;
/// How much a quick run measures: enough to see that it works, too little to quote.
const QUICK_EVENTS: u32 = 2_000;
const QUICK_ROUNDS: u32 = 1;
/// How large the backlog and the past are, unless it is said: a run of all rows should not take all day.
const DUE: u32 = 200_000;
const STORED: u32 = 1_000_000;
const QUICK_DUE: u32 = 20_000;
const QUICK_STORED: u32 = 50_000;
/// The other rows have fewer rounds than the first.
const FEWER_ROUNDS: usize = 2;

/// What the platform costs and how fast it is, beside its budgets
#[derive(Parser)]
#[command(name = "bench", after_help = "Example:\n  cargo xtask bench --json > bench.json")]
struct Args {
    /// Completions of each round [default: 20000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    events: Option<u32>,
    /// Rounds; what is reported is the median [default: 5]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=25))]
    rounds: Option<u32>,
    /// Requests at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    connections: u32,
    /// Only this row, or these [default: all]
    #[arg(long, value_name = "NAME")]
    row: Vec<Row>,
    /// Deliveries that are due after a restart [default: 200000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    due: Option<u32>,
    /// Deliveries of the past [default: 1000000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    stored: Option<u32>,
    /// A small run: 2000 events, one round
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// The program to measure [default: the schoolbell beside this program]
    #[arg(long, value_name = "FILE")]
    schoolbell: Option<PathBuf>,
    /// Where to put the data folder; a disk, for memory syncs at no cost [default: beside this program]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    role: Option<Role>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.role {
        Some(role) => role::play(role),
        None => measure(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: Args) -> Result<()> {
    let json = args.json;
    let rows = if args.row.is_empty() { Row::ALL.to_vec() } else { args.row.clone() };
    let settings = settings(args)?;
    let machine = Machine::find(&settings.folder)?;
    let first = rows.contains(&Row::Event).then(|| budget::measure(&settings, machine.clone())).transpose()?;
    let others = Settings { rounds: settings.rounds.div_ceil(FEWER_ROUNDS), ..settings };
    let mut findings: Vec<Finding> = Vec::new();
    for row in rows.into_iter().filter(|row| *row != Row::Event) {
        eprintln!("row {row:?}");
        findings.extend(row.measure(&others)?);
    }
    if json {
        let mut report = first.as_ref().map_or_else(|| serde_json::json!({ "machine": machine }), report::json);
        report["findings"] = serde_json::to_value(&findings)?;
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", first.as_ref().map_or_else(|| report::machine(&machine), report::table));
        if !findings.is_empty() {
            println!("\n{}", finding::table(&findings));
        }
    }
    Ok(())
}

fn settings(args: Args) -> Result<Settings> {
    let this = std::env::current_exe().context("finding this program")?;
    let beside = this.parent().context("finding the folder of this program")?;
    let (events, rounds) = if args.quick { (QUICK_EVENTS, QUICK_ROUNDS) } else { (EVENTS, ROUNDS) };
    let (due, stored) = if args.quick { (QUICK_DUE, QUICK_STORED) } else { (DUE, STORED) };
    Ok(Settings {
        schoolbell: args.schoolbell.unwrap_or_else(|| beside.join("schoolbell")),
        folder: args.folder.unwrap_or_else(|| beside.to_owned()),
        events: args.events.unwrap_or(events) as usize,
        rounds: args.rounds.unwrap_or(rounds) as usize,
        connections: args.connections as usize,
        due: args.due.unwrap_or(due) as usize,
        stored: args.stored.unwrap_or(stored) as usize,
    })
}
