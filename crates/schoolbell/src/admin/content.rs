//! What is played, and content that ends.

mod played;

use anyhow::{Context, Result, bail};
use cli::time::future;
use domain::audit::Noted;
use domain::id::{AnnouncementId, LearningObjectId, PortalId};
use domain::learning_object::LearningObject;
use domain::learning_object::retirement::{Announcement, Flag};
use jiff::Timestamp;
use serde::Serialize;
use store::learning_object::{LearningObjectFilter, LearningObjectRef};
use store::page::PageRequest;
use store::portal::PortalFilter;

use super::Outcome;
use crate::operator;
use crate::provision::Provisioner;

#[derive(clap::Subcommand)]
pub(super) enum ContentCommand {
    /// Show what is played
    #[command(after_help = "Example:\n  schoolbell admin content show 741712 --portal 11861197 --json")]
    Show(ContentArgs),
    /// Upload a SCORM package, which is what is played from then on
    Upload(played::UploadArgs),
    /// Say that content will be removed: every portal concerned is told
    #[command(
        after_help = "Example:\n  schoolbell admin content flag 741712 --portal 11861197 --remove 2027-03-01T00:00:00Z --json"
    )]
    Flag(DatesArgs),
    /// Move the dates of content that is flagged: every portal concerned is told again
    #[command(
        after_help = "Example:\n  schoolbell admin content move 741712 --portal 11861197 --remove 2027-06-01T00:00:00Z --json"
    )]
    Move(MoveArgs),
    /// Withdraw the flag: the content stays, and every portal concerned is told
    Withdraw(ContentArgs),
    /// List content that is flagged for removal, what ends next first
    List(ListArgs),
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
    /// When it is gone: like 2027-03-01T00:00:00Z, 2027-03-01 (in UTC), or 90d for so long from now [default: as it was; three
    /// calendar months from now if it was not flagged]
    #[arg(long, value_name = "TIME", value_parser = future)]
    remove: Option<Timestamp>,
    /// From when on it is out of search and nobody new is enrolled [default: as it was]
    #[arg(long, value_name = "TIME", value_parser = future)]
    retire: Option<Timestamp>,
    /// Give less than 60 days of notice
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args)]
pub(super) struct MoveArgs {
    #[command(flatten)]
    dates: DatesArgs,
    /// Let it be found until it is gone
    #[arg(long, conflicts_with = "retire")]
    no_retire: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin content list --portal 11861197 --json")]
pub(super) struct ListArgs {
    /// Only what this portal owns
    #[arg(long, value_name = "PORTAL_ID")]
    portal: Option<PortalId>,
}

/// How many portals, or learning objects, are read at once.
const READ_MAX: u32 = 500;

#[derive(Serialize)]
struct Listed {
    portal_id: String,
    days_left: i64,
    #[serde(flatten)]
    content: Shown,
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
    match command {
        ContentCommand::Show(args) => played::show(provisioner, &args).await,
        ContentCommand::Upload(args) => played::upload(provisioner, &args).await,
        ContentCommand::List(args) => list(provisioner, &args).await,
        ContentCommand::Withdraw(args) => {
            change(provisioner, &args, |content, id, now| Ok(content.withdraw(id, now)?)).await
        }
        ContentCommand::Flag(args) => {
            let retired_at = args.retire.map(Some);
            change(provisioner, &args.content, |content, id, now| end(content, &args, retired_at, id, now)).await
        }
        ContentCommand::Move(MoveArgs { dates: args, no_retire }) => {
            let retired_at = if no_retire { Some(None) } else { args.retire.map(Some) };
            if args.remove.is_none() && retired_at.is_none() {
                bail!("say where to: --remove, and --retire or --no-retire");
            }
            let moved = |content: LearningObject, id, now| {
                if content.retirement.is_none() {
                    bail!("learning object {} is not flagged for removal: flag it first", content.id);
                }
                end(content, &args, retired_at, id, now)
            };
            change(provisioner, &args.content, moved).await
        }
    }
}

async fn change(
    provisioner: &Provisioner,
    args: &ContentArgs,
    decide: impl FnOnce(LearningObject, AnnouncementId, Timestamp) -> Result<(LearningObject, Announcement)>,
) -> Result<Outcome> {
    let now = provisioner.clock.now();
    let before = find(provisioner, args).await?;
    let (content, announcement) = decide(before.clone(), AnnouncementId::draw(&*provisioner.random), now)?;
    let outcome = Outcome::one(HEADER, &shown(&content, now), cells)?;
    let noted = Noted::content(&before, &content, now);
    operator::by(noted, provisioner.store.save_retirement(content, announcement)).await?;
    Ok(outcome)
}

async fn list(provisioner: &Provisioner, args: &ListArgs) -> Result<Outcome> {
    let now = provisioner.clock.now();
    let portals = match args.portal {
        Some(portal_id) => vec![provisioner.find_portal(portal_id).await?.id],
        None => all_portals(provisioner).await?,
    };
    let mut flagged = Vec::new();
    for portal_id in portals {
        flagged.extend(flagged_of(provisioner, portal_id, now).await?);
    }
    flagged.sort_by_key(|(removed_at, content)| (*removed_at, content.id));
    let rows = flagged.iter().map(|(removed_at, content)| Listed {
        portal_id: content.owner_id.to_string(),
        days_left: removed_at.duration_since(now).as_hours() / 24,
        content: shown(content, now),
    });
    let header = ["portal", "id", "title", "state", "days left", "retired", "removed"];
    Outcome::many(header, &rows.collect::<Vec<_>>(), |one| {
        let [id, title, state, _, retired, removed] = cells(&one.content);
        [one.portal_id.clone(), id, title, state, one.days_left.to_string(), retired, removed]
    })
}

async fn all_portals(provisioner: &Provisioner) -> Result<Vec<PortalId>> {
    let mut portals = Vec::new();
    loop {
        let page = PageRequest { limit: READ_MAX, offset: u32::try_from(portals.len())? };
        let listed = provisioner.store.list_portals(&PortalFilter::default(), page).await?;
        if listed.items.is_empty() {
            return Ok(portals);
        }
        portals.extend(listed.items.into_iter().map(|portal| portal.id));
    }
}

/// What a portal owns that will end, and when.
async fn flagged_of(
    provisioner: &Provisioner,
    portal_id: PortalId,
    now: Timestamp,
) -> Result<Vec<(Timestamp, LearningObject)>> {
    let mut flagged = Vec::new();
    let mut filter = LearningObjectFilter { is_flagged: Some(true), ..LearningObjectFilter::default() };
    loop {
        let page = PageRequest { limit: READ_MAX, offset: 0 };
        let listed = provisioner.store.list_learning_objects(portal_id, &filter, page).await?;
        let Some(last) = listed.items.last() else { return Ok(flagged) };
        filter.after = Some(filter.sort.place_of(last));
        flagged.extend(listed.items.into_iter().filter_map(|content| {
            let removed_at = content.retirement?.removed_at;
            (content.owner_id == portal_id && removed_at > now).then_some((removed_at, content))
        }));
    }
}

fn end(
    content: LearningObject,
    args: &DatesArgs,
    retired_at: Option<Option<Timestamp>>,
    id: AnnouncementId,
    now: Timestamp,
) -> Result<(LearningObject, Announcement)> {
    let flag = Flag { retired_at, removed_at: args.remove, is_forced: args.force };
    Ok(content.flag(flag, id, now)?)
}

async fn find(provisioner: &Provisioner, args: &ContentArgs) -> Result<LearningObject> {
    let reference = LearningObjectRef::Id(args.id);
    let found = provisioner.store.find_learning_object(args.portal, &reference).await?;
    let owned = found.filter(|content| content.owner_id == args.portal);
    owned.with_context(|| format!("portal {} owns no learning object {}", args.portal, args.id))
}
