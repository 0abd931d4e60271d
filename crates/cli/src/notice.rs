//! `schoolbell notice …`

use std::io::Write;

use anyhow::Context as _;
use client::platform::enrollment::Part;
use comfy_table::Table;
use contract::api::notice::{Notice, NoticeMail};

use crate::connection::{Call, One};
use crate::output::{fields, or_dash, printable, rows};

/// What can be asked about notices.
#[derive(clap::Subcommand)]
pub enum NoticeCommand {
    /// List notices, newest first
    #[command(after_help = "Example:\n  schoolbell notice list --webhook xUjKifleke4u")]
    List(List),
    /// Show one notice: what happened, what to do, and who was mailed
    #[command(after_help = "Example:\n  schoolbell notice get a7Xk2pQ9LmZe")]
    Get(One),
}

/// Which notices.
#[derive(clap::Args)]
pub struct List {
    /// Id of the webhook, which may have been deleted
    #[arg(long, value_name = "ID")]
    webhook: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100))]
    limit: u32,
    /// How many to leave out before
    #[arg(long, default_value_t = 0)]
    offset: u32,
    #[command(flatten)]
    call: Call,
}

pub(crate) async fn run(command: NoticeCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        NoticeCommand::List(List { webhook, limit, offset, call }) => {
            let page = call.platform()?.notices(webhook.as_deref(), Part { limit, offset }).await;
            let page = page.context("listing notices")?;
            call.output.write(out, &page, |page| table(&page.hits))?;
            call.output.remark(out, &format!("{} of {}", page.hits.len(), page.total))
        }
        NoticeCommand::Get(One { id, call }) => {
            let notice = call.platform()?.notice(&id).await.context("reading the notice")?;
            call.output.write(out, &notice, one)
        }
    }
}

fn table(notices: &[Notice]) -> Table {
    rows(
        ["id", "time", "kind", "webhook", "mailed", "subject"],
        notices.iter().map(|notice| {
            [
                notice.id.clone(),
                notice.time.to_string(),
                notice.kind.clone(),
                notice.webhook_id.clone(),
                mailed(&notice.mails),
                notice.subject.clone(),
            ]
        }),
    )
}

/// `2 of 3`, or nothing if nobody is to be mailed.
fn mailed(mails: &[NoticeMail]) -> String {
    let sent = mails.iter().filter(|mail| mail.status == "sent").count();
    if mails.is_empty() { "-".to_owned() } else { format!("{sent} of {}", mails.len()) }
}

fn one(notice: &Notice) -> String {
    let about = fields([
        ("id", notice.id.clone()),
        ("time", notice.time.to_string()),
        ("kind", notice.kind.clone()),
        ("webhook", notice.webhook_id.clone()),
        ("subject", notice.subject.clone()),
    ]);
    let text: Vec<String> = notice.text.lines().map(printable).collect();
    let mails = if notice.mails.is_empty() { String::new() } else { format!("\n\n{}", addressees(&notice.mails)) };
    format!("{about}\n\n{}{mails}", text.join("\n"))
}

fn addressees(mails: &[NoticeMail]) -> Table {
    rows(
        ["user account", "address", "mail", "finished", "due", "last trouble"],
        mails.iter().map(|mail| {
            [
                mail.user_account_id.clone(),
                or_dash(mail.email.as_ref()),
                mail.status.clone(),
                or_dash(mail.finished_time),
                or_dash(mail.due_time),
                or_dash(mail.error.as_ref()),
            ]
        }),
    )
}
