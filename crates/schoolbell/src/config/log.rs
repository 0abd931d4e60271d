//! What is logged, and how.

use serde::{Deserialize, Serialize};

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

impl Default for LogSection {
    fn default() -> Self {
        LogSection { format: LogFormat::Text, filter: "info".to_owned() }
    }
}
