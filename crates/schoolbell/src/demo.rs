//! `schoolbell demo`: the platform and the companion on this machine; a completion on its way between them, and content that ends.
//!
//! Nothing here is staged: the platform is the one that `serve` runs, the companion the one that `companion` runs, and they
//! meet over loopback only, through the public API.

mod application;
mod clock;
mod lms;
mod postbox;
mod print;
mod retirement;
mod show;
mod world;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use companion::Companion;
use companion::config::Settings;
use domain::clock::Clock;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ambient::{SystemClock, SystemRandom};
use crate::config::Config;
use crate::config::delivery::PrivateNetworks;
use crate::config::player::PlayerSection;
use crate::data_folder::{self, DataFolder};
use crate::observe;
use crate::platform::Platform;
use crate::playing;
use crate::provision::Provisioner;
use crate::sandbox::{self, Sandbox};
use crate::serve::stop_on_signal;
use lms::{Telling, Tenant, Told};
use print::Printer;
use retirement::Stage;
use show::{Show, Steps};
use world::{Learner, World};

/// How long one completion may take from the platform to the list before the demonstration gives up.
const COMPLETION_FOR: Duration = Duration::from_secs(30);
/// How long the pause between two completions is after the first round.
const PAUSE: Duration = Duration::from_secs(5);
/// How many steps of the companion may wait to be shown.
const STEPS_MAX: usize = 1_024;
/// How long a day takes on the clock that runs fast if somebody looks on: four months in ten seconds.
const DAY_MS: u64 = 80;

/// Show a completion on its way, from the platform to your application, and content that ends
///
/// Starts both on this machine, fills a data folder with a partner, two customers, learners and courses, registers one
/// webhook on the partner, and completes enrollments. Then goes through four months with content that ends, on a clock that
/// runs fast, from its flag to its removal. Stays up with a small stream of further completions.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell demo\n  schoolbell demo --exit --listen 127.0.0.1:0 --companion-listen 127.0.0.1:0"
)]
pub(crate) struct DemoArgs {
    /// End after both parts, with status 0 only if every completion was recorded exactly once, everybody was told in time, and
    /// what ended was removed before it did
    #[arg(long)]
    exit: bool,
    /// Print a JSON object on each line
    #[arg(long)]
    json: bool,
    /// How long a day takes on the clock that runs fast, in milliseconds [default: 80; with --exit 0]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    day_ms: Option<u64>,
    /// An empty folder to keep the data in [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address of the platform; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// The address of the companion; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8421")]
    companion_listen: SocketAddr,
    /// The address of the small LMS, a page to open in a browser [default: that of the companion, with a port two higher]
    #[arg(long, value_name = "ADDR")]
    lms_listen: Option<SocketAddr>,
}

