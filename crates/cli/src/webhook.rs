//! `schoolbell webhook …`

use std::io::Write;

use anyhow::Context as _;
use comfy_table::Table;
use contract::api::webhook::{CreateWebhook, UpdateWebhook, Webhook};
use contract::event_type::EventType;
use serde_json::json;

use crate::connection::{Call, One};
use crate::output::{fields, or_dash, rows};

/// What can be done with webhooks.
#[derive(clap::Subcommand)]
pub enum WebhookCommand {
    /// List the webhooks of the portal, oldest first
    #[command(after_help = "Example:\n  schoolbell webhook list --url http://127.0.0.1:8420 --json")]
    List(Call),
    /// Show one webhook
    #[command(after_help = "Example:\n  schoolbell webhook get xUjKifleke4u")]
    Get(One),
    /// Register an address to be told of events
    #[command(after_help = "Example:\n  \
        schoolbell webhook create https://app.example/webhooks -e enrollment.complete -e content.decommission")]
    Create(Create),
    /// Keep events back until the webhook is resumed
    #[command(after_help = "Example:\n  schoolbell webhook pause xUjKifleke4u")]
    Pause(One),
    /// Make the webhook active; what was kept back goes out
    #[command(after_help = "Example:\n  schoolbell webhook resume xUjKifleke4u")]
    Resume(One),
    /// Delete the webhook
    #[command(after_help = "Example:\n  schoolbell webhook delete xUjKifleke4u")]
    Delete(One),
}

/// What a new webhook is to be.
#[derive(clap::Args)]
pub struct Create {
    /// Address to which events are sent
    address: String,
    /// Event type to be told of; may be given several times (see `schoolbell event-types`)
    #[arg(short, long = "event-type", value_name = "TYPE", required = true, value_delimiter = ',')]
    event_types: Vec<EventType>,
    /// Name for people
    #[arg(long)]
    name: Option<String>,
    /// Secret to sign with, 64 characters at most; without one, deliveries are not signed
    #[arg(long, env = "SCHOOLBELL_WEBHOOK_SECRET", value_name = "SECRET", hide_env_values = true)]
    secret_key: Option<String>,
    #[command(flatten)]
    call: Call,
}

pub(crate) async fn run(command: WebhookCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        WebhookCommand::List(call) => {
            let page = call.platform()?.webhooks().await.context("listing webhooks")?;
            call.output.write(out, &page, |page| table(&page.hits))
        }
        WebhookCommand::Get(One { id, call }) => {
            let webhook = call.platform()?.webhook(&id).await.context("reading the webhook")?;
            call.output.write(out, &webhook, one)
        }
        WebhookCommand::Create(args) => create(args, out).await,
        WebhookCommand::Pause(which) => set_status(&which, "paused", out).await,
        WebhookCommand::Resume(which) => set_status(&which, "active", out).await,
        WebhookCommand::Delete(One { id, call }) => {
            call.platform()?.delete_webhook(&id).await.context("deleting the webhook")?;
            call.output.write(out, &json!({ "id": id, "deleted": true }), |_| format!("deleted {id}"))
        }
    }
}

async fn create(args: Create, out: &mut dyn Write) -> anyhow::Result<()> {
    let create = CreateWebhook {
        url: Some(args.address),
        event_types: Some(args.event_types.iter().map(EventType::to_string).collect()),
        name: args.name,
        secret_key: args.secret_key,
        ..CreateWebhook::default()
    };
    let webhook = args.call.platform()?.create_webhook(&create).await.context("creating the webhook")?;
    args.call.output.write(out, &webhook, one)
}

async fn set_status(One { id, call }: &One, status: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let update = UpdateWebhook { status: Some(status.to_owned()), ..UpdateWebhook::default() };
    let webhook = call.platform()?.update_webhook(id, &update).await.context("changing the webhook")?;
    call.output.write(out, &webhook, one)
}

fn table(webhooks: &[Webhook]) -> Table {
    rows(
        ["id", "status", "name", "address", "event types"],
        webhooks.iter().map(|webhook| {
            let name = or_dash(webhook.name.as_ref());
            [webhook.id.clone(), status(webhook), name, webhook.url.clone(), webhook.event_types.join(", ")]
        }),
    )
}

/// The secret is not shown: a screen has more readers than a script.
fn one(webhook: &Webhook) -> Table {
    fields([
        ("id", webhook.id.clone()),
        ("name", or_dash(webhook.name.as_ref())),
        ("status", status(webhook)),
        ("address", webhook.url.clone()),
        ("event types", webhook.event_types.join(", ")),
        ("secret", if webhook.secret_key.is_some() { "set" } else { "none" }.to_owned()),
        ("portal", webhook.portal_id.clone()),
        ("created", webhook.created_time.to_string()),
        ("updated", webhook.updated_time.to_string()),
    ])
}

fn status(webhook: &Webhook) -> String {
    match &webhook.status_reason {
        Some(reason) => format!("{} ({reason})", webhook.status),
        None => webhook.status.clone(),
    }
}
