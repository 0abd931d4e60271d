//! `schoolbell admin`: what the operator does, straight in the data folder, also while the platform serves from it.

mod client;
mod content;
mod portal;
mod typed;
mod user;

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use crate::ambient::SystemRandom;
use crate::data_folder::DataFolder;
use crate::provision::Provisioner;

/// Make and list portals, OAuth clients and users, and end content, straight in the data folder
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell admin --data ./data portal create --name 'Acme Learning' --domain acme.example.com\n  \
    schoolbell admin --data ./data client create --portal 11861001 --json"
)]
pub(crate) struct AdminArgs {
    /// The data folder of the platform
    #[arg(long, value_name = "DIR", env = "SCHOOLBELL_DATA", global = true, default_value = "schoolbell-data")]
    data: PathBuf,
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(clap::Subcommand)]
enum AdminCommand {
    /// Partners and their customers
    #[command(subcommand)]
    Portal(portal::PortalCommand),
    /// Credentials with which programs act in a portal
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// What is played: show it, upload a package; and content that ends: flag it for removal, move the dates, withdraw the flag
    #[command(subcommand)]
    Content(content::ContentCommand),
    /// People in a portal
    #[command(subcommand)]
    User(user::UserCommand),
}

/// A command's outcome: a table for people, JSON for scripts.
struct Outcome {
    table: String,
    json: serde_json::Value,
}

impl Outcome {
    /// What was made or changed: one row, one object.
    fn one<T: Serialize, const N: usize>(
        header: [&str; N],
        row: &T,
        cells: impl Fn(&T) -> [String; N],
    ) -> Result<Self> {
        let table = cli::output::rows(header, [cells(row)]).to_string();
        Ok(Outcome { table, json: serde_json::to_value(row)? })
    }

    /// What is there: rows, a list.
    fn many<T: Serialize, const N: usize>(
        header: [&str; N],
        rows: &[T],
        cells: impl Fn(&T) -> [String; N],
    ) -> Result<Self> {
        let table = cli::output::rows(header, rows.iter().map(cells)).to_string();
        Ok(Outcome { table, json: serde_json::to_value(rows)? })
    }
}

/// Carries the command out and prints what came of it.
pub(crate) async fn run(args: AdminArgs) -> Result<()> {
    let folder = match &args.command {
        // The first portal may be made before the platform ever served.
        AdminCommand::Portal(portal::PortalCommand::Create(_)) => DataFolder::open(&args.data, &SystemRandom)?,
        _ => DataFolder::open_existing(&args.data, &SystemRandom)?,
    };
    let provisioner = Provisioner::on(&folder);
    let outcome = match args.command {
        AdminCommand::Portal(command) => portal::run(&provisioner, command).await?,
        AdminCommand::Client(command) => client::run(&provisioner, command).await?,
        AdminCommand::Content(command) => content::run(&provisioner, command).await?,
        AdminCommand::User(command) => user::run(&provisioner, command).await?,
    };
    let mut out = std::io::stdout();
    if args.json {
        writeln!(out, "{}", outcome.json)?
    } else {
        writeln!(out, "{}", outcome.table)?
    }
    Ok(())
}
