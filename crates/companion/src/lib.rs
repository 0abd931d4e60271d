#![doc = include_str!("../README.md")]

pub mod completion;
pub mod config;
mod http;
pub mod inbox;
pub mod learner;
mod people;
mod portals;
mod reading;
mod retirement;
pub mod step;
mod tend;
mod worker;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use client::verify::Verifier;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

use crate::config::{Clock, Config, Random, Settings, SettingsError};
use crate::inbox::{Inbox, InboxError};
use crate::portals::Portals;
use crate::retirement::links::{LinkKey, TOKEN_BYTES};
use crate::retirement::rules::Rules;
use crate::step::Steps;
use crate::tend::Tender;
use crate::tend::remove::Hook;
use crate::worker::Worker;

/// A companion over its inbox. Clones are the same one.
#[derive(Clone)]
pub struct Companion {
    shared: Arc<Shared>,
    portals: Arc<Portals>,
}

/// What the receiver, the reader API and the worker have in common.
struct Shared {
    settings: Settings,
    verifier: Verifier,
    inbox: Inbox,
    clock: Clock,
    random: Random,
    rules: Rules,
    /// Where removals are asked for.
    hook: Option<Hook>,
    /// What links in mails are signed with, once it was read.
    link_key: OnceCell<LinkKey>,
    steps: Steps,
    /// Rung when something new is in the inbox. A ring that is lost costs seconds, never an event.
    bell: Notify,
    /// Rung when something new is known of content that ends.
    retirement_bell: Notify,
}

impl Shared {
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// What links are signed with: made on first use, and the same for ever.
    async fn link_key(&self) -> Result<&LinkKey, InboxError> {
        let make = async || {
            let mut fresh = vec![0; TOKEN_BYTES];
            (self.random)(&mut fresh);
            Ok(LinkKey::new(&self.inbox.link_key(fresh).await?))
        };
        self.link_key.get_or_try_init(make).await
    }
}

/// Why there is no companion.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot.
    #[error("opening the inbox {path:?}")]
    Inbox {
        /// Its file.
        path: std::path::PathBuf,
        /// Why not.
        source: InboxError,
    },
}

/// Receives on `listener` and works until `shutdown`, then finishes what it has begun, up to the limit in the settings.
///
/// The reader API is served on its own address if the settings name one, on `listener` otherwise.
///
/// # Errors
///
/// When the settings or the database cannot be used, or when the reader API would be open to a network without a token.
pub async fn serve(config: Config, listener: TcpListener, shutdown: CancellationToken) -> anyhow::Result<()> {
    let companion = Companion::open(config)?;
    let api = match companion.shared.settings.api_listen {
        None => None,
        Some(address) => {
            let bound = TcpListener::bind(address).await;
            Some(bound.with_context(|| format!("listening on {address} for the reader API (api_listen)"))?)
        }
    };
    companion.serve(listener, api, shutdown).await
}

impl Companion {
    /// Opens or makes the database and prepares for work; does none yet.
    ///
    /// # Errors
    ///
    /// When the settings or the database cannot be used.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let path = config.settings.database.clone();
        let inbox = Inbox::open(&path).map_err(|source| OpenError::Inbox { path, source })?;
        Ok(Companion::over(inbox, config)?)
    }

    /// A companion over an inbox that is open already.
    ///
    /// # Errors
    ///
    /// When the settings cannot be used.
    pub fn over(inbox: Inbox, config: Config) -> Result<Self, SettingsError> {
        let Config { settings, clock, random, steps } = config;
        settings.check()?;
        let verifier = settings.verifier()?;
        let portals = Arc::new(Portals::new(&settings)?);
        let steps = Steps::new(steps);
        let rules = Rules::new(&settings.retirement);
        let hook = Hook::new(&settings)?;
        let shared = Shared {
            settings,
            verifier,
            inbox,
            clock,
            random,
            rules,
            hook,
            link_key: OnceCell::new(),
            steps,
            bell: Notify::new(),
            retirement_bell: Notify::new(),
        };
        Ok(Companion { shared: Arc::new(shared), portals })
    }

    /// The inbox and what was recorded from it.
    pub fn inbox(&self) -> &Inbox {
        &self.shared.inbox
    }

    /// Like [`serve`], on listeners that are open already; without `api` the reader API shares the first.
    ///
    /// # Errors
    ///
    /// When the reader API would be open to a network without a token.
    pub async fn serve(
        &self,
        webhooks: TcpListener,
        api: Option<TcpListener>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let address = api.as_ref().unwrap_or(&webhooks).local_addr().context("asking for the address listened on")?;
        self.shared.settings.check_api_at(address)?;
        let listen = |listener, router| http::listen::listen(listener, router, &self.shared.settings.limits, &shutdown);
        match api {
            None => {
                tokio::join!(listen(webhooks, self.router()), self.work(shutdown.clone()));
            }
            Some(api) => {
                let receiver = listen(webhooks, http::receiver(&self.shared));
                tokio::join!(receiver, listen(api, http::api(&self.shared)), self.work(shutdown.clone()));
            }
        }
        Ok(())
    }

    /// The receiver and the reader API, for a program that serves them itself: then header timeouts and the number of
    /// connections are its business, and so is [`work`](Companion::work).
    pub fn router(&self) -> Router {
        http::receiver_and_api(&self.shared)
    }

    /// Fetches and records, and tends content that ends, until `shutdown`.
    pub async fn work(&self, shutdown: CancellationToken) {
        let (worker, tender) = (self.worker(), self.tender());
        tokio::join!(worker.run(&shutdown), tender.run(&shutdown));
    }

    /// Does everything that is due now about content that ends, once: has it removed, asks the platform about it, tells people.
    /// [`work_once`](Companion::work_once) is for completions.
    ///
    /// # Errors
    ///
    /// When the database cannot be read or written; what was not recorded stays due.
    pub async fn tend_once(&self) -> Result<(), InboxError> {
        self.tender().once().await
    }

    /// Fetches and records everything that is due now, once, and says how many entries that were.
    ///
    /// # Errors
    ///
    /// When the database cannot be read or written; what was not recorded stays due.
    pub async fn work_once(&self) -> Result<usize, InboxError> {
        self.worker().run_once().await
    }

    fn tender(&self) -> Tender {
        Tender::new(self.shared.clone(), self.portals.clone())
    }

    fn worker(&self) -> Worker {
        Worker::new(self.shared.clone(), self.portals.clone())
    }
}
