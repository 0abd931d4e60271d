//! `schoolbell event …`

use std::fmt::Write as _;
use std::io::Write;

use anyhow::Context as _;
use client::platform::enrollment::Part;
use client::platform::event::EventFilter;
use comfy_table::Table;
use contract::api::event::{EnrollmentEvents, Event, EventWebhook};
use jiff::Timestamp;

use crate::connection::{Call, One};
use crate::output::{fields, or_dash, rows};
use crate::time::past;

/// What can be asked about events.
#[derive(clap::Subcommand)]
pub enum EventCommand {
    /// List what happened in the portal and its customers, newest first
    #[command(after_help = "Example:\n  schoolbell event list --type enrollment.complete --from 2026-01-31T12:00:00Z")]
    List(List),
    /// Show one event, and for every webhook whether it arrived there, or why it was not told
    #[command(visible_alias = "get", after_help = "Example:\n  schoolbell event show hg4JWUDbT55B")]
    Show(One),
    /// Say why the completion of an enrollment did, or did not, arrive
    #[command(after_help = "Example:\n  schoolbell event why --enrollment 101916887")]
    Why(Why),
}

/// Which events.
#[derive(clap::Args)]
pub struct List {
    /// Id of the enrollment that they are about
    #[arg(long, value_name = "ID", conflicts_with = "lo")]
    enrollment: Option<String>,
    /// Number of the content that they are about
    #[arg(long, value_name = "ID")]
    lo: Option<String>,
    /// Event type; several with commas between (see `schoolbell event-types`)
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Stored then or later: like 2026-01-31T12:00:00Z, 2026-01-31 (in UTC), or 2h, 3d for so long ago
    #[arg(long, value_name = "TIME", value_parser = past)]
    from: Option<Timestamp>,
    /// Stored then or earlier
    #[arg(long, value_name = "TIME", value_parser = past)]
    to: Option<Timestamp>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100))]
    limit: u32,
    /// How many to leave out before
    #[arg(long, default_value_t = 0)]
    offset: u32,
    #[command(flatten)]
    call: Call,
}

/// Of what.
#[derive(clap::Args)]
pub struct Why {
    /// Id of the enrollment
    #[arg(long, value_name = "ID")]
    enrollment: String,
    #[command(flatten)]
    call: Call,
}

pub(crate) async fn run(command: EventCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        EventCommand::List(List { enrollment, lo, event_type, from, to, limit, offset, call }) => {
            let filter = EventFilter { enrollment_id: enrollment, lo_id: lo, event_type, from, to };
            let page = call.platform()?.events(&filter, Part { limit, offset }).await.context("listing events")?;
            call.output.write(out, &page, |page| table(&page.hits))?;
            call.output.remark(out, &format!("{} of {}", page.hits.len(), page.total))
        }
        EventCommand::Show(One { id, call }) => {
            let event = call.platform()?.event(&id).await.context("reading the event")?;
            call.output.write(out, &event, one)
        }
        EventCommand::Why(Why { enrollment, call }) => {
            let explained = call.platform()?.events_of_enrollment(&enrollment).await;
            let explained = explained.context("reading the events of the enrollment")?;
            call.output.write(out, &explained, why)
        }
    }
}

fn table(events: &[Event]) -> Table {
    rows(
        ["id", "stored", "event type", "about", "portal"],
        events.iter().map(|event| {
            let about = event.data["id"].as_str().map(str::to_owned);
            [event.id.clone(), event.created_time.to_string(), kind(event), or_dash(about), event.portal_id.clone()]
        }),
    )
}

fn kind(event: &Event) -> String {
    if event.test { format!("{} (test)", event.event_type) } else { event.event_type.clone() }
}

fn one(event: &Event) -> String {
    let about = fields([
        ("id", event.id.clone()),
        ("event type", kind(event)),
        ("portal", event.portal_id.clone()),
        ("stored", event.created_time.to_string()),
        ("deadline", or_dash(event.deadline_time)),
        ("data", event.data.to_string()),
    ]);
    match event.webhooks.as_deref() {
        Some(webhooks @ [_, ..]) => format!("{about}\n\n{}", stand(webhooks)),
        Some([]) => format!("{about}\n\nThe portal has no webhook."),
        None => about.to_string(),
    }
}

fn stand(webhooks: &[EventWebhook]) -> Table {
    rows(
        ["webhook", "name", "status", "reason", "delivery", "attempts", "what it means"],
        webhooks.iter().map(|webhook| {
            [
                webhook.webhook_id.clone(),
                or_dash(webhook.name.as_ref()),
                webhook.status.clone(),
                or_dash(webhook.reason.as_ref()),
                or_dash(webhook.delivery_id.as_ref()),
                or_dash(webhook.attempt_number),
                webhook.explanation.clone(),
            ]
        }),
    )
}

fn why(explained: &EnrollmentEvents) -> String {
    let mut text = String::new();
    for event in &explained.events {
        let _ = writeln!(text, "{}\n", one(event));
    }
    match &explained.explanation {
        Some(explanation) => format!("{text}no completion: {explanation}"),
        None => text.trim_end().to_owned(),
    }
}
