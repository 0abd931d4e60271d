//! `schoolbell retirement …`: content that ends, as a companion knows it.

use std::io::Write;

use anyhow::Context as _;
use comfy_table::Table;
use serde_json::{Value, json};

use crate::companion::{CompanionConnection, text};
use crate::output::{Output, fields, rows};

/// What is shown of a retirement in a list.
const COLUMNS: [&str; 9] =
    ["id", "state", "days_left", "remove_time", "in_progress", "not_started", "portal_id", "lo_id", "title"];
/// What is shown of one alone, besides.
const FIELDS: [&str; 13] = [
    "id",
    "portal_id",
    "lo_id",
    "title",
    "state",
    "days_left",
    "remove_time",
    "retire_time",
    "remove_here_at",
    "flagged_since",
    "revision",
    "is_mandatory",
    "remark",
];

/// See and decide what becomes of content that ends.
#[derive(clap::Subcommand)]
pub enum RetirementCommand {
    /// List content that ends, what ends next first
    #[command(
        after_help = "Example:\n  schoolbell retirement list --companion http://127.0.0.1:8421 --state scheduled,due"
    )]
    List(ListArgs),
    /// Show one, with what happened to it
    #[command(after_help = "Example:\n  schoolbell retirement show 17 --companion http://127.0.0.1:8421")]
    Show(OneArgs),
    /// Let it end, replace it, or dismiss it
    #[command(
        after_help = "Example:\n  schoolbell retirement decide 17 replace --with 741713 --by Ada --companion http://127.0.0.1:8421"
    )]
    Decide(DecideArgs),
    /// Say that it is removed from your application
    #[command(after_help = "Example:\n  schoolbell retirement removed 17 --by Ada --companion http://127.0.0.1:8421")]
    Removed(RemovedArgs),
    /// Mail an administrator no more of it, or again
    #[command(
        after_help = "Example:\n  schoolbell retirement mute 17 --email ada@example.com --companion http://127.0.0.1:8421"
    )]
    Mute(MuteArgs),
    /// List who was told of what, or who would be
    #[command(
        after_help = "Example:\n  schoolbell retirement notices --dry-run --days 30 --companion http://127.0.0.1:8421"
    )]
    Notices(NoticesArgs),
    /// Give an administrator a calendar at a new secret address; the one before it leads nowhere then
    #[command(
        after_help = "Example:\n  schoolbell retirement calendar --email ada@example.com --companion http://127.0.0.1:8421"
    )]
    Calendar(CalendarArgs),
    /// Print what is to be removed as a table for spreadsheets
    #[command(after_help = "Example:\n  schoolbell retirement csv --companion http://127.0.0.1:8421")]
    Csv(CsvArgs),
}

/// Which retirements.
#[derive(clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    connection: CompanionConnection,
    /// Only these, separated by commas: scheduled, due, removed, withdrawn
    #[arg(long)]
    state: Option<String>,
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
    output: Output,
}

/// Which retirement.
#[derive(clap::Args)]
pub struct OneArgs {
    /// The retirement
    id: u64,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

/// What is decided.
#[derive(clap::Args)]
pub struct DecideArgs {
    /// The retirement
    id: u64,
    /// What becomes of it
    #[arg(value_enum)]
    decision: Decision,
    /// What takes its place, for replace
    #[arg(long, value_name = "LO_ID")]
    with: Option<String>,
    /// Why; needed for dismiss
    #[arg(long)]
    reason: Option<String>,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

/// What can be decided.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Decision {
    /// Let it end
    Expire,
    /// Something takes its place
    Replace,
    /// Tell nobody of it any more
    Dismiss,
}

/// What is removed.
#[derive(clap::Args)]
pub struct RemovedArgs {
    /// The retirement
    id: u64,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

/// Who wants to hear no more of what.
#[derive(clap::Args)]
pub struct MuteArgs {
    /// The retirement
    id: u64,
    /// The administrator
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Mail it again
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

/// Which notices.
#[derive(clap::Args)]
pub struct NoticesArgs {
    #[command(flatten)]
    connection: CompanionConnection,
    /// List what would be sent, to whom and when, if nothing changed; nothing is sent
    #[arg(long)]
    dry_run: bool,
    /// How far to look ahead
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=100))]
    days: u32,
    /// How many of those that were recorded at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    #[command(flatten)]
    output: Output,
}

/// Whose calendar.
#[derive(clap::Args)]
pub struct CalendarArgs {
    /// The administrator
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    #[command(flatten)]
    connection: CompanionConnection,
    #[command(flatten)]
    output: Output,
}

/// Which companion.
#[derive(clap::Args)]
pub struct CsvArgs {
    #[command(flatten)]
    connection: CompanionConnection,
}

