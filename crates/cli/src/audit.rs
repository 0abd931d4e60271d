//! `schoolbell audit …`

use std::io::Write;

use anyhow::Context as _;
use client::platform::audit::AuditFilter;
use client::platform::enrollment::Part;
use comfy_table::Table;
use contract::api::audit::{AuditActor, AuditChange, AuditEntry, AuditSubject};
use jiff::Timestamp;

use crate::connection::Call;
use crate::output::{or_dash, rows};
use crate::time::past;

/// What can be asked about the audit log.
#[derive(clap::Subcommand)]
pub enum AuditCommand {
    /// List who did what to the portal and its customers, newest first
    #[command(after_help = "Example:\n  schoolbell audit list --action webhook.update --since 2026-01-31T12:00:00Z")]
    List(List),
}

/// Which entries.
#[derive(clap::Args)]
pub struct List {
    /// Only what was done to this portal
    #[arg(long, value_name = "ID")]
    portal: Option<String>,
    /// Client, user account or operator that did it
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// What was done, like webhook.update, or all that was done to a noun, like webhook
    #[arg(long)]
    action: Option<String>,
    /// Id of what it was done to
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Done then or later: like 2026-01-31T12:00:00Z, 2026-01-31 (in UTC), or 2h, 3d for so long ago
    #[arg(long, value_name = "TIME", value_parser = past)]
    since: Option<Timestamp>,
    /// Done then or earlier
    #[arg(long, value_name = "TIME", value_parser = past)]
    until: Option<Timestamp>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100))]
    limit: u32,
    /// How many to leave out before
    #[arg(long, default_value_t = 0)]
    offset: u32,
    #[command(flatten)]
    call: Call,
}

pub(crate) async fn run(command: AuditCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    let AuditCommand::List(List { portal, actor, action, subject, since, until, limit, offset, call }) = command;
    let filter = AuditFilter { portal_id: portal, actor, action, subject_id: subject, since, until };
    let page =
        call.platform()?.audit_entries(&filter, Part { limit, offset }).await.context("reading the audit log")?;
    call.output.write(out, &page, |page| table(&page.hits))?;
    call.output.remark(out, &format!("{} of {}", page.hits.len(), page.total))
}

fn table(entries: &[AuditEntry]) -> Table {
    rows(
        ["time", "portal", "by", "through", "action", "to", "changes"],
        entries.iter().map(|entry| {
            [
                entry.time.to_string(),
                entry.portal_id.clone(),
                actor(&entry.actor),
                entry.channel.clone(),
                entry.action.clone(),
                subject(&entry.subject),
                entry.changes.iter().map(change).collect::<Vec<_>>().join("; "),
            ]
        }),
    )
}

fn actor(actor: &AuditActor) -> String {
    match (&actor.id, &actor.name) {
        (Some(id), Some(name)) if id != name => format!("{} {name} ({id})", actor.kind),
        (id, _) => format!("{} {}", actor.kind, or_dash(id.as_ref())),
    }
}

fn subject(subject: &AuditSubject) -> String {
    subject.name.as_ref().map_or_else(|| subject.id.clone(), |name| format!("{name} ({})", subject.id))
}

fn change(AuditChange { field, from, to }: &AuditChange) -> String {
    match (from, to) {
        (None, None) => field.clone(),
        (None, Some(to)) => format!("{field}: {to}"),
        (from, to) => format!("{field}: {} -> {}", or_dash(from.as_ref()), or_dash(to.as_ref())),
    }
}
