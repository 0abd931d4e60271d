//! `schoolbell companion`: the application that receives.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use domain::clock::Clock;
use domain::random::Random;

use crate::ambient::{SystemClock, SystemRandom};
use crate::config::Config;
use crate::config::companion::{CompanionSection, Hidden};
use crate::config::log::LogFormat;
use crate::data_folder;
use crate::observe;
use crate::serve::stop_on_signal;

/// Run the companion: receive webhooks, keep them, record completions, see to content that ends
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  schoolbell companion --data ./companion --platform-url http://127.0.0.1:8420 \\\n      \
        --secret 'MyS3cretK#y' --portals sandbox.json\n  schoolbell companion completions --companion http://127.0.0.1:8421"
)]
pub(crate) struct CompanionArgs {
    #[command(subcommand)]
    command: Option<cli::CompanionCommand>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(clap::Args)]
struct RunArgs {
    /// A TOML file; docs/schoolbell.toml names every key
    #[arg(long, value_name = "FILE", env = "SCHOOLBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The folder that holds the inbox [default: schoolbell-data]
    #[arg(long, value_name = "DIR", env = "SCHOOLBELL_DATA")]
    data: Option<PathBuf>,
    /// Where to receive webhooks [default: 127.0.0.1:8421]
    #[arg(long, value_name = "ADDR", env = "SCHOOLBELL_COMPANION_LISTEN")]
    listen: Option<SocketAddr>,
    /// Where the platform is [default: http://127.0.0.1:8420]
    #[arg(long, value_name = "URL", env = "SCHOOLBELL_URL")]
    platform_url: Option<String>,
    #[command(flatten)]
    credentials: CredentialArgs,
    /// Accept webhooks without a signature, from whoever knows the address
    #[arg(long)]
    accept_unsigned: bool,
    /// Send no notices of content that ends; `schoolbell retirement notices --dry-run` lists which would be sent
    #[arg(long)]
    dry_run_notices: bool,
    /// Lines for people or for programs [default: text]
    #[arg(long, value_enum, env = "SCHOOLBELL_LOG_FORMAT")]
    log_format: Option<LogFormat>,
    /// Which lines to log [default: info]
    #[arg(long, value_name = "FILTER", env = "SCHOOLBELL_LOG")]
    log: Option<String>,
}

/// What a companion proves itself by, and others to it.
#[derive(clap::Args)]
pub(crate) struct CredentialArgs {
    /// A secret of the companion's webhook; may be given more than once. Others on this machine can read flags: prefer the variable
    #[arg(long, value_name = "SECRET", env = "SCHOOLBELL_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Vec<String>,
    /// A JSON file with the credentials of portals: a list of {portal_id, client_id, client_secret}, or what `schoolbell
    /// sandbox --json` printed
    #[arg(long, value_name = "FILE", env = "SCHOOLBELL_PORTALS")]
    portals: Option<PathBuf>,
}

impl CredentialArgs {
    /// Adds them to what the file says.
    pub(crate) fn add_to(self, companion: &mut CompanionSection) -> Result<()> {
        if !self.secret.is_empty() {
            companion.secrets = self.secret.into_iter().map(Hidden).collect();
        }
        self.portals.map_or(Ok(()), |path| companion.add_portals(&path))
    }
}

impl RunArgs {
    fn config(self) -> Result<Config> {
        let mut config = Config::read(self.config.as_deref())?;
        config.data = self.data.or(config.data);
        let companion = &mut config.companion;
        companion.listen = self.listen.unwrap_or(companion.listen);
        if let Some(url) = self.platform_url {
            companion.platform_url = url;
        }
        self.credentials.add_to(companion)?;
        companion.accept_unsigned |= self.accept_unsigned;
        companion.retirement.dry_run_notices |= self.dry_run_notices;
        config.log.format = self.log_format.unwrap_or(config.log.format);
        config.log.filter = self.log.unwrap_or(config.log.filter);
        Ok(config)
    }
}

/// Runs until it is told to stop, or asks one that runs.
pub(crate) async fn run(args: CompanionArgs) -> Result<()> {
    if let Some(command) = args.command {
        return cli::companion(command, &mut std::io::stdout()).await;
    }
    let config = args.run.config()?;
    observe::log(&config.log)?;
    data_folder::make(config.data())?;
    let settings = config.companion.checked(config.data(), &config.mail)?;
    if settings.mail.is_none() {
        tracing::info!("nobody is told of content that ends: that takes [mail] and companion.retirement.public_url");
    }
    let listener = observe::listen(config.companion.listen, "webhooks").await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "receiving webhooks at http://{address}{}", settings.webhook_path);
    let clock = Arc::new(|| SystemClock.now());
    let random = Arc::new(|bytes: &mut [u8]| SystemRandom.fill(bytes));
    let config = companion::config::Config { settings, clock, random, steps: None };
    companion::serve(config, listener, stop_on_signal()?).await
}
