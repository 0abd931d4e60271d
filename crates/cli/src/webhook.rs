//! `schoolbell webhook …`

use std::io::Write;

use anyhow::Context as _;
use comfy_table::Table;
use contract::api::webhook::{CreateWebhook, Headers, UpdateWebhook, Webhook};
use contract::event_type::EventType;
use serde_json::json;

use crate::connection::{Call, One};
use crate::output::{fields, or_dash, rows};

mod test;

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
        schoolbell webhook create https://app.example/webhooks \\\n      \
        -e enrollment.complete -e content.decommission")]
    Create(Create),
    /// Change what is given, and leave the rest
    #[command(
        after_help = "Example:\n  schoolbell webhook update xUjKifleke4u --rate-limit 10 --header X-Api-Key=s3cret"
    )]
    Update(Update),
    /// Tell the webhook a sample event, to see whether it arrives
    #[command(after_help = "Example:\n  schoolbell webhook test xUjKifleke4u --wait")]
    Test(test::Test),
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
    /// Requests a second at most, from 1 to 1000; without it, as many as the receiver keeps up with
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
    /// Header to be sent with every request; may be given several times
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    #[command(flatten)]
    call: Call,
}

/// Which webhook is to be changed, and how.
#[derive(clap::Args)]
pub struct Update {
    /// Its id, as lists and events have it
    id: String,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    call: Call,
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Address to which events are sent
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    /// Event type to be told of, in place of all that were; may be given several times
    #[arg(short, long = "event-type", value_name = "TYPE", value_delimiter = ',')]
    event_types: Option<Vec<EventType>>,
    /// Name for people
    #[arg(long)]
    name: Option<String>,
    /// Requests a second at most, from 1 to 1000
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
    /// As many requests a second as the receiver keeps up with
    #[arg(long, conflicts_with = "rate_limit")]
    no_rate_limit: bool,
    /// Header to be sent with every request, in place of all that were; may be given several times
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    headers: Option<Vec<(String, String)>>,
    /// No headers but those that the platform sends
    #[arg(long, conflicts_with = "headers")]
    no_headers: bool,
}

/// Reads a header. What it says of a wrong one repeats nothing of it: there may be a credential in it.
fn header(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("a header is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn headers(pairs: Vec<(String, String)>) -> anyhow::Result<Headers> {
    let mut headers = Headers::default();
    for (name, value) in pairs {
        anyhow::ensure!(!headers.0.contains_key(&name), "header {name} is given twice");
        headers.0.insert(name, value);
    }
    Ok(headers)
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
        WebhookCommand::Update(args) => update(args, out).await,
        WebhookCommand::Test(args) => test::run(args, out).await,
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
        rate_limit: args.rate_limit,
        headers: (!args.headers.is_empty()).then(|| headers(args.headers)).transpose()?,
        ..CreateWebhook::default()
    };
    let webhook = args.call.platform()?.create_webhook(&create).await.context("creating the webhook")?;
    args.call.output.write(out, &webhook, one)
}

async fn update(Update { id, changes, call }: Update, out: &mut dyn Write) -> anyhow::Result<()> {
    let update = UpdateWebhook {
        url: changes.address,
        event_types: changes.event_types.map(|types| types.iter().map(EventType::to_string).collect()),
        name: changes.name.map(Some),
        rate_limit: if changes.no_rate_limit { Some(None) } else { changes.rate_limit.map(Some) },
        headers: if changes.no_headers { Some(None) } else { changes.headers.map(headers).transpose()?.map(Some) },
        ..UpdateWebhook::default()
    };
    let webhook = call.platform()?.update_webhook(&id, &update).await.context("changing the webhook")?;
    call.output.write(out, &webhook, one)
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

/// Neither the secret is shown nor what is in headers: a screen has more readers than a script.
fn one(webhook: &Webhook) -> Table {
    fields([
        ("id", webhook.id.clone()),
        ("name", or_dash(webhook.name.as_ref())),
        ("status", status(webhook)),
        ("address", webhook.url.clone()),
        ("event types", webhook.event_types.join(", ")),
        ("secret", if webhook.secret_key.is_some() { "set" } else { "none" }.to_owned()),
        ("rate limit", webhook.rate_limit.map_or_else(|| "none".to_owned(), |limit| format!("{limit} a second"))),
        ("headers", header_names(webhook)),
        ("portal", webhook.portal_id.clone()),
        ("created", webhook.created_time.to_string()),
        ("updated", webhook.updated_time.to_string()),
    ])
}

fn header_names(webhook: &Webhook) -> String {
    match &webhook.headers {
        Some(headers) => headers.0.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        None => "none".to_owned(),
    }
}

fn status(webhook: &Webhook) -> String {
    match &webhook.status_reason {
        Some(reason) => format!("{} ({reason})", webhook.status),
        None => webhook.status.clone(),
    }
}
