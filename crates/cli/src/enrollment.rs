//! `schoolbell enrollment …`

use std::io::Write;

use anyhow::Context as _;
use client::platform::Platform;
use client::platform::enrollment::{EnrollmentFilter, LIMIT_MAX, Part};
use client::platform::error::Error;
use comfy_table::Table;
use contract::api::enrollment::{Enrollment, UpdateEnrollment};
use contract::api::page::Page;
use jiff::Timestamp;

use crate::connection::{Call, One};
use crate::output::{fields, or_dash, rows};
use crate::time::past;

/// What can be done with enrollments.
#[derive(clap::Subcommand)]
pub enum EnrollmentCommand {
    /// Show one enrollment
    #[command(after_help = "Example:\n  schoolbell enrollment get 101916887")]
    Get(One),
    /// List enrollments, for instance to see which completions were missed
    #[command(after_help = "Example:\n  \
        schoolbell enrollment list --status completed --since 2026-01-01T00:00:00Z --all --json")]
    List(List),
    /// Complete an enrollment
    #[command(after_help = "Example:\n  schoolbell enrollment complete 101916887 --result 90")]
    Complete(Complete),
}

/// Which enrollments.
#[derive(clap::Args)]
pub struct List {
    /// not-started, in-progress or completed; several with commas between
    #[arg(long)]
    status: Option<String>,
    /// Changed then or later: like 2026-01-31T12:00:00Z, 2026-01-31 (in UTC), or 2h, 3d for so long ago
    #[arg(long, value_name = "TIME", value_parser = past)]
    since: Option<Timestamp>,
    /// Id of the user account that is enrolled
    #[arg(long, value_name = "ID")]
    user_account: Option<String>,
    /// Id of the content; several with commas between
    #[arg(long, value_name = "ID")]
    lo: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=i64::from(LIMIT_MAX)))]
    limit: u32,
    /// How many to leave out before
    #[arg(long, default_value_t = 0)]
    offset: u32,
    /// All of them, in the order in which they last changed
    #[arg(long, conflicts_with_all = ["limit", "offset"])]
    all: bool,
    #[command(flatten)]
    call: Call,
}

/// How an enrollment ended.
#[derive(clap::Args)]
pub struct Complete {
    /// The learner did not pass
    #[arg(long)]
    failed: bool,
    /// What the learner reached, from 0 to 100
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..=100))]
    result: Option<i64>,
    #[command(flatten)]
    which: One,
}

pub(crate) async fn run(command: EnrollmentCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        EnrollmentCommand::Get(One { id, call }) => {
            let enrollment = call.platform()?.enrollment(&id).await.context("reading the enrollment")?;
            call.output.write(out, &enrollment, one)
        }
        EnrollmentCommand::List(args) => {
            let page = fetch(&args.call.platform()?, &args).await.context("listing enrollments")?;
            args.call.output.write(out, &page, |page| table(&page.hits))?;
            args.call.output.remark(out, &format!("{} of {}", page.hits.len(), page.total))
        }
        EnrollmentCommand::Complete(Complete { failed, result, which: One { id, call } }) => {
            let update = UpdateEnrollment {
                status: Some("completed".to_owned()),
                pass: Some(!failed),
                result,
                ..UpdateEnrollment::default()
            };
            let platform = call.platform()?;
            let enrollment = platform.update_enrollment(&id, &update).await.context("completing the enrollment")?;
            call.output.write(out, &enrollment, one)
        }
    }
}

async fn fetch(platform: &Platform, args: &List) -> Result<Page<Enrollment>, Error> {
    let filter = EnrollmentFilter {
        status: args.status.clone(),
        update_time_gte: args.since,
        user_account_id: args.user_account.clone(),
        lo_ids: args.lo.clone(),
    };
    if !args.all {
        return platform.enrollments(&filter, Part { limit: args.limit, offset: args.offset }).await;
    }
    let mut walk = platform.walk_enrollments(filter);
    let mut hits = Vec::new();
    while let Some(page) = walk.next_page().await? {
        hits.extend(page);
    }
    Ok(Page { total: hits.len() as u64, hits })
}

fn table(enrollments: &[Enrollment]) -> Table {
    rows(
        ["id", "status", "pass", "result", "content", "user account", "updated"],
        enrollments.iter().map(|enrollment| {
            [
                enrollment.id.clone(),
                enrollment.status.clone(),
                or_dash(enrollment.pass),
                or_dash(enrollment.result),
                enrollment.lo_id.clone(),
                enrollment.user_account_id.clone(),
                enrollment.updated_time.to_string(),
            ]
        }),
    )
}

fn one(enrollment: &Enrollment) -> Table {
    fields([
        ("id", enrollment.id.clone()),
        ("status", enrollment.status.clone()),
        ("pass", or_dash(enrollment.pass)),
        ("result", or_dash(enrollment.result)),
        ("type", enrollment.enrollment_type.clone()),
        ("content", enrollment.lo_id.clone()),
        ("user account", enrollment.user_account_id.clone()),
        ("started", or_dash(enrollment.start_date)),
        ("ended", or_dash(enrollment.end_date)),
        ("due", or_dash(enrollment.due_date)),
        ("created", enrollment.created_time.to_string()),
        ("updated", enrollment.updated_time.to_string()),
    ])
}
