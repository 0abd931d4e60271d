//! User accounts.

use anyhow::{Result, anyhow};
use domain::id::PortalId;
use domain::user_account::{Role, UserAccount};
use serde::Serialize;
use store::page::PageRequest;
use store::user_account::UserAccountFilter;

use super::Outcome;
use crate::provision::{NewUser, Provisioner};

/// How many are listed at most.
const LISTED_MAX: u32 = 1_000;

#[derive(clap::Subcommand)]
pub(super) enum UserCommand {
    /// Make an account in a portal
    Create(CreateArgs),
    /// List the accounts of a portal, oldest first
    List(ListArgs),
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell admin user create --portal 11861002 --email ada@example.com --given-name Ada --json"
)]
pub(super) struct CreateArgs {
    /// The portal
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
    /// Where to reach them
    #[arg(long)]
    email: String,
    /// Their given name
    #[arg(long, default_value = "")]
    given_name: String,
    /// Their family name
    #[arg(long, default_value = "")]
    family_name: String,
    /// Learner, Manager, Content administrator or Administrator
    #[arg(long, default_value = "Learner", value_parser = read_role)]
    role: Role,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin user list --portal 11861002 --json")]
pub(super) struct ListArgs {
    /// The portal
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
    /// Only the one with this address
    #[arg(long)]
    email: Option<String>,
}

fn read_role(text: &str) -> Result<Role> {
    Role::read(text)
        .ok_or_else(|| anyhow!("there is no role {text:?}; there are: {}", Role::ALL.map(Role::name).join(", ")))
}

#[derive(Serialize)]
struct Shown {
    id: String,
    portal_id: String,
    email: String,
    given_name: String,
    family_name: String,
    roles: Vec<&'static str>,
}

impl From<&UserAccount> for Shown {
    fn from(account: &UserAccount) -> Self {
        Shown {
            id: account.id.to_string(),
            portal_id: account.portal_id.to_string(),
            email: account.email.as_str().to_owned(),
            given_name: account.given_name.clone(),
            family_name: account.family_name.clone(),
            roles: account.roles.iter().map(|role| role.name()).collect(),
        }
    }
}

const HEADER: [&str; 5] = ["id", "portal", "email", "name", "roles"];

fn cells(account: &Shown) -> [String; 5] {
    let Shown { id, portal_id, email, given_name, family_name, roles } = account;
    [id.clone(), portal_id.clone(), email.clone(), format!("{given_name} {family_name}"), roles.join(", ")]
}

pub(super) async fn run(provisioner: &Provisioner, command: UserCommand) -> Result<Outcome> {
    match command {
        UserCommand::Create(args) => Outcome::one(HEADER, &Shown::from(&create(provisioner, args).await?), cells),
        UserCommand::List(args) => {
            provisioner.find_portal(args.portal).await?;
            let filter = UserAccountFilter { email: args.email, ..Default::default() };
            let page = PageRequest { limit: LISTED_MAX, offset: 0 };
            let listed = provisioner.store.list_user_accounts(args.portal, &filter, page).await?;
            let shown: Vec<Shown> = listed.items.iter().map(Shown::from).collect();
            Outcome::many(HEADER, &shown, cells)
        }
    }
}

async fn create(provisioner: &Provisioner, args: CreateArgs) -> Result<UserAccount> {
    let new =
        NewUser { email: &args.email, given_name: &args.given_name, family_name: &args.family_name, role: args.role };
    provisioner.user(args.portal, new).await
}
