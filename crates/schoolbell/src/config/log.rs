//! What is logged, and how.

use anyhow::{Result, anyhow};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// Section `[log]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    /// `text` for people, `json` for programs. Default: `text`.
    pub(crate) format: LogFormat,
    /// Which lines, in the form of `tracing`, such as `info` or `info,engine=debug`. Default: `info`.
    pub(crate) filter: String,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl LogSection {
    /// What [`LogSection::filter`] says.
    pub(crate) fn lines(&self) -> Result<EnvFilter> {
        // The error says all of its source itself: as its cause it would be printed twice.
        EnvFilter::try_new(&self.filter).map_err(|error| anyhow!("log.filter: {error}"))
    }
}

impl Default for LogSection {
    fn default() -> Self {
        LogSection { format: LogFormat::Text, filter: "info".to_owned() }
    }
}
