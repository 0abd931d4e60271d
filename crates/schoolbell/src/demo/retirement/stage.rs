//! What there is: a partner, two customers, courses, learners, one webhook, and everybody who waits for something.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use client::platform::Platform as Client;
use client::platform::config::Config as ClientConfig;
use client::platform::delivery::DeliveryFilter;
use client::platform::enrollment::Part;
use companion::Companion;
use companion::config::retirement::{Administrator, PortalNotices};
use companion::config::{MailSettings, Settings};
use companion::step::Step;
use contract::api::webhook::CreateWebhook;
use contract::event_type::EventType;
use domain::clock::Clock;
use domain::random::Random;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mail::message::Mailbox;
use mail::smtp::{SEND_FOR, Smtp, SmtpConfig, Tls};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ambient::SystemRandom;
use crate::data_folder::DataFolder;
use crate::demo::application::{self, Removal};
use crate::demo::clock::FastClock;
use crate::demo::postbox::{self, Letter};
use crate::platform::Platform;
use crate::playing;
use crate::provision::Provisioner;
use crate::sandbox::{self, CUSTOMERS, Credentials, Sandbox};

/// How long what was published may take to arrive, by other clocks than this.
const ARRIVAL_FOR: Duration = Duration::from_secs(30);
/// How long nothing may arrive until the clock goes on: tasks of the platform look once in a second of it.
const STILL_FOR: Duration = Duration::from_millis(100);
/// How often is looked whether the platform has recorded what arrived.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const TICK: SignedDuration = SignedDuration::from_secs(1);
/// How many steps of the companion may wait to be read.
const STEPS_MAX: usize = 1_024;
/// Who is told in each customer: what people call them.
const ADMINISTRATORS: [&str; 2] = ["Grace", "Ivan"];
/// What the partner's one webhook is told of.
const EVENT_TYPES: [EventType; 4] = [
    EventType::ContentDecommission,
    EventType::ContentDecommissionPending,
    EventType::ContentAdd,
    EventType::ContentRemove,
];

/// Platform, companion and everybody round them.
pub(in crate::demo) struct Stage {
    pub(super) clock: Arc<FastClock>,
    pub(super) sandbox: Sandbox,
    pub(super) partner: Client,
    pub(super) customers: Vec<Client>,
    pub(in crate::demo) companion_url: String,
    player_url: String,
    companion: Companion,
    steps: Receiver<Step>,
    letters: Receiver<Letter>,
    removals: Receiver<Removal>,
    http: reqwest::Client,
    over: CancellationToken,
    platform: JoinHandle<Result<engine::run::Stopped>>,
}

/// An event that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) event_type: String,
    pub(super) portal_id: String,
    event_id: String,
}

