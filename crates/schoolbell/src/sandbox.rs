//! `schoolbell sandbox`: fills an empty data folder with a small world to try things on.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use domain::id::PortalId;
use domain::oauth::Scopes;
use domain::password::Password;
use domain::user_account::Role;
use serde::Serialize;
use store::page::PageRequest;
use store::portal::PortalFilter;
use store::user_account::UserAccountFilter;

use crate::config::server::ServerSection;
use crate::provision::{NewPortal, NewUser, Provisioner};

const COURSES: [&str; 3] = ["Fire safety", "First aid at work", "Writing that people read"];
/// The customers: name and host name.
pub(crate) const CUSTOMERS: [(&str, &str); 2] =
    [("Harbour Foods", "harbour.sandbox.example"), ("Meridian Rail", "meridian.sandbox.example")];
const LEARNERS: [(&str, &str); 2] = [("Ada", "Lovelace"), ("Alan", "Turing")];

/// How many letters and digits the password of its administrator has.
const PASSWORD_LENGTH: usize = 16;

/// Fill an empty data folder with a partner, two customers, learners and courses
#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell sandbox --data ./data --json > sandbox.json\n  \
    schoolbell serve --data ./data --listen 127.0.0.1:8420 --allow-http --allow-private-networks")]
pub(crate) struct SandboxArgs {
    /// The folder to fill; made if it is not there
    #[arg(long, value_name = "DIR", env = "SCHOOLBELL_DATA")]
    pub(crate) data: PathBuf,
    /// Print one JSON object with all ids and credentials
    #[arg(long)]
    pub(crate) json: bool,
}

/// What was made, with the only copy of the secrets.
#[derive(Debug, Serialize)]
pub(crate) struct Sandbox {
    /// How to sign in to the Hub as the integrator's administrator.
    pub(crate) hub: SignIn,
    /// The integrator.
    pub(crate) partner: Credentials,
    /// Its customers.
    pub(crate) customers: Vec<Customer>,
    /// What all of them hold.
    pub(crate) learning_objects: Vec<Content>,
}

/// How somebody signs in to the Partner Hub.
#[derive(Debug, Serialize)]
pub(crate) struct SignIn {
    /// Where, if the platform listens where it does by default.
    pub(crate) url: String,
    /// The address of the account.
    pub(crate) email: String,
    /// Its password.
    pub(crate) password: String,
}

/// Credentials of one portal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Credentials {
    /// The portal.
    pub(crate) portal_id: String,
    /// 40 hex digits.
    pub(crate) client_id: String,
    /// 40 hex digits.
    pub(crate) client_secret: String,
}

/// A customer portal with its learners.
#[derive(Debug, Serialize)]
pub(crate) struct Customer {
    /// How to act in it.
    #[serde(flatten)]
    pub(crate) credentials: Credentials,
    /// Its learners.
    pub(crate) user_account_ids: Vec<String>,
}

/// A course.
#[derive(Debug, Serialize)]
pub(crate) struct Content {
    /// `con_` and a ULID.
    pub(crate) id: String,
    /// The number that events carry.
    pub(crate) lo_id: String,
}

/// Fills an empty store.
pub(crate) async fn fill(provisioner: &Provisioner) -> Result<Sandbox> {
    let none = PageRequest { limit: 0, offset: 0 };
    let there = provisioner.store.list_portals(&PortalFilter::default(), none).await?.total;
    if there > 0 {
        bail!("there are {there} portals already, and a sandbox fills an empty data folder only");
    }
    let partner = portal(provisioner, "Sandbox Integrations", "integrations.sandbox.example", None).await?;
    let mut customers = Vec::new();
    for (name, domain) in CUSTOMERS {
        customers.push(portal(provisioner, name, domain, Some(partner)).await?);
    }
    let mut sandbox = Sandbox {
        hub: sign_in(provisioner, partner).await?,
        partner: credentials(provisioner, partner).await?,
        customers: Vec::new(),
        learning_objects: Vec::new(),
    };
    for &id in &customers {
        sandbox.customers.push(customer(provisioner, id).await?);
    }
    for title in COURSES {
        let lo = provisioner.course(partner, title, &customers).await?;
        sandbox.learning_objects.push(Content { id: lo.content_id.to_string(), lo_id: lo.id.to_string() });
    }
    Ok(sandbox)
}

async fn portal(provisioner: &Provisioner, name: &str, domain: &str, partner_id: Option<PortalId>) -> Result<PortalId> {
    let administrator_email = &format!("admin@{domain}");
    Ok(provisioner.portal(NewPortal { name, domain, partner_id, administrator_email }).await?.id)
}

/// Gives the first administrator of a portal a password.
async fn sign_in(provisioner: &Provisioner, portal_id: PortalId) -> Result<SignIn> {
    let filter = UserAccountFilter { roles: Some(vec![Role::Administrator]), ..Default::default() };
    let first = PageRequest { limit: 1, offset: 0 };
    let accounts = provisioner.store.list_user_accounts(portal_id, &filter, first).await?.items;
    let account = accounts.first().context("a portal is made with an administrator")?;
    let password = provisioner.random.alphanumeric(PASSWORD_LENGTH);
    provisioner.set_password(account, &Password::choose(&password)?).await?;
    let url = format!("http://{}{}", ServerSection::default().listen, hub::router::BASE);
    Ok(SignIn { url, email: account.email.as_str().to_owned(), password })
}

async fn customer(provisioner: &Provisioner, id: PortalId) -> Result<Customer> {
    let mut user_account_ids = Vec::new();
    for (given_name, family_name) in LEARNERS {
        let email = &format!("{}.{}@portal{id}.sandbox.example", given_name, family_name).to_lowercase();
        let new = NewUser { email, given_name, family_name, role: Role::Learner };
        user_account_ids.push(provisioner.user(id, new).await?.id.to_string());
    }
    Ok(Customer { credentials: credentials(provisioner, id).await?, user_account_ids })
}

async fn credentials(provisioner: &Provisioner, id: PortalId) -> Result<Credentials> {
    let client = provisioner.client(id, "Sandbox", Scopes::all()).await?;
    Ok(Credentials { portal_id: id.to_string(), client_id: client.id.to_string(), client_secret: client.secret })
}

impl Sandbox {
    /// The same for people.
    pub(crate) fn table(&self) -> impl std::fmt::Display {
        let customers = self
            .customers
            .iter()
            .map(|customer| ("customer", &customer.credentials, customer.user_account_ids.join(", ")));
        let portals = std::iter::once(("partner", &self.partner, String::new())).chain(customers);
        cli::output::rows(
            ["portal", "id", "client_id", "client_secret", "learners"],
            portals.map(|(kind, credentials, learners)| {
                let Credentials { portal_id, client_id, client_secret } = credentials.clone();
                [kind.to_owned(), portal_id, client_id, client_secret, learners]
            }),
        )
    }
}
