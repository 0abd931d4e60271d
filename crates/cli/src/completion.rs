//! `schoolbell companion completions`: what a companion has recorded.

use std::io::Write;

use anyhow::Context as _;
use comfy_table::Table;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::companion::{CompanionConnection, text};
use crate::output::{Output, rows};

/// What is shown of a completion, in this order.
const COLUMNS: [&str; 11] = [
    "cursor",
    "completed_at",
    "status",
    "pass",
    "person",
    "external_id",
    "email",
    "enrollment_id",
    "portal_id",
    "lo_id",
    "event_id",
];

/// List the completions that a companion has recorded.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell companion completions --companion http://127.0.0.1:8421 --after 17 --json"
)]
pub struct CompletionsArgs {
    #[command(flatten)]
    connection: CompanionConnection,
    /// Only those after this cursor, which the call before has given
    #[arg(long, value_name = "CURSOR", default_value_t = 0)]
    after: u64,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    #[command(flatten)]
    output: Output,
}

/// A page of completions, the oldest first.
#[derive(Serialize, Deserialize)]
struct Completions {
    completions: Vec<Map<String, Value>>,
    /// Where the next page begins; as asked for when there is nothing more yet.
    next_cursor: u64,
}

pub(crate) async fn run(args: &CompletionsArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let query = [("after", args.after.to_string()), ("limit", args.limit.to_string())];
    let page: Completions = args.connection.get(&["completions"], &query).await.context("listing completions")?;
    args.output.write(out, &page, |page| table(&page.completions))?;
    args.output.remark(out, &format!("go on with --after {}", page.next_cursor))
}

fn table(completions: &[Map<String, Value>]) -> Table {
    rows(COLUMNS, completions.iter().map(|completion| COLUMNS.map(|column| text(completion.get(column)))))
}