/// Runs the demonstration.
pub(crate) async fn run(args: DemoArgs) -> Result<()> {
    // What goes wrong is worth reading; what goes well is shown.
    observe::log(&crate::config::log::LogSection { filter: "warn".to_owned(), ..Default::default() })?;
    for (address, flag) in [(args.listen, "--listen"), (args.companion_listen, "--companion-listen")] {
        if !address.ip().is_loopback() {
            bail!(
                "{flag} must be a loopback address such as 127.0.0.1:0: the demonstration opens what a platform must not"
            );
        }
    }
    let temporary =
        tempfile::Builder::new().prefix("schoolbell-demo-").tempdir().context("making a temporary folder")?;
    let data = args.data.clone().unwrap_or_else(|| temporary.path().to_owned());
    let platform_listener = observe::listen(args.listen, "platform (--listen)").await?;
    let companion_listener = observe::listen(args.companion_listen, "companion (--companion-listen)").await?;
    let lms_listen = args.lms_listen.unwrap_or_else(|| PlayerSection::derived_from(args.companion_listen));
    let lms_listener = observe::listen(lms_listen, "LMS (--lms-listen)").await?;
    let (platform_at, companion_at) = (platform_listener.local_addr()?, companion_listener.local_addr()?);
    // Another site than the player's, whose address is a number.
    let lms_url = format!("http://localhost:{}", lms_listener.local_addr()?.port());
    let mut config = config();
    config.server.listen = args.listen;
    let learners = playing::listen(&mut config).await?;

    let _lock = data_folder::lock(&data)?;
    let folder = DataFolder::open(&data, &SystemRandom)?;
    let provisioner = Provisioner::on(&folder);
    let sandbox = sandbox::fill(&provisioner).await?;
    let tenant = Tenant::make(&provisioner, &sandbox).await?;
    let print = Printer::new(args.json);
    let show = Show::new(&print, &sandbox);
    show.world(&sandbox);

    let shutdown = stop_on_signal()?;
    let platform = Platform::new(&config, &folder)?.with_player_on(learners);
    let platform = tokio::spawn(platform.run(platform_listener, shutdown.clone()));
    let secret = random_secret();
    let (steps, all_steps) = mpsc::channel(STEPS_MAX);
    let mut settings = companion_settings(&data, platform_at, &sandbox, &secret);
    settings.portals.push(tenant.portal());
    let clock = Arc::new(|| SystemClock.now());
    let random = Arc::new(|bytes: &mut [u8]| domain::random::Random::fill(&SystemRandom, bytes));
    let companion = Companion::open(companion::config::Config { settings, clock, random, steps: Some(steps) })?;
    let receiving = tokio::spawn({
        let (companion, shutdown) = (companion.clone(), shutdown.clone());
        async move { companion.serve(companion_listener, None, shutdown).await }
    });

    let world = World::new(&sandbox, platform_at)?;
    let (tell, told) = watch::channel(Told::new());
    let lms = tenant.install(world.partner(), &lms_url, told, shutdown.clone()).await?;
    tokio::spawn(gateway::serve::serve(lms_listener, lms, gateway::serve::Limits::default(), shutdown.clone()));
    let (onward, steps) = mpsc::channel(STEPS_MAX);
    let portal_id = tenant.portal_id().to_owned();
    let telling =
        Telling { portal_id, platform: tenant.client(world.partner()), companion: companion.clone(), told: tell };
    tokio::spawn(telling.run(all_steps, onward));

    show.playing(&config.player.url(config.server.listen)?, &lms_url);
    let addresses = (platform_at, companion_at);
    let mut play = Play { args: &args, show: &show, sandbox: &sandbox, companion: &companion, addresses, ending: None };
    let outcome = play.all(&world, steps, &secret, &print, &data, &shutdown).await;
    shutdown.cancel();
    if let Some(stage) = play.ending {
        stage.end().await?;
    }
    platform.await??;
    receiving.await??;
    outcome
}

/// The stage, the actors and the way out.
struct Play<'p> {
    args: &'p DemoArgs,
    show: &'p Show<'p>,
    sandbox: &'p Sandbox,
    companion: &'p Companion,
    addresses: (SocketAddr, SocketAddr),
    /// What was set up for the second part, once it was.
    ending: Option<Stage>,
}

