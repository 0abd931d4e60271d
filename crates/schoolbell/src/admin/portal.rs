//! Portals.

use anyhow::Result;
use domain::id::PortalId;
use domain::portal::Portal;
use serde::Serialize;
use store::page::{Order, PageRequest};
use store::portal::PortalFilter;

use super::Outcome;
use crate::provision::{NewPortal, Provisioner};

/// How many are listed at most.
const LISTED_MAX: u32 = 1_000;

#[derive(clap::Subcommand)]
pub(super) enum PortalCommand {
    /// Make a partner, or with --partner a customer of one
    Create(CreateArgs),
    /// List portals, oldest first
    List(ListArgs),
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell admin portal create --name 'Acme Learning' --domain acme.example.com --json"
)]
pub(super) struct CreateArgs {
    /// What people call it
    #[arg(long)]
    name: String,
    /// Its host name, unique and for ever
    #[arg(long)]
    domain: String,
    /// The partner above it; without this, it is a partner itself
    #[arg(long, value_name = "PORTAL_ID")]
    partner: Option<PortalId>,
    /// Where to reach its first administrator [default: admin@DOMAIN]
    #[arg(long, value_name = "EMAIL")]
    administrator: Option<String>,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin portal list --partner 11861001")]
pub(super) struct ListArgs {
    /// Only the customers of this partner
    #[arg(long, value_name = "PORTAL_ID")]
    partner: Option<PortalId>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    name: String,
    domain: String,
    #[serde(rename = "type")]
    kind: &'static str,
    partner_portal_id: Option<String>,
}

impl From<&Portal> for Shown {
    fn from(portal: &Portal) -> Self {
        Shown {
            id: portal.id.to_string(),
            name: portal.name.clone(),
            domain: portal.domain.as_str().to_owned(),
            kind: portal.kind.as_str(),
            partner_portal_id: portal.partner_id.map(|id| id.to_string()),
        }
    }
}

const HEADER: [&str; 5] = ["id", "name", "domain", "type", "partner"];

fn cells(portal: &Shown) -> [String; 5] {
    let Shown { id, name, domain, kind, partner_portal_id } = portal;
    [id.clone(), name.clone(), domain.clone(), (*kind).to_owned(), partner_portal_id.clone().unwrap_or_default()]
}

pub(super) async fn run(provisioner: &Provisioner, command: PortalCommand) -> Result<Outcome> {
    match command {
        PortalCommand::Create(args) => Outcome::one(HEADER, &Shown::from(&create(provisioner, args).await?), cells),
        PortalCommand::List(args) => {
            let shown: Vec<Shown> = list(provisioner, args).await?.iter().map(Shown::from).collect();
            Outcome::many(HEADER, &shown, cells)
        }
    }
}

async fn create(provisioner: &Provisioner, args: CreateArgs) -> Result<Portal> {
    let administrator = args.administrator.unwrap_or_else(|| format!("admin@{}", args.domain));
    let new = NewPortal {
        name: &args.name,
        domain: &args.domain,
        partner_id: args.partner,
        administrator_email: &administrator,
    };
    provisioner.portal(new).await
}

async fn list(provisioner: &Provisioner, args: ListArgs) -> Result<Vec<Portal>> {
    let filter = PortalFilter { order: Order::Ascending, ..Default::default() };
    let page = PageRequest { limit: LISTED_MAX, offset: 0 };
    let listed = match args.partner {
        Some(partner) => provisioner.store.list_customers(partner, &filter, page).await?,
        None => provisioner.store.list_portals(&filter, page).await?,
    };
    Ok(listed.items)
}
