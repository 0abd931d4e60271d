//! What an operator makes without asking a portal: portals, people, content and credentials, straight in the store.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use domain::audit::{Action, Noted};
use domain::clock::Clock;
use domain::id::{AccountGuid, ClientId, ContentId, LearningObjectId, PortalId, UserAccountId};
use domain::learning_object::content::Content;
use domain::learning_object::{LearningObject, LifecycleState};
use domain::oauth::{OauthClient, Scopes};
use domain::password::{Cost, Password};
use domain::portal::{Portal, PortalDomain, PortalKind};
use domain::random::Random;
use domain::user_account::{EmailAddress, Role, UserAccount};
use store::Store;
use store::error::StoreError;
use store::id::Sequence;
use store::keyring::{CLIENT_SECRET, Keyring};
use store::page::PageRequest;
use store::user_account::UserAccountFilter;

use crate::ambient::{SystemClock, SystemRandom};
use crate::data_folder::DataFolder;
use crate::operator;

/// What provisioning works on.
pub(crate) struct Provisioner {
    /// Where it is stored.
    pub(crate) store: Arc<dyn Store>,
    /// What secrets are digested with.
    pub(crate) keyring: Arc<Keyring>,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// Where ids and secrets come from.
    pub(crate) random: Arc<dyn Random>,
}

/// A new portal.
pub(crate) struct NewPortal<'a> {
    /// What people call it.
    pub(crate) name: &'a str,
    /// Its host name.
    pub(crate) domain: &'a str,
    /// The partner above it; without one it is a partner itself.
    pub(crate) partner_id: Option<PortalId>,
    /// Where to reach its first administrator.
    pub(crate) administrator_email: &'a str,
}

/// Somebody new in a portal.
pub(crate) struct NewUser<'a> {
    /// Where to reach them.
    pub(crate) email: &'a str,
    /// Their given name.
    pub(crate) given_name: &'a str,
    /// Their family name.
    pub(crate) family_name: &'a str,
    /// What they may do.
    pub(crate) role: Role,
}

/// Credentials of a portal. The secret is nowhere else.
pub(crate) struct NewClient {
    /// Names the client.
    pub(crate) id: ClientId,
    /// Its secret.
    pub(crate) secret: String,
}

