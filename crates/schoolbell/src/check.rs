//! `schoolbell check`: what would run.

use std::io::Write;

use anyhow::{Context, Result};

use crate::ambient::SystemRandom;
use crate::companion_command::CredentialArgs;
use crate::config::companion::CompanionSection;
use crate::config::player::PlayerSection;
use crate::data_folder::{self, DataFolder};
use crate::observe;
use crate::platform::Platform;
use crate::playing;
use crate::serve::PlatformArgs;

/// Say what would run, and whether it could: configuration, data folder, mail server, addresses; the companion too, if there is
/// anything about it
#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell check --config schoolbell.toml")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    platform: PlatformArgs,
    #[command(flatten)]
    companion: CredentialArgs,
    /// Print the effective configuration as JSON, secrets hidden
    #[arg(long)]
    json: bool,
}

/// Prints the configuration and checks all that can be checked without serving. A data folder that is not there is not made.
pub(crate) async fn run(args: CheckArgs) -> Result<()> {
    let mut config = args.platform.config()?;
    let has_companion = config.companion != CompanionSection::default();
    // Refused before it is shown: there may be a password in it.
    config.delivery.egress_proxy()?;
    if has_companion {
        args.companion.add_to(&mut config.companion)?;
        config.companion.checked(config.data(), &config.mail)?;
    }
    let shown = if args.json { serde_json::to_string_pretty(&config)? } else { toml::to_string_pretty(&config)? };
    writeln!(std::io::stdout(), "{shown}")?;
    config.log.lines()?;
    let data = config.data();
    if data_folder::database(data).exists() {
        let _lock = data_folder::lock(data)?;
        let folder = DataFolder::open_existing(data, &SystemRandom)?;
        let platform = Platform::new(&config, &folder)?;
        folder.store.check().await.context("writing to the database")?;
        eprintln!("data folder {}: ready, exchanges within {:?}", data.display(), platform.http().exchange_for);
    } else {
        config.server.check()?;
        config.player.public_url()?;
        config.limits.settings()?;
        config.delivery.engine()?;
        config.delivery.schedule()?;
        config.retention.events_kept_for()?;
        config.retention.audit_kept_for()?;
        config.delivery.egress_proxy()?;
        config.scorm.schemas()?;
        eprintln!("data folder {}: not there yet, serve would make it", data.display());
    }
    if let Some(mailer) = config.mail.mailer()? {
        mailer.smtp.check().await.context("talking to the mail server")?;
        eprintln!("mail server {}: ready", config.mail.host.as_deref().unwrap_or_default());
    }
    // Held while the next is tried: they must not be the same.
    let api = observe::listen(config.server.listen, "API").await?;
    eprintln!("address {}: free", config.server.listen);
    let derived = PlayerSection::derived_from(config.server.listen);
    let is_derived = config.player.listen.is_none();
    let learners = playing::listen(&mut config).await?;
    if is_derived && derived.port() != 0 && learners.local_addr()? != derived {
        eprintln!("player {derived}: taken, so any free port would do: set player.listen");
    } else {
        eprintln!("player {}: free, reached at {}", learners.local_addr()?, config.player.url(config.server.listen)?);
    }
    drop((api, learners));
    if let Some(address) = config.hub.listen {
        drop(observe::listen(address, "Hub").await?);
        eprintln!("address {address}: free, for the Hub");
    }
    if let Some(address) = config.server.metrics_listen {
        drop(observe::listen(address, "metrics").await?);
        eprintln!("address {address}: free");
    }
    if has_companion {
        check_companion(&config.companion).await?;
    }
    Ok(())
}

/// What of the companion is not said by its settings alone.
async fn check_companion(companion: &CompanionSection) -> Result<()> {
    // Both at once: they must not be the same.
    let _webhooks = observe::listen(companion.listen, "companion's webhooks (companion.listen)").await?;
    eprintln!("address {}: free", companion.listen);
    if let Some(address) = companion.api_listen {
        let _api = observe::listen(address, "companion's readers (companion.api_listen)").await?;
        eprintln!("address {address}: free");
    }
    eprintln!("companion: ready for {} portals", companion.portals.len());
    Ok(())
}
