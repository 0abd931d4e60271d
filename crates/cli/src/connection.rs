//! Which platform, as whom, and how to show what it answers: the arguments of every call.

use client::platform::Platform;
use client::platform::config::Config;

use crate::output::Output;

/// The arguments of a call that needs no more.
#[derive(clap::Args)]
pub struct Call {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    connection: Connection,
}

/// The arguments of a call that is about one thing.
#[derive(clap::Args)]
pub struct One {
    /// Its id, as lists and events have it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) call: Call,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Platform")]
struct Connection {
    /// Address of the platform
    #[arg(long, env = "SCHOOLBELL_URL", value_name = "URL")]
    url: String,
    /// OAuth client of the portal
    #[arg(long, env = "SCHOOLBELL_CLIENT_ID", value_name = "ID")]
    client_id: String,
    /// Secret of that client; better given in the environment, where other users do not see it
    #[arg(long, env = "SCHOOLBELL_CLIENT_SECRET", value_name = "SECRET", hide_env_values = true)]
    client_secret: String,
}

impl Call {
    pub(crate) fn platform(&self) -> anyhow::Result<Platform> {
        let Connection { url, client_id, client_secret } = &self.connection;
        Ok(Platform::new(Config::new(url, client_id, client_secret)?)?)
    }
}
