//! `schoolbell serve`: the platform.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::builder::BoolishValueParser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::ambient::SystemRandom;
use crate::config::Config;
use crate::config::delivery::PrivateNetworks;
use crate::config::log::LogFormat;
use crate::data_folder::{self, DataFolder};
use crate::observe;
use crate::platform::Platform;
use crate::playing;

/// Run the platform: the API and the delivery engine
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  schoolbell serve --data ./data --listen 127.0.0.1:8420 --allow-http --allow-private-networks"
)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
}

/// What the platform can be told by flags and variables; the rest is in the file.
#[derive(clap::Args)]
pub(crate) struct PlatformArgs {
    /// A TOML file; docs/schoolbell.toml names every key
    #[arg(long, value_name = "FILE", env = "SCHOOLBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The folder that holds the database and its key [default: schoolbell-data]
    #[arg(long, value_name = "DIR", env = "SCHOOLBELL_DATA")]
    data: Option<PathBuf>,
    /// The address of the API [default: 127.0.0.1:8420]
    #[arg(long, value_name = "ADDR", env = "SCHOOLBELL_LISTEN")]
    listen: Option<SocketAddr>,
    /// The address where learners play [default: that of the API, with a port two higher]
    #[arg(long, value_name = "ADDR", env = "SCHOOLBELL_PLAYER_LISTEN")]
    player_listen: Option<SocketAddr>,
    /// Where learners reach the player from outside, such as https://play.example.com [default: http:// and its address]
    #[arg(long, value_name = "URL", env = "SCHOOLBELL_PLAYER_URL")]
    player_url: Option<String>,
    /// The address of /metrics, for the operator only [default: none]
    #[arg(long, value_name = "ADDR", env = "SCHOOLBELL_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Let webhooks have http:// addresses
    #[arg(long, env = "SCHOOLBELL_ALLOW_HTTP", value_parser = BoolishValueParser::new())]
    allow_http: bool,
    /// Let webhooks lead to addresses that are not public: you vouch for the network
    #[arg(long, env = "SCHOOLBELL_ALLOW_PRIVATE_NETWORKS", value_parser = BoolishValueParser::new())]
    allow_private_networks: bool,
    /// Lines for people or for programs [default: text]
    #[arg(long, value_enum, env = "SCHOOLBELL_LOG_FORMAT")]
    log_format: Option<LogFormat>,
    /// Which lines to log, such as info or info,engine=debug [default: info]
    #[arg(long, value_name = "FILTER", env = "SCHOOLBELL_LOG")]
    log: Option<String>,
}

impl PlatformArgs {
    /// The configuration that comes of file, environment and flags.
    pub(crate) fn config(self) -> Result<Config> {
        let mut config = Config::read(self.config.as_deref())?;
        config.data = self.data.or(config.data);
        config.server.listen = self.listen.unwrap_or(config.server.listen);
        config.player.listen = self.player_listen.or(config.player.listen);
        config.player.public_url = self.player_url.or(config.player.public_url);
        config.server.metrics_listen = self.metrics_listen.or(config.server.metrics_listen);
        config.delivery.allow_http |= self.allow_http;
        if self.allow_private_networks {
            config.delivery.private_networks = PrivateNetworks::All;
        }
        config.log.format = self.log_format.unwrap_or(config.log.format);
        config.log.filter = self.log.unwrap_or(config.log.filter);
        Ok(config)
    }
}

/// Runs until it is told to stop.
pub(crate) async fn run(args: ServeArgs) -> Result<()> {
    let mut config = args.platform.config()?;
    observe::log(&config.log)?;
    let _lock = data_folder::lock(config.data())?;
    let folder = DataFolder::open(config.data(), &SystemRandom)?;
    let learners = playing::listen(&mut config).await?;
    let office = match config.hub.listen {
        Some(address) => Some(observe::listen(address, "Hub").await?),
        None => None,
    };
    let platform = Platform::new(&config, &folder)?.with_player_on(learners).with_hub_on(office);
    let listener = observe::listen(config.server.listen, "API").await?;
    let shutdown = stop_on_signal()?;
    if let Some(address) = config.server.metrics_listen {
        let address = observe::metrics(address, shutdown.clone()).await?;
        tracing::info!(%address, "metrics at http://{address}/metrics");
    }
    let address = listener.local_addr()?;
    tracing::info!(%address, data = %config.data().display(), "listening on http://{address}");
    let hub = config.hub.listen.unwrap_or(address);
    tracing::info!(%hub, "people look after it on http://{hub}/hub");
    let player = config.player.url(config.server.listen)?;
    tracing::info!(%player, "learners play on {player}");
    platform.run(listener, shutdown).await?;
    Ok(())
}

/// Signals that come so close together are taken for one.
const ONE_WISH_FOR: Duration = Duration::from_millis(300);

/// Cancelled by SIGTERM, SIGHUP or Ctrl-C; a second one ends the process at once.
pub(crate) fn stop_on_signal() -> Result<CancellationToken> {
    let mut signals = Signals::listen()?;
    let shutdown = CancellationToken::new();
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            signals.next().await;
            crash::point!("stop/asked");
            tracing::info!("stopping: finishing what is under way; ask again to end at once");
            shutdown.cancel();
            // Some programs send the signal to the process and to its group: that is one wish, not two.
            let echoes = async {
                loop {
                    signals.next().await;
                }
            };
            let _ = tokio::time::timeout(ONE_WISH_FOR, echoes).await;
            signals.next().await;
            std::process::exit(130);
        }
    });
    Ok(shutdown)
}

/// The signals that ask for a stop; which of them it is matters to nobody.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