pub(crate) async fn run(command: RetirementCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        RetirementCommand::List(args) => list(&args, out).await.context("listing retirements"),
        RetirementCommand::Show(args) => show(&args, out).await.context("showing a retirement"),
        RetirementCommand::Decide(args) => decide(&args, out).await.context("deciding"),
        RetirementCommand::Removed(args) => {
            let body = json!({"by": args.by});
            let done = post(&args.connection, args.id, "removed", &body).await.context("confirming a removal")?;
            said(&args.output, out, &done, "recorded")
        }
        RetirementCommand::Mute(args) => {
            let body = json!({"email": args.email, "muted": !args.undo});
            let done = post(&args.connection, args.id, "mute", &body).await.context("muting a retirement")?;
            said(&args.output, out, &done, if args.undo { "mailed again" } else { "mailed no more" })
        }
        RetirementCommand::Notices(args) => notices(&args, out).await.context("listing notices"),
        RetirementCommand::Calendar(args) => {
            let path = ["retirements", "calendars"];
            let made = args.connection.post(&path, &json!({"email": args.email})).await.context("making a calendar")?;
            args.output.write(out, &made, |made| text(made.get("url")))
        }
        RetirementCommand::Csv(args) => {
            let csv = args.connection.get_text(&["retirements.csv"]).await.context("fetching the table")?;
            Ok(out.write_all(csv.as_bytes())?)
        }
    }
}

async fn list(args: &ListArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut query = vec![("limit", args.limit.to_string()), ("offset", args.offset.to_string())];
    query.extend(args.state.clone().map(|state| ("state", state)));
    query.extend(args.portal.clone().map(|portal| ("portal_id", portal)));
    let page: Value = args.connection.get(&["retirements"], &query).await?;
    args.output.write(out, &page, |page| {
        let row = |one: &Value| COLUMNS.map(|column| text(one.get(column).or_else(|| one["learners"].get(column))));
        rows(COLUMNS, each(&page["retirements"]).map(row))
    })?;
    args.output.remark(out, &format!("{} in all", page["total"]))
}

async fn show(args: &OneArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let one: Value = args.connection.get(&["retirements", &args.id.to_string()], &[]).await?;
    args.output.write(out, &one, |one| format!("{}\n\n{}", table(one), history(one)))
}

fn table(one: &Value) -> Table {
    let plain = FIELDS.into_iter().map(|field| (field, text(one.get(field))));
    let of = |part: &str, field: &str| text(one[part].get(field));
    let more = [
        ("in_progress", of("learners", "in_progress")),
        ("not_started", of("learners", "not_started")),
        ("completed", of("learners", "completed")),
        ("replacement", of("replacement", "lo_id")),
        ("decision", of("decision", "decision")),
        ("decided_by", of("decision", "by")),
        ("removal", of("removal", "proof")),
        ("removal_reason", of("removal", "reason")),
    ];
    fields(plain.chain(more))
}

fn history(one: &Value) -> Table {
    let columns = ["at", "what", "who", "detail"];
    rows(columns, each(&one["history"]).map(|step| columns.map(|column| text(step.get(column)))))
}

async fn decide(args: &DecideArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let decision = match args.decision {
        Decision::Expire => "expire",
        Decision::Replace => "replace",
        Decision::Dismiss => "dismiss",
    };
    let body = json!({"decision": decision, "replacement_lo_id": args.with, "reason": args.reason, "by": args.by});
    let done = post(&args.connection, args.id, "decision", &body).await?;
    said(&args.output, out, &done, "decided")
}

async fn notices(args: &NoticesArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let query = [("limit", args.limit.to_string()), ("days", args.days.to_string())];
    let mut page: Value = args.connection.get(&["retirements", "notices"], &query).await?;
    if args.dry_run {
        return args.output.write(out, &page["upcoming"].take(), |upcoming| {
            let columns = ["at", "to", "kind", "tells"];
            let row = |one: &Value| [text(one.get("at")), text(one.get("to")), text(one.get("kind")), tells(one)];
            rows(columns, each(upcoming).map(row))
        });
    }
    args.output.write(out, &page["notices"].take(), |notices| {
        let columns = ["id", "created_at", "to", "kind", "state", "reason", "tells"];
        let row = |one: &Value| {
            let [id, created_at, to, kind, state, reason] =
                ["id", "created_at", "to", "kind", "state", "reason"].map(|column| text(one.get(column)));
            [id, created_at, to, kind, state, reason, tells(one)]
        };
        rows(columns, each(notices).map(row))
    })
}

/// What a notice tells: `17 threshold 30`.
fn tells(notice: &Value) -> String {
    let items = each(&notice["items"]).map(|item| {
        let said = format!("{} {}", text(item.get("retirement_id")), text(item.get("kind")));
        match item["days"].as_i64() {
            Some(days) => format!("{said} {days}"),
            None => said,
        }
    });
    items.collect::<Vec<_>>().join(", ")
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

async fn post(connection: &CompanionConnection, id: u64, what: &str, body: &Value) -> anyhow::Result<Value> {
    connection.post(&["retirements", &id.to_string(), what], body).await
}

fn said(output: &Output, out: &mut dyn Write, done: &Value, words: &str) -> anyhow::Result<()> {
    output.write(out, done, |_| words.to_owned())
}
