//! `schoolbell demo`: the platform and the companion on this machine, and a completion on its way between them.
//!
//! Nothing here is staged: the platform is the one that `serve` runs, the companion the one that `companion` runs, and they
//! meet over loopback only, through the public API.

mod show;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use companion::Companion;
use companion::config::Settings;
use domain::clock::Clock;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ambient::{SystemClock, SystemRandom};
use crate::config::Config;
use crate::config::delivery::PrivateNetworks;
use crate::data_folder::{self, DataFolder};
use crate::observe;
use crate::platform::Platform;
use crate::provision::Provisioner;
use crate::sandbox::{self, Sandbox};
use crate::serve::stop_on_signal;
use show::Show;
use world::World;

/// How long one completion may take from the platform to the list before the demonstration gives up.
const COMPLETION_FOR: Duration = Duration::from_secs(30);
/// How long the pause between two completions is after the first round.
const PAUSE: Duration = Duration::from_secs(5);
/// How many steps of the companion may wait to be shown.
const STEPS_MAX: usize = 1_024;

/// Show a completion on its way, from the platform to your application
///
/// Starts both on this machine, fills a data folder with a partner, two customers, learners and courses, registers one
/// webhook on the partner, and completes enrollments. Stays up with a small stream of further completions.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell demo\n  schoolbell demo --exit --listen 127.0.0.1:0 --companion-listen 127.0.0.1:0"
)]
pub(crate) struct DemoArgs {
    /// End after the first round, with status 0 only if every completion was recorded exactly once
    #[arg(long)]
    exit: bool,
    /// An empty folder to keep the data in [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address of the platform; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8420")]
    listen: SocketAddr,
    /// The address of the companion; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8421")]
    companion_listen: SocketAddr,
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
    let (platform_at, companion_at) = (platform_listener.local_addr()?, companion_listener.local_addr()?);

    let _lock = data_folder::lock(&data)?;
    let folder = DataFolder::open(&data, &SystemRandom)?;
    let sandbox = sandbox::fill(&Provisioner::on(&folder)).await?;
    let show = Show::new(&sandbox);
    show.world(&sandbox);

    let shutdown = stop_on_signal()?;
    let platform = tokio::spawn(Platform::new(&config(), &folder)?.run(platform_listener, shutdown.clone()));
    let secret = random_secret();
    let (steps, told) = mpsc::channel(STEPS_MAX);
    let settings = companion_settings(&data, platform_at, &sandbox, &secret);
    let clock = Arc::new(|| SystemClock.now());
    let random = Arc::new(|bytes: &mut [u8]| domain::random::Random::fill(&SystemRandom, bytes));
    let companion = Companion::open(companion::config::Config { settings, clock, random, steps: Some(steps) })?;
    let receiving = tokio::spawn({
        let (companion, shutdown) = (companion.clone(), shutdown.clone());
        async move { companion.serve(companion_listener, None, shutdown).await }
    });

    let outcome = play(&args, &show, &sandbox, &companion, (platform_at, companion_at), &secret, told, &shutdown).await;
    shutdown.cancel();
    platform.await??;
    receiving.await??;
    outcome
}

#[expect(clippy::too_many_arguments, reason = "the stage, the actors and the way out, each used once")]
async fn play(
    args: &DemoArgs,
    show: &Show,
    sandbox: &Sandbox,
    companion: &Companion,
    (platform_at, companion_at): (SocketAddr, SocketAddr),
    secret: &str,
    told: mpsc::Receiver<companion::step::Step>,
    shutdown: &CancellationToken,
) -> Result<()> {
    let world = World::new(sandbox, platform_at)?;
    show.started(platform_at, companion_at);
    let webhook = world.register(&format!("http://{companion_at}/webhooks"), secret).await?;
    show.registered(&webhook, sandbox);
    let mut steps = show.steps(told);
    let mut completed = Vec::new();
    for learner in world.first_round() {
        let complete = async {
            let enrollment = world.complete(learner, show).await?;
            steps.follow(&enrollment).await?;
            anyhow::Ok(enrollment)
        };
        let Some(done) = shutdown.run_until_cancelled(timeout(COMPLETION_FOR, complete)).await else { return Ok(()) };
        completed.push(done.context("a completion did not arrive in time: the log above may say why")??);
    }
    check(companion, &completed).await?;
    show.counted(completed.len());
    if args.exit {
        return Ok(());
    }
    show.look_next(sandbox, platform_at, companion_at);
    for learner in world.further_rounds() {
        let pause = tokio::time::sleep(PAUSE);
        if shutdown.run_until_cancelled(pause).await.is_none() {
            break;
        }
        let complete = async {
            let enrollment = world.complete(learner, show).await?;
            steps.follow(&enrollment).await
        };
        match shutdown.run_until_cancelled(timeout(COMPLETION_FOR, complete)).await {
            Some(done) => done.context("a completion did not arrive in time: the log above may say why")??,
            None => break,
        }
    }
    Ok(())
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

fn companion_settings(data: &std::path::Path, platform: SocketAddr, sandbox: &Sandbox, secret: &str) -> Settings {
    let mut settings = Settings::new(data.join("companion.db"), format!("http://{platform}"));
    settings.secrets = vec![secret.into()];
    settings.portals = sandbox
        .customers
        .iter()
        .map(|customer| companion::config::Portal {
            portal_id: customer.credentials.portal_id.clone(),
            client_id: customer.credentials.client_id.clone(),
            client_secret: customer.credentials.client_secret.as_str().into(),
        })
        .collect();
    settings
}

fn random_secret() -> String {
    let random: &dyn domain::random::Random = &SystemRandom;
    random.alphanumeric(24)
}
