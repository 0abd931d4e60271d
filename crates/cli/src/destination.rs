//! `schoolbell destination …`

use std::io::Write;

use anyhow::Context as _;
use comfy_table::Table;
use contract::api::destination::{CreateDestination, Destination, UpdateDestination};
use contract::time::Millis;
use jiff::Timestamp;

use crate::connection::{Call, One};
use crate::output::{fields, or_dash, rows};
use crate::time::future;

/// What can be done with destinations.
#[derive(clap::Subcommand)]
pub enum DestinationCommand {
    /// List the destinations of the portal, oldest first
    #[command(after_help = "Example:\n  schoolbell destination list --url http://127.0.0.1:8420 --json")]
    List(Call),
    /// Show one destination
    #[command(after_help = "Example:\n  schoolbell destination get 31001")]
    Get(One),
    /// Make a destination for an LMS
    #[command(
        after_help = "Example:\n  schoolbell destination create Moodle --origin https://lms.example.com --seats 250"
    )]
    Create(Create),
    /// Change what is given, and leave the rest
    #[command(
        after_help = "Example:\n  schoolbell destination update 31001 --any-seats --expires 2030-01-01T00:00:00Z"
    )]
    Update(Update),
    /// Launch none of its packages any more; `update --active` undoes it
    #[command(after_help = "Example:\n  schoolbell destination revoke 31001")]
    Revoke(One),
}

/// What a new destination is to be.
#[derive(clap::Args)]
pub struct Create {
    /// Name for people
    name: String,
    /// Origin from which packages may be launched, such as https://lms.example.com; may be given several times; without one, any
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// How many different learners may launch them; without it, any number
    #[arg(long, value_name = "N")]
    seats: Option<u32>,
    /// From when on none is launched: like 2027-03-01T00:00:00Z, 2027-03-01 (in UTC), or 90d for so long from now; without it, never
    #[arg(long, value_name = "TIME", value_parser = future)]
    expires: Option<Timestamp>,
    /// Let `passed` become `failed` in the LMS
    #[arg(long)]
    lower_status: bool,
    /// Keep the ids of learners as keyed digests only: learning activities cannot give them back then
    #[arg(long)]
    pseudonymous: bool,
    #[command(flatten)]
    call: Call,
}

/// Which destination is to be changed, and how.
#[derive(clap::Args)]
pub struct Update {
    /// Its id, as lists have it
    id: String,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    call: Call,
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Name for people
    #[arg(long)]
    name: Option<String>,
    /// Origin from which packages may be launched, in place of all that were; may be given several times
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Option<Vec<String>>,
    /// Packages may be launched from any origin
    #[arg(long, conflicts_with = "origins")]
    any_origin: bool,
    /// How many different learners may launch them
    #[arg(long, value_name = "N")]
    seats: Option<u32>,
    /// Any number of learners may
    #[arg(long, conflicts_with = "seats")]
    any_seats: bool,
    /// From when on none is launched
    #[arg(long, value_name = "TIME", value_parser = future)]
    expires: Option<Timestamp>,
    /// It does not expire
    #[arg(long, conflicts_with = "expires")]
    no_expiry: bool,
    /// Whether `passed` may become `failed` in the LMS
    #[arg(long, value_name = "BOOL")]
    lower_status: Option<bool>,
    /// Launch its packages again after it was revoked
    #[arg(long)]
    active: bool,
}

pub(crate) async fn run(command: DestinationCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        DestinationCommand::List(call) => {
            let page = call.platform()?.destinations().await.context("listing destinations")?;
            call.output.write(out, &page, |page| table(&page.hits))
        }
        DestinationCommand::Get(One { id, call }) => {
            let destination = call.platform()?.destination(&id).await.context("reading the destination")?;
            call.output.write(out, &destination, one)
        }
        DestinationCommand::Create(args) => create(args, out).await,
        DestinationCommand::Update(Update { id, changes, call }) => change(&id, &changes.update(), &call, out).await,
        DestinationCommand::Revoke(One { id, call }) => {
            let update = UpdateDestination { status: Some("revoked".to_owned()), ..UpdateDestination::default() };
            change(&id, &update, &call, out).await
        }
    }
}

async fn create(args: Create, out: &mut dyn Write) -> anyhow::Result<()> {
    let create = CreateDestination {
        name: Some(args.name),
        lms_origins: args.origins,
        seats_max: args.seats,
        expires_time: args.expires.map(Millis),
        lower_status: args.lower_status,
        pseudonymous: args.pseudonymous,
    };
    let made = args.call.platform()?.create_destination(&create).await.context("making the destination")?;
    args.call.output.write(out, &made, one)
}

impl Changes {
    fn update(self) -> UpdateDestination {
        UpdateDestination {
            name: self.name,
            status: self.active.then(|| "active".to_owned()),
            lms_origins: if self.any_origin { Some(Vec::new()) } else { self.origins },
            seats_max: if self.any_seats { Some(None) } else { self.seats.map(Some) },
            expires_time: if self.no_expiry { Some(None) } else { self.expires.map(|at| Some(Millis(at))) },
            lower_status: self.lower_status,
            pseudonymous: None,
        }
    }
}

async fn change(id: &str, update: &UpdateDestination, call: &Call, out: &mut dyn Write) -> anyhow::Result<()> {
    let changed = call.platform()?.update_destination(id, update).await.context("changing the destination")?;
    call.output.write(out, &changed, one)
}

fn table(destinations: &[Destination]) -> Table {
    let row = |one: &Destination| {
        let (seats, expires) = (or_dash(one.seats_max), or_dash(one.expires_time));
        [one.id.clone(), one.status.clone(), one.name.clone(), seats, expires, origins(one)]
    };
    rows(["id", "status", "name", "seats", "expires", "origins"], destinations.iter().map(row))
}

fn one(destination: &Destination) -> Table {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    fields([
        ("id", destination.id.clone()),
        ("name", destination.name.clone()),
        ("status", destination.status.clone()),
        ("token", destination.token.clone()),
        ("origins", origins(destination)),
        ("seats", destination.seats_max.map_or_else(|| "any".to_owned(), |seats| seats.to_string())),
        ("expires", destination.expires_time.map_or_else(|| "never".to_owned(), |at| at.to_string())),
        ("lowers status", yes(destination.lower_status)),
        ("pseudonymous", yes(destination.pseudonymous)),
        ("portal", destination.portal_id.clone()),
        ("created", destination.created_time.to_string()),
        ("updated", destination.updated_time.to_string()),
    ])
}

fn origins(destination: &Destination) -> String {
    if destination.lms_origins.is_empty() { "any".to_owned() } else { destination.lms_origins.join(", ") }
}