impl Stage {
    /// Sets everything up in `folder`, where the clock says `begins_at`.
    pub(in crate::demo) async fn set(folder: &Path, begins_at: Timestamp, over: CancellationToken) -> Result<Self> {
        let clock = Arc::new(FastClock::new(begins_at));
        let data = DataFolder::open(folder, &SystemRandom)?;
        let provisioner = Provisioner {
            store: data.store.clone(),
            keyring: data.keyring.clone(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
        };
        let sandbox = sandbox::fill(&provisioner).await?;
        let (platform_listener, platform_url) = listen().await?;
        let (companion_listener, companion_url) = listen().await?;
        let mut config = crate::demo::config();
        config.server.listen = platform_listener.local_addr()?;
        config.player.listen = Some((Ipv4Addr::LOCALHOST, 0).into());
        let learners = playing::listen(&mut config).await?;
        let player_url = config.player.url(config.server.listen)?;
        let platform = Platform::by(&config, &data, clock.clone(), clock.timer())?.with_player_on(learners);
        let platform = tokio::spawn(platform.run(platform_listener, over.clone()));

        let [secret, hook_secret] = [(); 2].map(|()| crate::demo::random_secret());
        let (mail_port, letters) = postbox::open(over.clone()).await?;
        let (hook_url, removals) = application::run(&hook_secret, clock.clone(), over.clone()).await?;
        let mut settings = Settings::new(folder.join("companion.db"), &platform_url);
        settings.secrets = vec![secret.as_str().into()];
        settings.portals = portals(&sandbox).map(credentials).collect();
        settings.mail = Some(mail(mail_port)?);
        settings.retirement.public_url = Some(companion_url.clone());
        settings.retirement.portals = told(&sandbox);
        settings.retirement.removal_hook_url = Some(hook_url);
        settings.retirement.removal_hook_secret = Some(hook_secret.into());
        let (tell, steps) = tokio::sync::mpsc::channel(STEPS_MAX);
        let now = clock.clone();
        let companion = Companion::open(companion::config::Config {
            settings,
            clock: Arc::new(move || now.now()),
            random: Arc::new(|bytes: &mut [u8]| SystemRandom.fill(bytes)),
            steps: Some(tell),
        })?;
        let app = companion.router();
        tokio::spawn(gateway::serve::serve(companion_listener, app, gateway::serve::Limits::default(), over.clone()));

        let Credentials { client_id, client_secret, .. } = &sandbox.partner;
        let partner = Client::new(ClientConfig::new(&platform_url, client_id, client_secret)?)?;
        let customers = sandbox.customers.iter().map(|customer| &customer.credentials);
        let customers = customers.map(|one| partner.with_credentials(&one.client_id, &one.client_secret)).collect();
        register(&partner, &format!("{companion_url}/webhooks"), &secret).await?;
        companion.tend_once().await?;
        let http = reqwest::Client::builder().no_proxy().timeout(ARRIVAL_FOR).build()?;
        Ok(Stage {
            clock,
            sandbox,
            partner,
            customers,
            companion_url,
            player_url,
            companion,
            steps,
            letters,
            removals,
            http,
            over,
            platform,
        })
    }

    /// Lets the clock go on to `at`, each day for so long, and says which day it is.
    pub(super) async fn go_to(&self, at: Timestamp, day_for: Duration, passing: impl Fn(Date)) {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        while !day_for.is_zero() && day(self.clock.now()) < day(at) {
            let Ok(tomorrow) = day(self.clock.now()).tomorrow() else { break };
            let Ok(midnight) = tomorrow.to_zoned(TimeZone::UTC) else { break };
            self.clock.go_to(midnight.timestamp());
            passing(tomorrow);
            tokio::time::sleep(day_for).await;
        }
        self.clock.go_to(at);
    }

    /// Waits until the companion has kept so many events, each by its first attempt, and the platform has recorded that. They come in the
    /// order of the portals.
    pub(super) async fn hear(&mut self, count: usize) -> Result<Vec<Arrived>> {
        let arrived = timeout(ARRIVAL_FOR, self.arrivals(count)).await;
        let mut arrived = arrived.context("an event did not arrive in time: the log above may say why")??;
        arrived.sort_by_key(|one| self.place(&one.portal_id));
        let recorded = timeout(ARRIVAL_FOR, self.recorded()).await;
        recorded.context("the platform does not record what was delivered")??;
        Ok(arrived)
    }

    async fn arrivals(&mut self, count: usize) -> Result<Vec<Arrived>> {
        let (mut verified, mut kept) = (Vec::new(), Vec::new());
        self.clock.go_on(TICK);
        while kept.len() < count {
            let step = match timeout(STILL_FOR, self.steps.recv()).await {
                Ok(step) => step.context("the companion has stopped")?,
                Err(_) => {
                    self.clock.go_on(TICK);
                    continue;
                }
            };
            match step {
                Step::Verified { event_id: Some(event_id), event_type, portal_id, attempt_number } => {
                    ensure!(attempt_number == Some(1), "event {event_id} took {attempt_number:?} attempts");
                    let (event_type, portal_id) = (event_type.unwrap_or_default(), portal_id.unwrap_or_default());
                    verified.push(Arrived { event_type, portal_id, event_id });
                }
                Step::Stored { event_id } => {
                    let one = verified.iter().find(|one| Some(&one.event_id) == event_id.as_ref());
                    kept.push(one.context("an event was kept that was not verified")?.clone());
                }
                Step::Refused { reason } => bail!("a webhook was refused: {reason}"),
                Step::Duplicate { event_id } => bail!("event {event_id:?} arrived twice"),
                _ => {}
            }
        }
        Ok(kept)
    }

    async fn recorded(&self) -> Result<()> {
        let open = DeliveryFilter { status: Some("open".to_owned()), ..DeliveryFilter::default() };
        while self.partner.deliveries(&open, Part { limit: 0, offset: 0 }).await?.total > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Has the companion do everything that is due now. Gives back what it had removed, and the letters that it sent.
    pub(super) async fn tend(&mut self) -> Result<(Vec<Removal>, Vec<Letter>)> {
        self.companion.tend_once().await?;
        // What it did is not of interest here: it shows in what others hear of it.
        while self.steps.try_recv().is_ok() {}
        let mut removals: Vec<Removal> = std::iter::from_fn(|| self.removals.try_recv().ok()).collect();
        removals.sort_by_key(|one| self.place(&one.portal_id));
        let mut letters: Vec<Letter> = std::iter::from_fn(|| self.letters.try_recv().ok()).collect();
        letters.sort();
        Ok((removals, letters))
    }

    /// What the player says to a learner who comes for this course.
    pub(super) async fn play(&self, lo_id: &str) -> Result<u16> {
        let url = format!("{}/play/{lo_id}", self.player_url);
        Ok(self.http.get(url).send().await.context("asking the player")?.status().as_u16())
    }

    /// What the companion's API has at `path`.
    pub(super) async fn get(&self, path: &str) -> Result<String> {
        let url = format!("{}{path}", self.companion_url);
        Ok(self.http.get(url).send().await?.error_for_status()?.text().await?)
    }

    /// The same as JSON.
    pub(super) async fn get_json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.get(path).await?)?)
    }

    /// The calendar of an administrator, at a new address.
    pub(super) async fn calendar(&self, email: &str) -> Result<String> {
        let url = format!("{}/retirements/calendars", self.companion_url);
        let made = self.http.post(url).json(&serde_json::json!({ "email": email })).send().await?.error_for_status()?;
        let made: Value = made.json().await?;
        let url = made["url"].as_str().context("a calendar has an address")?;
        Ok(self.http.get(url).send().await?.error_for_status()?.text().await?)
    }

    /// Where a portal stands among all.
    pub(super) fn place(&self, portal_id: &str) -> Option<usize> {
        portals(&self.sandbox).position(|one| one.portal_id == portal_id)
    }

    /// What people call a portal.
    pub(super) fn name(&self, portal_id: &str) -> &'static str {
        let customer = self.sandbox.customers.iter().position(|one| one.credentials.portal_id == portal_id);
        customer.map_or("the partner", |customer| CUSTOMERS[customer].0)
    }

    /// Lives on, as fast as others do, for ever.
    pub(in crate::demo) async fn live_on(&self) {
        tokio::join!(self.clock.run_on(), self.companion.work(self.over.clone()));
    }

    /// Ends everything.
    pub(in crate::demo) async fn end(self) -> Result<()> {
        self.over.cancel();
        // What is to end by the clock needs one that goes.
        tokio::select! {
            ended = self.platform => drop(ended??),
            () = self.clock.run_on() => {}
        }
        Ok(())
    }
}

