//! `schoolbell check`: what would run.

use std::io::Write;

use anyhow::{Context, Result};

use crate::ambient::SystemRandom;
use crate::data_folder::{self, DataFolder};
use crate::observe;
use crate::platform::Platform;
use crate::serve::PlatformArgs;

/// Say what would run, and whether it could: configuration, data folder, mail server, addresses
#[derive(clap::Args)]
#[command(after_help = "Example:\n  schoolbell check --config schoolbell.toml")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    platform: PlatformArgs,
    /// Print the effective configuration as JSON, secrets hidden
    #[arg(long)]
    json: bool,
}

/// Prints the configuration and checks all that can be checked without serving. A data folder that is not there is not made.
pub(crate) async fn run(args: CheckArgs) -> Result<()> {
    let config = args.platform.config()?;
    // Refused before it is shown: there may be a password in it.
    config.delivery.egress_proxy()?;
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
        config.limits.settings()?;
        config.delivery.engine()?;
        config.delivery.schedule()?;
        config.retention.events_kept_for()?;
        config.delivery.egress_proxy()?;
        eprintln!("data folder {}: not there yet, serve would make it", data.display());
    }
    if let Some(mailer) = config.mail.mailer()? {
        mailer.smtp.check().await.context("talking to the mail server")?;
        eprintln!("mail server {}: ready", config.mail.host.as_deref().unwrap_or_default());
    }
    drop(observe::listen(config.server.listen, "API").await?);
    eprintln!("address {}: free", config.server.listen);
    if let Some(address) = config.server.metrics_listen {
        drop(observe::listen(address, "metrics").await?);
        eprintln!("address {address}: free");
    }
    Ok(())
}
