//! `schoolbell companion unmatched …`: learners in whom nobody was recognised.

use std::io::Write;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::companion::{CompanionConnection, text};
use crate::output::{Output, rows};

/// What is shown of a learner, in this order.
const COLUMNS: [&str; 10] =
    ["id", "state", "portal_id", "external_id", "user_id", "email", "name", "completions", "person", "reason"];

/// Who they are.
#[derive(clap::Subcommand)]
pub enum UnmatchedCommand {
    /// List them, the newest first
    #[command(after_help = "Example:\n  schoolbell companion unmatched list --companion http://127.0.0.1:8421")]
    List(ListArgs),
    /// Say who one is: all of their completions are that person's, those to come too
    #[command(
        after_help = "Example:\n  schoolbell companion unmatched link 17 HR-42 --by Ada --companion http://127.0.0.1:8421"
    )]
    Link(LinkArgs),
}

/// Which of them.
#[derive(clap::Args)]
pub struct ListArgs {
    /// Those in whom nobody was recognised yet (open), whom somebody linked (linked), who turned out later (matched), or all
    #[arg(long, default_value = "open", value_parser = ["open", "linked", "matched", "all"])]
    state: String,
    /// Only those of this portal
    #[arg(long, value_name = "ID")]
    portal: Option<String>,
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

/// Who is who.
#[derive(clap::Args)]
pub struct LinkArgs {
    /// The id of the learner in the list
    entry: u64,
    /// The external id of somebody among the people
    person: String,
    /// Who says so
    #[arg(long, value_name = "NAME", default_value = "application")]
    by: String,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(command: UnmatchedCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        UnmatchedCommand::List(args) => {
            let mut query = vec![
                ("state", args.state.clone()),
                ("limit", args.limit.to_string()),
                ("offset", args.offset.to_string()),
            ];
            query.extend(args.portal.clone().map(|portal| ("portal_id", portal)));
            let page: Value = args.connection.get(&["unmatched"], &query).await.context("listing learners")?;
            args.output.write(out, &page, |page| {
                let learners = page["unmatched"].as_array().into_iter().flatten();
                rows(COLUMNS, learners.map(|one| COLUMNS.map(|column| text(one.get(column)))))
            })?;
            args.output.remark(out, &format!("{} in all", page["total"]))
        }
        UnmatchedCommand::Link(args) => {
            let (entry, body) = (args.entry.to_string(), json!({"person": args.person, "by": args.by}));
            let linked =
                args.connection.post(&["unmatched", &entry, "link"], &body).await.context("linking a learner")?;
            args.output.write(out, &linked, |linked| {
                let [person, completions] = ["person", "completions"].map(|field| text(linked.get(field)));
                format!("{completions} completions are {person}'s now")
            })
        }
    }
}