/// Where an administrator of a customer is written to.
pub(super) fn administrator(customer: usize) -> String {
    format!("{}@{}", ADMINISTRATORS[customer].to_lowercase(), CUSTOMERS[customer].1)
}

/// On any port: nobody has to know it beforehand, so it cannot be taken.
async fn listen() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening on any port of 127.0.0.1")?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

fn portals(sandbox: &Sandbox) -> impl Iterator<Item = &Credentials> {
    std::iter::once(&sandbox.partner).chain(sandbox.customers.iter().map(|customer| &customer.credentials))
}

fn credentials(of: &Credentials) -> companion::config::Portal {
    companion::config::Portal::new(&of.portal_id, &of.client_id, &of.client_secret)
}

fn told(sandbox: &Sandbox) -> Vec<PortalNotices> {
    let utc = || "UTC".to_owned();
    let customers = sandbox.customers.iter().enumerate();
    let customers = customers.map(|(index, customer)| PortalNotices {
        portal_id: customer.credentials.portal_id.clone(),
        administrators: Some(vec![Administrator {
            name: ADMINISTRATORS[index].to_owned(),
            email: administrator(index),
            time_zone: utc(),
        }]),
        learner_notices: true,
        time_zone: utc(),
    });
    customers.collect()
}

fn mail(port: u16) -> Result<MailSettings> {
    let config = SmtpConfig {
        host: Ipv4Addr::LOCALHOST.to_string(),
        port,
        tls: Tls::None,
        credentials: None,
        hello: Ipv4Addr::LOCALHOST.to_string(),
        authorities: None,
        send_for: SEND_FOR,
    };
    let address = "bell@integrations.sandbox.example".parse().context("the address of the sender")?;
    Ok(MailSettings { smtp: Smtp::new(config)?, from: Mailbox { name: Some("Schoolbell".to_owned()), address } })
}

async fn register(partner: &Client, url: &str, secret: &str) -> Result<()> {
    let create = CreateWebhook {
        name: Some("My webhook for content that ends".to_owned()),
        url: Some(url.to_owned()),
        secret_key: Some(secret.to_owned()),
        event_types: Some(EVENT_TYPES.map(|event_type| event_type.to_string()).to_vec()),
        ..CreateWebhook::default()
    };
    partner.create_webhook(&create).await.context("registering the webhook")?;
    Ok(())
}
