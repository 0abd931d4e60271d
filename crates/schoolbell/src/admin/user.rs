//! User accounts.

use anyhow::{Context, Result, anyhow, bail};
use domain::audit::{Action, Noted};
use domain::id::{PortalId, UserAccountId};
use domain::user_account::{Role, UserAccount, UserAccountPatch};
use serde::Serialize;
use store::page::PageRequest;
use store::user_account::UserAccountFilter;

use super::{Outcome, typed};
use crate::operator;
use crate::provision::{NewUser, Provisioner};

/// How many are listed at most.
const LISTED_MAX: u32 = 1_000;

#[derive(clap::Subcommand)]
pub(super) enum UserCommand {
    /// Make an account in a portal
    Create(CreateArgs),
    /// List the accounts of a portal, oldest first
    List(ListArgs),
    /// Set the password with which somebody signs in to the Hub, read from the terminal or from a pipe
    Password(PasswordArgs),
    /// Block an account: its person and every program that acts through it are not let in any more
    #[command(after_help = "Example:\n  schoolbell admin user block 12345678 --portal 11861002")]
    Block(AccountArgs),
    /// Let an account in again; what was made for it before it was blocked stays ended
    #[command(after_help = "Example:\n  schoolbell admin user unblock 12345678 --portal 11861002")]
    Unblock(AccountArgs),
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

#[derive(clap::Args)]
pub(super) struct AccountArgs {
    /// The account
    id: UserAccountId,
    /// The portal
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin user password ada@example.com --portal 11861001\n  \
    pwgen 20 1 | schoolbell admin user password ada@example.com --portal 11861001")]
pub(super) struct PasswordArgs {
    /// The account: its address or its id
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// The portal
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
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
    active: bool,
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
            active: account.active,
        }
    }
}

const HEADER: [&str; 6] = ["id", "portal", "email", "name", "roles", "status"];

fn cells(account: &Shown) -> [String; 6] {
    let Shown { id, portal_id, email, given_name, family_name, roles, active } = account;
    let status = if *active { "active" } else { "blocked" };
    let name = format!("{given_name} {family_name}");
    [id.clone(), portal_id.clone(), email.clone(), name, roles.join(", "), status.to_owned()]
}

pub(super) async fn run(provisioner: &Provisioner, command: UserCommand) -> Result<Outcome> {
    match command {
        UserCommand::Create(args) => Outcome::one(HEADER, &Shown::from(&create(provisioner, args).await?), cells),
        UserCommand::Block(args) => Outcome::one(HEADER, &Shown::from(&let_in(provisioner, args, false).await?), cells),
        UserCommand::Unblock(args) => {
            Outcome::one(HEADER, &Shown::from(&let_in(provisioner, args, true).await?), cells)
        }
        UserCommand::Password(args) => {
            let account = provisioner.find_user(args.portal, &args.account).await?;
            if !account.may_sign_in() {
                bail!("{} only learns, or is blocked, and so may not sign in to the Hub", args.account);
            }
            provisioner.set_password(&account, &typed::password()?).await?;
            Outcome::one(HEADER, &Shown::from(&account), cells)
        }
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

async fn let_in(provisioner: &Provisioner, args: AccountArgs, active: bool) -> Result<UserAccount> {
    let found = provisioner.store.find_user_account(args.portal, args.id).await?;
    let before = found.with_context(|| format!("portal {} has no user account {}", args.portal, args.id))?;
    let now = provisioner.clock.now();
    let change = before.clone().update(UserAccountPatch { active: Some(active), ..Default::default() }, now)?;
    let after = change.after.clone();
    let noted = Noted::changed(Action::UserAccountUpdate, &before, &after, now);
    operator::by(noted, provisioner.store.save_user_account(change)).await?;
    Ok(after)
}
