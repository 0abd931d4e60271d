//! Content that ends.

use anyhow::{Context, Result, bail};
use domain::id::{AnnouncementId, LearningObjectId, PortalId};
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::{Announcement, Flag};
use jiff::Timestamp;
use serde::Serialize;
use store::learning_object::LearningObjectRef;

use super::Outcome;
use crate::provision::Provisioner;

#[derive(clap::Subcommand)]
pub(super) enum ContentCommand {
    /// Say that content will be removed: every portal concerned is told
    #[command(
        after_help = "Example:\n  schoolbell admin content flag 741712 --portal 11861197 --remove 2027-03-01T00:00:00Z --json"
    )]
    Flag(DatesArgs),
    /// Move the dates of content that is flagged: every portal concerned is told again
    #[command(
        after_help = "Example:\n  schoolbell admin content move 741712 --portal 11861197 --remove 2027-06-01T00:00:00Z --json"
    )]
    Move(DatesArgs),
    /// Withdraw the flag: the content stays, and every portal concerned is told
    Withdraw(ContentArgs),
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin content withdraw 741712 --portal 11861197 --json")]
pub(super) struct ContentArgs {
    /// The content, by the number that events carry
    id: LearningObjectId,
    /// The portal that owns it
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
}

#[derive(clap::Args)]
pub(super) struct DatesArgs {
    #[command(flatten)]
    content: ContentArgs,
    /// When it is gone [default: as it was; three calendar months from now if it was not flagged]
    #[arg(long, value_name = "TIME")]
    remove: Option<Timestamp>,
    /// From when on it is out of search and nobody new is enrolled [default: as it was]
    #[arg(long, value_name = "TIME")]
    retire: Option<Timestamp>,
    /// Give less than 60 days of notice
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Shown {
    lo_id: String,
    title: String,
    state: &'static str,
    flagged_time: Option<String>,
    retired_time: Option<String>,
    removed_time: Option<String>,
}

const HEADER: [&str; 6] = ["id", "title", "state", "flagged", "retired", "removed"];

fn shown(content: &LearningObject, now: Timestamp) -> Shown {
    let dates = content.retirement;
    Shown {
        lo_id: content.id.to_string(),
        title: content.title.clone(),
        state: content.state_at(now).as_str(),
        flagged_time: dates.map(|dates| dates.flagged_at.to_string()),
        retired_time: dates.and_then(|dates| dates.retired_at).map(|at| at.to_string()),
        removed_time: dates.map(|dates| dates.removed_at.to_string()),
    }
}

fn cells(content: &Shown) -> [String; 6] {
    let time = |time: &Option<String>| time.clone().unwrap_or_default();
    let Shown { lo_id, title, state, flagged_time, retired_time, removed_time } = content;
    [lo_id.clone(), title.clone(), (*state).to_owned(), time(flagged_time), time(retired_time), time(removed_time)]
}

pub(super) async fn run(provisioner: &Provisioner, command: ContentCommand) -> Result<Outcome> {
    let now = provisioner.clock.now();
    let id = AnnouncementId::draw(&*provisioner.random);
    let (content, announcement) = match command {
        ContentCommand::Flag(args) => end(find(provisioner, &args.content).await?, &args, id, now)?,
        ContentCommand::Move(args) => {
            let content = find(provisioner, &args.content).await?;
            if content.retirement.is_none() {
                bail!("learning object {} is not flagged for removal: flag it first", content.id);
            }
            if args.remove.is_none() && args.retire.is_none() {
                bail!("say where to: --remove, --retire or both");
            }
            end(content, &args, id, now)?
        }
        ContentCommand::Withdraw(args) => find(provisioner, &args).await?.withdraw(id, now)?,
    };
    let outcome = Outcome::one(HEADER, &shown(&content, now), cells)?;
    provisioner.store.save_retirement(content, announcement).await?;
    Ok(outcome)
}

fn end(
    content: LearningObject,
    args: &DatesArgs,
    id: AnnouncementId,
    now: Timestamp,
) -> Result<(LearningObject, Announcement)> {
    let flag = Flag { retired_at: args.retire.map(Some), removed_at: args.remove, is_forced: args.force };
    Ok(content.flag(flag, id, now)?)
}

async fn find(provisioner: &Provisioner, args: &ContentArgs) -> Result<LearningObject> {
    let reference = LearningObjectRef::Id(args.id);
    let found = provisioner.store.find_learning_object(args.portal, &reference).await?;
    let owned = found.filter(|content| content.owner_id == args.portal);
    owned.with_context(|| format!("portal {} owns no learning object {}", args.portal, args.id))
}