impl Provisioner {
    /// Works on an opened data folder, by the system's clock and randomness.
    pub(crate) fn on(folder: &DataFolder) -> Self {
        Provisioner {
            store: folder.store.clone(),
            keyring: folder.keyring.clone(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }

    /// Makes a portal with its first administrator.
    pub(crate) async fn portal(&self, new: NewPortal<'_>) -> Result<Portal> {
        if let Some(partner_id) = new.partner_id {
            let partner = self.find_portal(partner_id).await?;
            if partner.kind != PortalKind::Partner {
                bail!("portal {partner_id} is a customer, and customers have no customers");
            }
        }
        let now = self.clock.now();
        let portal = Portal {
            id: PortalId(self.store.next_id(Sequence::Portal).await?),
            version: 0,
            partner_id: new.partner_id,
            kind: if new.partner_id.is_some() { PortalKind::Customer } else { PortalKind::Partner },
            name: new.name.to_owned(),
            domain: PortalDomain::parse(new.domain)?,
            timezone: "UTC".to_owned(),
            country: None,
            industry: None,
            company_size: None,
            external_customer_id: None,
            child_enrollment_events: false,
            created_at: now,
            updated_at: now,
        };
        let administrator = NewUser {
            email: new.administrator_email,
            given_name: "Portal",
            family_name: "Administrator",
            role: Role::Administrator,
        };
        let portal = portal.create()?;
        let made = portal.after.clone();
        let administrator = self.account(made.id, administrator).await?.create()?;
        let noted = Noted::created(Action::PortalCreate, &portal.after, now);
        let noted = noted.with("user_account.id", administrator.after.id);
        let saved = operator::by(noted, self.store.save_new_portal(portal, administrator)).await;
        saved.map_err(|error| taken(error, new.domain))?;
        Ok(made)
    }

    /// Makes an account in a portal.
    pub(crate) async fn user(&self, portal_id: PortalId, new: NewUser<'_>) -> Result<UserAccount> {
        self.find_portal(portal_id).await?;
        let email = new.email.to_owned();
        let account = self.account(portal_id, new).await?.create()?;
        let made = account.after.clone();
        let noted = Noted::created(Action::UserAccountCreate, &made, made.created_at);
        operator::by(noted, self.store.save_user_account(account)).await.map_err(|error| taken(error, &email))?;
        Ok(made)
    }

    /// An account of a portal, by its address or its id.
    pub(crate) async fn find_user(&self, portal_id: PortalId, account: &str) -> Result<UserAccount> {
        self.find_portal(portal_id).await?;
        let found = match account.parse() {
            Ok(id) => self.store.find_user_account(portal_id, id).await?,
            Err(_) => {
                let filter = UserAccountFilter { email: Some(account.to_owned()), ..Default::default() };
                let first = PageRequest { limit: 1, offset: 0 };
                self.store.list_user_accounts(portal_id, &filter, first).await?.items.pop()
            }
        };
        found.with_context(|| format!("portal {portal_id} has no user account {account}"))
    }

    /// Sets the password with which somebody signs in to the Hub, and ends their sessions.
    pub(crate) async fn set_password(&self, account: &UserAccount, password: &Password) -> Result<()> {
        let now = self.clock.now();
        let hash = hub::password::hash(&self.keyring, &account.email, password, Cost::USUAL);
        let noted = Noted::done(Action::UserAccountPassword, account.portal_id, account.id, now);
        let noted = noted.named(Some(account.email.as_str()));
        operator::by(noted, self.store.save_password(account.portal_id, account.id, hash, now)).await?;
        Ok(())
    }

    /// Makes credentials of a portal, in the name of its oldest account, which is its first administrator.
    pub(crate) async fn client(&self, portal_id: PortalId, name: &str, scopes: Scopes) -> Result<NewClient> {
        self.find_portal(portal_id).await?;
        let oldest = PageRequest { limit: 1, offset: 0 };
        let accounts = self.store.list_user_accounts(portal_id, &UserAccountFilter::default(), oldest).await?;
        let account = accounts.items.first().with_context(|| format!("portal {portal_id} has no user account"))?;
        let secret = self.random.hex(40);
        let client = OauthClient {
            id: ClientId::draw(&*self.random),
            portal_id,
            user_account_id: account.id,
            name: name.to_owned(),
            redirect_uri: None,
            secret_digest: self.keyring.digest(CLIENT_SECRET, &secret),
            scopes,
            created_at: self.clock.now(),
            revoked_at: None,
        };
        let client = client.create()?;
        let id = client.id.clone();
        let noted = Noted::created(Action::OauthClientCreate, &client, client.created_at);
        operator::by(noted, self.store.save_oauth_client(client)).await?;
        Ok(NewClient { id, secret })
    }

    /// Makes a course that `owner_id` owns, and puts it into the libraries of `holders`.
    pub(crate) async fn course(&self, owner_id: PortalId, title: &str, holders: &[PortalId]) -> Result<LearningObject> {
        let now = self.clock.now();
        let lo = LearningObject {
            id: LearningObjectId(self.store.next_id(Sequence::LearningObject).await?),
            version: 0,
            content_id: ContentId::draw(&*self.random, now),
            owner_id,
            kind: "course".to_owned(),
            title: title.to_owned(),
            description: String::new(),
            external_id: None,
            language: None,
            topics: Vec::new(),
            replacements: Vec::new(),
            content: Some(Content::text(&sample_text(title))?),
            state: LifecycleState::Published,
            retirement: None,
            withdrawn_at: None,
            created_at: now,
            updated_at: now,
        };
        let lo = lo.create()?;
        let made = lo.after.clone();
        let noted = Noted::created(Action::LearningObjectCreate, &made, now);
        operator::by(noted, self.store.save_learning_object(lo)).await?;
        for holder in holders {
            let noted = Noted::done(Action::LibraryAdd, *holder, holder, now).with("lo", made.id);
            operator::by(noted, self.store.save_library_items(*holder, &[made.id], now)).await?;
        }
        Ok(made)
    }

    /// A portal that must be there.
    pub(crate) async fn find_portal(&self, id: PortalId) -> Result<Portal> {
        self.store.find_portal(id).await?.with_context(|| format!("there is no portal {id}"))
    }

    async fn account(&self, portal_id: PortalId, new: NewUser<'_>) -> Result<UserAccount> {
        let now = self.clock.now();
        Ok(UserAccount {
            id: UserAccountId(self.store.next_id(Sequence::UserAccount).await?),
            version: 0,
            portal_id,
            guid: AccountGuid::draw(&*self.random, now),
            email: EmailAddress::parse(new.email)?,
            given_name: new.given_name.to_owned(),
            family_name: new.family_name.to_owned(),
            username: new.email.to_owned(),
            roles: vec![new.role],
            active: true,
            external_user_id: None,
            created_at: now,
            updated_at: now,
        })
    }
}

/// Something to read where somebody only tries how it works.
fn sample_text(title: &str) -> String {
    format!(
        "This is a sample: *{title}* would be here.\n\n1. Read it.\n2. Say that you have finished.\n3. See that a webhook \
         tells your application of it."
    )
}

fn taken(error: StoreError, value: &str) -> anyhow::Error {
    match error {
        StoreError::Taken(what) => anyhow::anyhow!("the {what} {value} is taken"),
        error => error.into(),
    }
}
