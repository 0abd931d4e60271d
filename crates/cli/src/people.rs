//! `schoolbell companion people …`: whom the integrator knows.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::companion::{CompanionConnection, text};
use crate::output::{Output, rows};

/// The longest list, in bytes.
const LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What is shown of a person, in this order.
const COLUMNS: [&str; 5] = ["external_id", "email", "name", "portal_id", "imported_at"];

/// Whom the companion knows.
#[derive(clap::Subcommand)]
pub enum PeopleCommand {
    /// Import a list: CSV, with the columns external_id, email, name, portal_id, of which the first is needed
    ///
    /// Do it before the first webhook: while there is no list nobody is looked for, and a completion recorded then
    /// stays without a person.
    #[command(
        after_help = "Example:\n  schoolbell companion people import people.csv --companion http://127.0.0.1:8421 --replace"
    )]
    Import(ImportArgs),
    /// List them
    #[command(after_help = "Example:\n  schoolbell companion people list --companion http://127.0.0.1:8421 --json")]
    List(ListArgs),
}

/// Which list.
#[derive(clap::Args)]
pub struct ImportArgs {
    /// The file; standard input for `-`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// It is the whole list: whoever is not in it is known no more
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

/// Which part of the list.
#[derive(clap::Args)]
pub struct ListArgs {
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// After how many
    #[arg(long, default_value_t = 0)]
    offset: u32,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(command: PeopleCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        PeopleCommand::Import(args) => {
            let csv = read(&args.file)?;
            let query = [("replace", args.replace.to_string())];
            let made = args.connection.post_csv(&["people"], &query, csv).await.context("importing people")?;
            args.output.write(out, &made, |made| {
                let [people, added, removed, matched] =
                    ["people", "added", "removed", "matched"].map(|field| text(made.get(field)));
                format!("{people} people, {added} of them new, {removed} removed; {matched} learners recognised")
            })
        }
        PeopleCommand::List(args) => {
            let query = [("limit", args.limit.to_string()), ("offset", args.offset.to_string())];
            let page: Value = args.connection.get(&["people"], &query).await.context("listing people")?;
            args.output.write(out, &page, |page| {
                let people = page["people"].as_array().into_iter().flatten();
                rows(COLUMNS, people.map(|one| COLUMNS.map(|column| text(one.get(column)))))
            })?;
            args.output.remark(out, &format!("{} in all", page["total"]))
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("opening {}", path.display()))?)
    };
    let mut list = Vec::new();
    source.take(LIST_BYTES_MAX + 1).read_to_end(&mut list).with_context(|| format!("reading {}", path.display()))?;
    ensure!(list.len() as u64 <= LIST_BYTES_MAX, "the list is longer than {LIST_BYTES_MAX} bytes");
    Ok(list)
}
