//! OAuth clients.

use anyhow::{Context, Result, anyhow};
use domain::audit::{Action, Noted};
use domain::id::{ClientId, PortalId};
use domain::oauth::{OauthClient, Scopes};
use serde::Serialize;

use super::Outcome;
use crate::operator;
use crate::provision::Provisioner;

#[derive(clap::Subcommand)]
pub(super) enum ClientCommand {
    /// Make credentials of a portal; the secret is shown this once
    Create(CreateArgs),
    /// List the credentials of a portal that are in use
    List(ListArgs),
    /// End credentials and every token that they were given
    Revoke(RevokeArgs),
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell admin client create --portal 11861001 --scope 'webhook.read webhook.write' --json"
)]
pub(super) struct CreateArgs {
    /// The portal
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
    /// What people call it
    #[arg(long, default_value = "Integration")]
    name: String,
    /// What its tokens may be used for, separated by spaces [default: everything]
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin client list --portal 11861001")]
pub(super) struct ListArgs {
    /// The portal
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
}

#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell admin client revoke --portal 11861001 --client 5c1fb9b2…")]
pub(super) struct RevokeArgs {
    /// The portal
    #[arg(long, value_name = "PORTAL_ID")]
    portal: PortalId,
    /// The client
    #[arg(long, value_name = "CLIENT_ID")]
    client: ClientId,
}

#[derive(Serialize)]
struct Shown {
    portal_id: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    client_name: String,
    scope: String,
}

impl From<OauthClient> for Shown {
    fn from(client: OauthClient) -> Self {
        Shown {
            portal_id: client.portal_id.to_string(),
            client_id: client.id.to_string(),
            client_secret: None,
            client_name: client.name,
            scope: client.scopes.to_string(),
        }
    }
}

const HEADER: [&str; 5] = ["portal", "client_id", "client_secret", "name", "scope"];

fn cells(client: &Shown) -> [String; 5] {
    let Shown { portal_id, client_id, client_secret, client_name, scope } = client;
    let secret = client_secret.clone().unwrap_or_default();
    [portal_id.clone(), client_id.clone(), secret, client_name.clone(), scope.clone()]
}

pub(super) async fn run(provisioner: &Provisioner, command: ClientCommand) -> Result<Outcome> {
    match command {
        ClientCommand::Create(args) => Outcome::one(HEADER, &create(provisioner, args).await?, cells),
        ClientCommand::Revoke(args) => Outcome::one(HEADER, &revoke(provisioner, args).await?, cells),
        ClientCommand::List(args) => {
            provisioner.find_portal(args.portal).await?;
            let clients = provisioner.store.list_oauth_clients(args.portal).await?;
            let shown: Vec<Shown> = clients.into_iter().map(Shown::from).collect();
            Outcome::many(HEADER, &shown, cells)
        }
    }
}

async fn create(provisioner: &Provisioner, args: CreateArgs) -> Result<Shown> {
    let scopes = match args.scope {
        None => Scopes::all(),
        Some(text) => Scopes::read(&text)
            .map_err(|unknown| anyhow!("there is no scope {unknown:?}; there are: {}", Scopes::all()))?,
    };
    let made = provisioner.client(args.portal, &args.name, scopes).await?;
    Ok(Shown {
        portal_id: args.portal.to_string(),
        client_id: made.id.to_string(),
        client_secret: Some(made.secret),
        client_name: args.name,
        scope: scopes.to_string(),
    })
}

async fn revoke(provisioner: &Provisioner, args: RevokeArgs) -> Result<Shown> {
    let at = provisioner.clock.now();
    let client = provisioner.store.find_oauth_client(&args.client).await?;
    let name = client.as_ref().map(|client| &client.name);
    let noted = Noted::done(Action::OauthClientRevoke, args.portal, &args.client, at).named(name);
    let revoked = operator::by(noted, provisioner.store.expire_oauth_client(args.portal, &args.client, at)).await?;
    let client = client.filter(|_| revoked);
    Ok(client.with_context(|| format!("portal {} has no client {} in use", args.portal, args.client))?.into())
}
