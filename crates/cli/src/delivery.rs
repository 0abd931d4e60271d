//! `schoolbell delivery …`

use std::io::Write;

use anyhow::Context as _;
use client::platform::delivery::DeliveryFilter;
use client::platform::enrollment::Part;
use comfy_table::Table;
use contract::api::delivery::{Attempt, CreateReplay, Delivery, Replay};
use jiff::Timestamp;

use crate::connection::{Call, One};
use crate::output::{fields, or_dash, rows};
use crate::time::past;

/// What can be done with deliveries.
#[derive(clap::Subcommand)]
pub enum DeliveryCommand {
    /// Show one delivery with its attempts: why it did, or did not, arrive
    #[command(after_help = "Example:\n  schoolbell delivery get 4711")]
    Get(One),
    /// List deliveries, newest first
    #[command(after_help = "Example:\n  schoolbell delivery list --status failed --webhook xUjKifleke4u")]
    List(List),
    /// Tell the event of one delivery again
    #[command(after_help = "Example:\n  schoolbell delivery replay 4711")]
    Replay(One),
    /// Tell events of a webhook again: those that failed since a time, or with --all every one
    #[command(after_help = "Example:\n  schoolbell delivery replay-since 2026-01-31T12:00:00Z --webhook xUjKifleke4u")]
    ReplaySince(ReplaySince),
    /// Show how far a replay has come
    #[command(after_help = "Example:\n  schoolbell delivery replay-status a7Xk2pQ9LmZe")]
    ReplayStatus(One),
}

/// Which deliveries.
#[derive(clap::Args)]
pub struct List {
    /// Id of the webhook
    #[arg(long, value_name = "ID")]
    webhook: Option<String>,
    /// Id of the event
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Id of the enrollment, or of the content, that the event is about
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// open, delivered or failed
    #[arg(long)]
    status: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100))]
    limit: u32,
    /// How many to leave out before
    #[arg(long, default_value_t = 0)]
    offset: u32,
    #[command(flatten)]
    call: Call,
}

/// Which events.
#[derive(clap::Args)]
pub struct ReplaySince {
    /// Events stored then or later: like 2026-01-31T12:00:00Z, 2026-01-31 (in UTC), or 2h, 3d for so long ago
    #[arg(value_parser = past)]
    since: Timestamp,
    /// Id of the webhook
    #[arg(long, value_name = "ID")]
    webhook: String,
    /// Every event that it would be told of, also from before it was made, and not only those that failed
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    call: Call,
}

pub(crate) async fn run(command: DeliveryCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        DeliveryCommand::Get(One { id, call }) => {
            let delivery = call.platform()?.delivery(&id).await.context("reading the delivery")?;
            call.output.write(out, &delivery, one)
        }
        DeliveryCommand::List(List { webhook, event, subject, status, limit, offset, call }) => {
            let filter = DeliveryFilter { webhook_id: webhook, event_id: event, subject_id: subject, status };
            let page = call.platform()?.deliveries(&filter, Part { limit, offset }).await;
            let page = page.context("listing deliveries")?;
            call.output.write(out, &page, |page| table(&page.hits))?;
            call.output.remark(out, &format!("{} of {}", page.hits.len(), page.total))
        }
        DeliveryCommand::Replay(One { id, call }) => {
            let made = call.platform()?.replay_delivery(&id).await.context("telling the event again")?;
            call.output.write(out, &made, one)
        }
        DeliveryCommand::ReplaySince(ReplaySince { since, webhook, all, call }) => {
            let scope = if all { "all" } else { "failed" };
            let create =
                CreateReplay { webhook_id: Some(webhook), since: Some(since.into()), scope: Some(scope.to_owned()) };
            let replay = call.platform()?.create_replay(&create).await.context("asking for the replay")?;
            call.output.write(out, &replay, progress)
        }
        DeliveryCommand::ReplayStatus(One { id, call }) => {
            let replay = call.platform()?.replay(&id).await.context("reading the replay")?;
            call.output.write(out, &replay, progress)
        }
    }
}

fn table(deliveries: &[Delivery]) -> Table {
    rows(
        ["id", "status", "reason", "attempts", "event type", "event", "webhook", "due", "finished"],
        deliveries.iter().map(|delivery| {
            [
                delivery.id.clone(),
                delivery.status.clone(),
                or_dash(delivery.reason.as_ref()),
                delivery.attempt_number.to_string(),
                event_type(delivery),
                delivery.event_id.clone(),
                delivery.webhook_id.clone(),
                or_dash(delivery.due_time),
                or_dash(delivery.finished_time),
            ]
        }),
    )
}

/// What happened, or did not.
fn event_type(delivery: &Delivery) -> String {
    if delivery.test { format!("{} (test)", delivery.event_type) } else { delivery.event_type.clone() }
}

pub(crate) fn one(delivery: &Delivery) -> String {
    let about = fields([
        ("id", delivery.id.clone()),
        ("status", delivery.status.clone()),
        ("reason", or_dash(delivery.reason.as_ref())),
        ("webhook", delivery.webhook_id.clone()),
        ("event", delivery.event_id.clone()),
        ("event type", event_type(delivery)),
        ("data", delivery.data.to_string()),
        ("due", or_dash(delivery.due_time)),
        ("finished", or_dash(delivery.finished_time)),
    ]);
    match delivery.attempts.as_deref() {
        Some(attempts @ [_, ..]) => format!("{about}\n\n{}", attempted(attempts)),
        Some([]) | None => about.to_string(),
    }
}

fn attempted(attempts: &[Attempt]) -> Table {
    rows(
        ["attempt", "started", "took ms", "met", "said"],
        attempts.iter().map(|attempt| {
            let met = attempt.status.map(|status| status.to_string()).or_else(|| attempt.failure.clone());
            let said = attempt.body.as_ref().or(attempt.detail.as_ref()).map_or("", |text| text.as_str());
            [
                attempt.attempt_number.to_string(),
                attempt.started_time.to_string(),
                attempt.took_ms.to_string(),
                or_dash(met),
                said.chars().take(80).collect(),
            ]
        }),
    )
}

fn progress(replay: &Replay) -> Table {
    fields([
        ("id", replay.id.clone()),
        ("status", replay.status.clone()),
        ("scope", replay.scope.clone()),
        ("since", replay.since.to_string()),
        ("kept from", or_dash(replay.events_from)),
        ("webhook", replay.webhook_id.clone()),
        ("deliveries", replay.deliveries.to_string()),
        ("finished", or_dash(replay.finished_time)),
    ])
}