impl Play<'_> {
    /// Both parts, and what goes on after them, until `shutdown`.
    async fn all(
        &mut self,
        world: &World,
        told: mpsc::Receiver<companion::step::Step>,
        secret: &str,
        print: &Printer,
        data: &Path,
        shutdown: &CancellationToken,
    ) -> Result<()> {
        let mut steps = self.show.steps(told);
        let completed = shutdown.run_until_cancelled(self.complete(world, &mut steps, secret)).await;
        if completed.transpose()?.is_none() {
            return self.interrupted();
        }
        // What was begun here is ended by whoever called: it must not be dropped half set up.
        let begins_at = retirement::BEGINS.parse()?;
        let stage = Stage::set(&data.join("retirement"), begins_at, shutdown.child_token()).await?;
        let stage = self.ending.insert(stage);
        let day_ms = self.args.day_ms.unwrap_or(if self.args.exit { 0 } else { DAY_MS });
        let played = retirement::play(stage, print, Duration::from_millis(day_ms));
        if shutdown.run_until_cancelled(played).await.transpose()?.is_none() {
            return self.interrupted();
        }
        if !self.args.exit {
            shutdown.run_until_cancelled(self.go_on(world, &mut steps)).await.transpose()?;
        }
        Ok(())
    }

    /// That it has ended early is a failure only for whoever wanted to know how it ends.
    fn interrupted(&self) -> Result<()> {
        if self.args.exit { bail!("interrupted before the end") } else { Ok(()) }
    }

    /// The first part: each learner completes, and that is recorded once.
    async fn complete(&self, world: &World, steps: &mut Steps<'_>, secret: &str) -> Result<()> {
        let (platform_at, companion_at) = self.addresses;
        self.show.started(platform_at, companion_at);
        let webhook = world.register(&format!("http://{companion_at}/webhooks"), secret).await?;
        self.show.registered(&webhook, self.sandbox);
        let mut completed = Vec::new();
        for learner in world.first_round() {
            completed.push(self.complete_one(world, steps, learner).await?);
        }
        check(self.companion, &completed).await?;
        self.show.counted(completed.len());
        Ok(())
    }

    async fn complete_one(&self, world: &World, steps: &mut Steps<'_>, learner: &Learner) -> Result<String> {
        let complete = async {
            let enrollment = world.complete(learner, self.show).await?;
            steps.follow(&enrollment).await?;
            anyhow::Ok(enrollment)
        };
        let done = timeout(COMPLETION_FOR, complete).await;
        done.context("a completion did not arrive in time: the log above may say why")?
    }

    /// A small stream of further completions, for ever.
    async fn go_on(&self, world: &World, steps: &mut Steps<'_>) -> Result<()> {
        let stage = self.ending.as_ref().context("the second part was played")?;
        let (platform_at, companion_at) = self.addresses;
        self.show.look_next(self.sandbox, platform_at, companion_at, &stage.companion_url);
        let complete = async {
            for learner in world.further_rounds() {
                tokio::time::sleep(PAUSE).await;
                self.complete_one(world, steps, &learner).await?;
            }
            Ok(())
        };
        tokio::select! {
            ended = complete => ended,
            () = stage.live_on() => Ok(()),
        }
    }
}

/// Every completion is in the list, and is there once.
async fn check(companion: &Companion, completed: &[String]) -> Result<()> {
    let mut recorded = Vec::new();
    let mut after = 0;
    loop {
        let page = companion.inbox().completions(after, companion::inbox::PAGE_MAX).await?;
        if page.completions.is_empty() {
            break;
        }
        after = page.next_cursor;
        recorded.extend(page.completions.into_iter().map(|completion| completion.enrollment_id));
    }
    let mut expected = completed.to_vec();
    expected.sort();
    recorded.sort();
    if recorded != expected {
        bail!("completed were the enrollments {expected:?}, but recorded are {recorded:?}");
    }
    Ok(())
}

/// The defaults, opened as far as loopback and no further.
fn config() -> Config {
    let mut config = Config::default();
    config.delivery.allow_http = true;
    config.delivery.private_networks = PrivateNetworks::Loopback;
    config
}

fn companion_settings(data: &Path, platform: SocketAddr, sandbox: &Sandbox, secret: &str) -> Settings {
    let mut settings = Settings::new(data.join("companion.db"), format!("http://{platform}"));
    settings.secrets = vec![secret.into()];
    settings.portals = sandbox
        .customers
        .iter()
        .map(|customer| {
            let of = &customer.credentials;
            companion::config::Portal::new(&of.portal_id, &of.client_id, &of.client_secret)
        })
        .collect();
    settings
}

fn random_secret() -> String {
    let random: &dyn domain::random::Random = &SystemRandom;
    random.alphanumeric(24)
}
